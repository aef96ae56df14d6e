"""Cost functions: the output layer, the cost of an example, and the output error δ^L = ∂C/∂z^L.

The last two axes of every array are (units, examples). Costs are computed from z rather than from
a = σ(z): σ(z) rounds to 0 or 1 long before z overflows, and ln 0 would follow; from z a cost is
finite wherever it is a number of the precision at all, in float32 too.
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

    - `output(z)` replaces z, shape (…, n, B), by the output activations a.
    - `value(z, y)` is the cost of each example, shape (…, B); y are the targets, (…, n, B).
    - `error(a, y, scratch)` replaces a by the output error δ^L = ∂C_x/∂z^L (eq. BP1).
    """

    name: str
    output_name: str
    output: Callable[[Array], None]
    value: Callable[[Array, Array], Array]
    error: Callable[[Array, Array, Array], None]


def softmax(z: Array) -> None:
    """a_j = e^(z_j) / Σ_k e^(z_k) (eq. 78), in place over the axis of the units.

    The greatest z is subtracted first: softmax does not change, and e^z cannot overflow.
    """
    np.subtract(z, np.maximum.reduce(z, axis=-2, keepdims=True), out=z)
    np.exp(z, out=z)
    np.divide(z, np.add.reduce(z, axis=-2, keepdims=True), out=z)


def quadratic(z: Array, y: Array) -> Array:
    """C_x = ½ ‖y − a‖² (eq. 54, and 26 for several outputs)."""
    a = z.copy()
    with np.errstate(over="ignore"):
        sigmoid(a)
    np.subtract(a, y, out=a)
    np.multiply(a, a, out=a)
    cost: Array = np.add.reduce(a, axis=-2)
    return np.multiply(cost, 0.5, out=cost)


def quadratic_error(a: Array, y: Array, scratch: Array) -> None:
    """δ^L = (a − y) σ′(z) (eq. 55, 56): the factor σ′(z) is the learning slowdown."""
    sigmoid_derivative(a, scratch)
    np.subtract(a, y, out=a)
    np.multiply(a, scratch, out=a)


def crossentropy(z: Array, y: Array) -> Array:
    """C_x = −Σ_j [y_j ln a_j + (1 − y_j) ln(1 − a_j)] (eq. 57, 63).

    With a = σ(z), ln a = z − ln(1 + e^z) and ln(1 − a) = −ln(1 + e^z), so that the sum is
    Σ_j [ln(1 + e^(z_j)) − y_j z_j], and ln(1 + e^z) = ln(1 + e^(−|z|)) + max(z, 0) cannot overflow.
    """
    terms = np.abs(z)
    np.negative(terms, out=terms)
    np.exp(terms, out=terms)
    np.log1p(terms, out=terms)
    # max(z, 0) − y z is exact for y of 0 or 1, and 0 where the output is right: first of all, so
    # that a small cost is not lost beside a large z.
    np.add(terms, np.maximum(z, 0.0) - y * z, out=terms)
    cost: Array = np.add.reduce(terms, axis=-2)
    return cost


def plain_error(a: Array, y: Array, scratch: Array) -> None:
    """δ^L = a − y (eq. 66 for cross-entropy, eq. 82 for log-likelihood): no slowdown."""
    np.subtract(a, y, out=a)


def loglikelihood(z: Array, y: Array) -> Array:
    """C_x = −ln a_y with softmax outputs (eq. 80): ln Σ_k e^(z_k) − z_y."""
    top: Array = np.maximum.reduce(z, axis=-2, keepdims=True)
    shifted = z - top
    target = np.add.reduce(shifted * y, axis=-2)
    np.exp(shifted, out=shifted)
    cost: Array = np.log(np.add.reduce(shifted, axis=-2))
    return np.subtract(cost, target, out=cost)


QUADRATIC = Cost("quadratic", "sigmoid", sigmoid, quadratic, quadratic_error)
CROSSENTROPY = Cost("crossentropy", "sigmoid", sigmoid, crossentropy, plain_error)
LOGLIKELIHOOD = Cost("loglikelihood", "softmax", softmax, loglikelihood, plain_error)

COSTS = {c.name: c for c in (CROSSENTROPY, QUADRATIC, LOGLIKELIHOOD)}
