"""The step of mini-batch stochastic gradient descent: one rule for all variants.

    v ← μ v − η ∇C        w ← w + v        C = C₀ + (λ/2n) Σ w² + (λ₁/n) Σ |w|

`init` and `update` are a stateless pair: what a step needs to know of the last one is the velocity
v, which it is given and gives back. `average` follows the steps from outside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.nn.parameters import Array, Parameters
from nnexp.nn.regularizers import Regularization, decayed, limit_norm, pull


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
    nesterov: bool = False
    """The gradient is taken where the velocity will have carried the weights."""


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

    With Nesterov's momentum (Sutskever et al. 2013, "On the importance of initialization and
    momentum in deep learning", eq. 3, 4) the gradient is that of w + μ v. The parameters here are
    that point, so that network and gradient belong together, and it moves by μ v′ + (v′ − μ v):

        v′ ← μ v − η ∇C        w ← w − μ v + (1 + μ) v′
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
    decay = descent.eta * r.decay / descent.n
    weights = [
        limit_norm(_moved(w, before, v, decay, descent), r.max_norm)
        for w, before, v in zip(parameters.weights, velocity.weights, vw, strict=True)
    ]
    biases = [
        _moved(b, before, v, decay if r.biases else 0.0, descent)
        for b, before, v in zip(parameters.biases, velocity.biases, vb, strict=True)
    ]
    return Parameters(tuple(weights), tuple(biases)), Parameters(tuple(vw), tuple(vb))


def average(mean: Parameters, parameters: Parameters, beta: float) -> Parameters:
    """w̄ ← w̄ + (1 − β)(w − w̄): the exponential moving average of the weights after a step.

    Averaging along the way (Polyak & Juditsky 1992), with weights that fade as Adam's do; w̄ begins
    at the untrained weights. The network that is evaluated and kept has w̄; the steps go on from w.
    """

    def follow(means: tuple[Array, ...], values: tuple[Array, ...]) -> tuple[Array, ...]:
        return tuple(
            m + m.dtype.type(1.0 - beta) * (w - m) for m, w in zip(means, values, strict=True)
        )

    return Parameters(
        follow(mean.weights, parameters.weights), follow(mean.biases, parameters.biases)
    )


def _moved(w: Array, before: Array, v: Array, decay: float, descent: Descent) -> Array:
    """w ← w + v (eq. 108), or Nesterov's step; decoupled decay beside it."""
    w = decayed(w, decay)
    if not descent.nesterov:
        return w + v
    momentum = w.dtype.type(descent.momentum)
    moved: Array = w - momentum * before + (1 + momentum) * v
    return moved


def _velocity(v: Array, data: Array, w: Array, descent: Descent, r: Regularization) -> Array:
    """v ← μ v − η ∇C (eq. 107), with the gradient of the data cost and that of the penalty."""
    # In the precision of w: a NumPy float64 among float32 arrays would make all of them float64.
    eta, momentum = w.dtype.type(descent.eta), w.dtype.type(descent.momentum)
    moved: Array = momentum * v - eta * (data + pull(w, r, descent.n))
    return moved
