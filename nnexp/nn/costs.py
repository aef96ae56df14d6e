"""Cost functions: the output layer, the cost of an example, and the output error δ^L = ∂C/∂z^L.

Arrays have the shape (units, examples). Costs are computed from z rather than from a = σ(z):
σ(z) rounds to 0 or 1 long before z overflows, and ln 0 would follow; from z a cost is finite
wherever it is a number of the precision at all, in float32 too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnexp.nn.activations import sigmoid, sigmoid_derivative
from nnexp.nn.parameters import Array


@dataclass(frozen=True)
class Cost:
    """A cost function with the output layer it goes with.

    - `output(z)` is the output activations a^L (n, B) of the weighted inputs z^L (n, B).
    - `value(z, y)` is the cost C_x of each example (B,), given z^L; y are the targets (n, B).
    - `error(a, y)` is the output error δ^L = ∂C_x/∂z^L (n, B) (eq. BP1), given a^L.

    All give new arrays of the precision of z or a; y must have the same.
    """

    name: str
    output_name: str
    output: Callable[[Array], Array]
    value: Callable[[Array, Array], Array]
    error: Callable[[Array, Array], Array]


def softmax(z: Array) -> Array:
    """a_j = e^(z_j) / Σ_k e^(z_k) (eq. 78).

    The greatest z is subtracted first: softmax does not change, and e^z cannot overflow.
    """
    e = np.exp(z - np.max(z, axis=0))
    a: Array = e / np.sum(e, axis=0)
    return a


def quadratic(z: Array, y: Array) -> Array:
    """C_x = ½ ‖y − a‖² (eq. 54, and 27 for several outputs)."""
    cost: Array = np.sum((y - sigmoid(z)) ** 2, axis=0) / 2.0
    return cost


def quadratic_error(a: Array, y: Array) -> Array:
    """δ^L = (a − y) σ′(z) (eq. 30; 55, 56 of one neuron), whose σ′(z) is the learning slowdown."""
    return (a - y) * sigmoid_derivative(a)


def crossentropy(z: Array, y: Array) -> Array:
    """C_x = −Σ_j [y_j ln a_j + (1 − y_j) ln(1 − a_j)] (eq. 57, 63).

    With a = σ(z), ln a = z − ln(1 + e^z) and ln(1 − a) = −ln(1 + e^z), so that the sum is
    Σ_j [ln(1 + e^(z_j)) − y_j z_j], and ln(1 + e^z) = ln(1 + e^(−|z|)) + max(z, 0) cannot overflow.
    """
    # max(z, 0) − y z is exact for y of 0 or 1, and 0 where the output is right: first of all, so
    # that a small cost is not lost beside a large z.
    cost: Array = np.sum((np.maximum(z, 0.0) - y * z) + np.log1p(np.exp(-np.abs(z))), axis=0)
    return cost


def loglikelihood(z: Array, y: Array) -> Array:
    """C_x = −ln a_y with softmax outputs (eq. 80): ln Σ_k e^(z_k) − z_y."""
    shifted = z - np.max(z, axis=0)
    cost: Array = np.log(np.sum(np.exp(shifted), axis=0)) - np.sum(y * shifted, axis=0)
    return cost


def plain_error(a: Array, y: Array) -> Array:
    """δ^L = a − y (eq. 66 for cross-entropy, eq. 84 for log-likelihood): no slowdown."""
    return a - y


def smoothed(y: Array, smoothing: float) -> Array:
    """y ← (1 − ε) y + ε / K: targets (K, B) of K classes that leave the others a little.

    Label smoothing (Szegedy et al. 2016, "Rethinking the Inception architecture", section 7). Only
    the steps see such targets: costs are measured against the labels. Not in the chapter.
    """
    if not smoothing:
        return y
    off, on = smoothed_targets(len(y), smoothing)
    return np.where(y > 0, y.dtype.type(on), y.dtype.type(off))


def smoothed_targets(classes: int, smoothing: float) -> tuple[float, float]:
    """What 0 and 1 become: ε/K and 1 − ε + ε/K."""
    off = smoothing / classes
    return off, 1.0 - smoothing + off


CROSSENTROPY = Cost("crossentropy", "sigmoid", sigmoid, crossentropy, plain_error)
QUADRATIC = Cost("quadratic", "sigmoid", sigmoid, quadratic, quadratic_error)
LOGLIKELIHOOD = Cost("loglikelihood", "softmax", softmax, loglikelihood, plain_error)

COSTS: dict[str, Cost] = {c.name: c for c in (CROSSENTROPY, QUADRATIC, LOGLIKELIHOOD)}
"""By name; `nnexp.register` adds a user's own behind these."""
