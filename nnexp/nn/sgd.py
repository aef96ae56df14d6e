"""The step of mini-batch stochastic gradient descent: one rule for all variants.

    v ← μ v − η ∇C        w ← w + v        C = C₀ + (λ/2n) Σ w² + (λ₁/n) Σ |w|

`init` and `update` are a stateless pair: what a step needs to know of the last one is the velocity
v, which it is given and gives back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn.parameters import Array, Parameters
from nnexp.nn.regularizers import Regularization, limit_norm, pull


@dataclass(frozen=True)
class Descent:
    """What the steps of a run have in common."""

    eta: float
    """The learning rate η."""
    momentum: float
    """The momentum co-efficient μ of eq. 107; 0 is plain descent."""
    regularization: Regularization
    n: int
    """The size of the training set, by which the penalties are divided."""


def init(parameters: Parameters) -> Parameters:
    """The velocities at rest: zeros in the shapes and precision of the parameters."""
    return Parameters(
        tuple(np.zeros_like(w) for w in parameters.weights),
        tuple(np.zeros_like(b) for b in parameters.biases),
    )


def update(
    gradient: Parameters, velocity: Parameters, parameters: Parameters, descent: Descent
) -> tuple[Parameters, Parameters]:
    """One step: the new parameters and the new velocities, in the precision of the parameters.

    `gradient` is that of the mean data cost over the mini-batch (`nn.network.backward`). With
    μ = 0 the step is w ← w − η ∇C (eq. 20, 21), that is

        w ← (1 − ηλ/n) w − η ∂C₀/∂w       (L2, eq. 93)
        w ← w − (ηλ₁/n) sgn(w) − η ∂C₀/∂w  (L1, eq. 97)

    Max-norm then scales down the weights that the step has made too large.
    """
    r = descent.regularization
    none = Regularization()
    vw = [
        _velocity(v, g, w, descent, r)
        for v, g, w in zip(velocity.weights, gradient.weights, parameters.weights, strict=True)
    ]
    vb = [
        _velocity(v, g, b, descent, r if r.biases else none)
        for v, g, b in zip(velocity.biases, gradient.biases, parameters.biases, strict=True)
    ]
    weights = [limit_norm(w + v, r.max_norm) for w, v in zip(parameters.weights, vw, strict=True)]
    biases = [b + v for b, v in zip(parameters.biases, vb, strict=True)]  # eq. 108: w ← w + v
    return Parameters(tuple(weights), tuple(biases)), Parameters(tuple(vw), tuple(vb))


def _velocity(v: Array, data: Array, w: Array, descent: Descent, r: Regularization) -> Array:
    """v ← μ v − η ∇C (eq. 107), with the gradient of the data cost and that of the penalty."""
    # In the precision of w: a NumPy float64 among float32 arrays would make all of them float64.
    eta, momentum = w.dtype.type(descent.eta), w.dtype.type(descent.momentum)
    moved: Array = momentum * v - eta * (data + pull(w, r.l2, r.l1, descent.n))
    return moved
