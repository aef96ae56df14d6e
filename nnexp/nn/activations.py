"""Activation functions of the hidden units, each beside its derivative.

A derivative is given both the weighted input z and the activation a = f(z), whichever is easier:
the chapter's are written in terms of a.

Recorded models carry this file (`record.serving`), so it needs NumPy alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nnexp.nn.parameters import Array


@dataclass(frozen=True)
class Activation:
    """An activation function and its derivative.

    `function(z)` is f(z); `derivative(z, a)` is f′(z), given z and a = f(z). Both work elementwise
    on any shape and give a new array of their input's precision.
    """

    name: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]


def sigmoid(z: Array) -> Array:
    """σ(z) = 1 / (1 + e^(−z)) (eq. 3)."""
    # e^(−z) may overflow to infinity, which gives the right limit 0.
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-z))


def sigmoid_derivative(a: Array) -> Array:
    """σ′(z) = σ(z)(1 − σ(z)) = a(1 − a), the exercise between eq. 60 and 61."""
    return a * (1.0 - a)


def tanh(z: Array) -> Array:
    """tanh(z) = (e^z − e^(−z)) / (e^z + e^(−z)) (eq. 109, 110)."""
    return np.tanh(z)


def tanh_derivative(a: Array) -> Array:
    """tanh′(z) = 1 − tanh(z)² = 1 − a²."""
    return 1.0 - a * a


def relu(z: Array) -> Array:
    """max(0, z) (eq. 112)."""
    return np.maximum(z, 0.0)


def relu_derivative(a: Array) -> Array:
    """1 where z > 0, else 0 (0 at z = 0, where any value in [0, 1] is a subgradient)."""
    return np.greater(a, 0.0).astype(a.dtype)


SIGMOID = Activation("sigmoid", sigmoid, lambda z, a: sigmoid_derivative(a))
TANH = Activation("tanh", tanh, lambda z, a: tanh_derivative(a))
RELU = Activation("relu", relu, lambda z, a: relu_derivative(a))

ACTIVATIONS: dict[str, Activation] = {f.name: f for f in (SIGMOID, TANH, RELU)}
"""By name; `nnexp.register` adds a user's own behind these."""
