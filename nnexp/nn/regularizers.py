"""Regularizers: what is added to the cost, and what that does to the weights in a step.

They act on weights only, never on biases, unless that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np

from nnexp.nn.parameters import Array, Parameters


@dataclass(frozen=True)
class Regularization:
    """The coefficients of all regularizers; those not in use are 0, or infinity for a limit."""

    l2: float = 0.0
    """λ of eq. 85."""
    l1: float = 0.0
    """λ of eq. 95."""
    decay: float = 0.0
    """λ of decoupled weight decay."""
    max_norm: float = inf
    """The greatest norm of a unit's incoming weights."""
    biases: bool = False
    """L2, L1 and decay act on the biases too."""
    own: str = ""
    """Name of a regularizer of a user's own (`OWN`), with the coefficient λ in `own_lmbda`."""
    own_lmbda: float = 0.0


@dataclass(frozen=True)
class Penalty:
    """A regularizer of a user's own: it adds (λ/n) Σ p(w) to the cost.

    `value(w)` is p(w), `derivative(w)` p′(w), both elementwise on any shape.
    """

    value: Callable[[Array], Array]
    derivative: Callable[[Array], Array]


OWN: dict[str, Penalty] = {}
"""By the names that `nnexp.register` gave them."""


def squares(parameters: Parameters, biases: bool = False) -> float:
    """Σ w² over all layers, in float64; with `biases` over them too."""
    return sum(float(np.sum(np.square(w, dtype=np.float64))) for w in _acted_on(parameters, biases))


def magnitudes(parameters: Parameters, biases: bool = False) -> float:
    """Σ |w| over all layers, in float64; with `biases` over them too."""
    return sum(float(np.sum(np.abs(w), dtype=np.float64)) for w in _acted_on(parameters, biases))


def own_penalties(parameters: Parameters, r: Regularization) -> float:
    """Σ p(w) over all layers, in float64, of a regularizer of a user's own; 0 without one."""
    if not r.own:
        return 0.0
    value = OWN[r.own].value
    return sum(float(np.sum(value(w.astype(np.float64)))) for w in _acted_on(parameters, r.biases))


def penalty(parameters: Parameters, regularization: Regularization, n: int) -> float:
    """(λ/2n) Σ w² (eq. 85, 87) + (λ₁/n) Σ |w| (eq. 95), added to the mean data cost.

    n is the size of the training set.
    """
    r = regularization
    return r.l2 / (2 * n) * squares(parameters, r.biases) + r.l1 / n * magnitudes(
        parameters, r.biases
    )


def pull(w: Array, r: Regularization, n: int) -> Array:
    """The penalty's gradient (λ/n) w (eq. 88) + (λ₁/n) sgn(w) (eq. 96), where sgn(0) = 0.

    Of a regularizer of a user's own (λ/n) p′(w).
    """
    number = w.dtype.type
    gradient: Array = number(r.l2 / n) * w
    if r.own:
        gradient = gradient + number(r.own_lmbda / n) * OWN[r.own].derivative(w)
    return gradient + number(r.l1 / n) * np.sign(w) if r.l1 else gradient


def decayed(w: Array, amount: float) -> Array:
    """w ← (1 − ηλ/n) w, for `amount` = ηλ/n: what decoupled weight decay does beside the step.

    Loshchilov & Hutter 2019, "Decoupled weight decay regularization", algorithm 1: no term of the
    cost, so that the velocity does not gather it. Without momentum it is L2. Not in the chapter.
    """
    less: Array = w - w.dtype.type(amount) * w
    return less if amount else w


def limit_norm(w: Array, max_norm: float) -> Array:
    """Scale each unit's incoming weights, a row of w, down to `max_norm` where they exceed it.

    Max-norm (Srebro & Shraibman 2005; with dropout, Srivastava et al. 2014): a projection after
    the step instead of a term in the cost. Not part of the chapter.
    """
    if max_norm == inf:
        return w
    norms = np.sqrt(np.sum(w * w, axis=1, keepdims=True))
    limit = w.dtype.type(max_norm)
    limited: Array = w * (limit / np.maximum(norms, limit))
    return limited


def _acted_on(parameters: Parameters, biases: bool) -> tuple[Array, ...]:
    return parameters.weights + (parameters.biases if biases else ())


REGULARIZERS: dict[str, Callable[..., Regularization]] = {
    "none": lambda lmbda, lmbda_l1, max_norm, biases: Regularization(),
    "l2": lambda lmbda, lmbda_l1, max_norm, biases: Regularization(l2=lmbda, biases=biases),
    "l1": lambda lmbda, lmbda_l1, max_norm, biases: Regularization(l1=lmbda, biases=biases),
    "elastic": lambda lmbda, lmbda_l1, max_norm, biases: Regularization(
        l2=lmbda, l1=lmbda_l1, biases=biases
    ),
    "decoupled": lambda lmbda, lmbda_l1, max_norm, biases: Regularization(
        decay=lmbda, biases=biases
    ),
    "maxnorm": lambda lmbda, lmbda_l1, max_norm, biases: Regularization(max_norm=max_norm),
}
"""By name: (lmbda, lmbda_l1, max_norm, biases) → the coefficients; each takes what is its own."""
