"""Activation functions of the hidden units, each beside its derivative.

A derivative is written in terms of the activation a = f(z), as the backward pass has only a left.
All functions write into arrays they are given: the training step allocates nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnexp.nn.parameters import Array


@dataclass(frozen=True)
class Activation:
    """An activation function and its derivative.

    `apply(z)` replaces z by f(z). `derivative(a, out)` writes f′(z) = g(f(z)) into `out`. Both
    work elementwise on any shape, float32 or float64.
    """

    name: str
    apply: Callable[[Array], None]
    derivative: Callable[[Array, Array], None]


def sigmoid(z: Array) -> None:
    """σ(z) = 1 / (1 + e^(−z)) (eq. 3), in place.

    e^(−z) may overflow to infinity, which gives the right limit 0: callers silence that warning
    once around the training loop rather than clip every z.
    """
    np.negative(z, out=z)
    np.exp(z, out=z)
    np.add(z, 1.0, out=z)
    np.reciprocal(z, out=z)


def sigmoid_derivative(a: Array, out: Array) -> None:
    """σ′(z) = σ(z)(1 − σ(z)) = a(1 − a) (eq. 62)."""
    np.subtract(1.0, a, out=out)
    np.multiply(out, a, out=out)


def tanh(z: Array) -> None:
    """Replace z by tanh(z) (eq. 109)."""
    np.tanh(z, out=z)


def tanh_derivative(a: Array, out: Array) -> None:
    """tanh′(z) = 1 − tanh(z)² = 1 − a²."""
    np.multiply(a, a, out=out)
    np.subtract(1.0, out, out=out)


def relu(z: Array) -> None:
    """Replace z by max(0, z) (eq. 112)."""
    np.maximum(z, 0.0, out=z)


def relu_derivative(a: Array, out: Array) -> None:
    """1 where z > 0, else 0 (0 at z = 0, where any value in [0, 1] is a subgradient)."""
    np.greater(a, 0.0, out=out, casting="unsafe")


SIGMOID = Activation("sigmoid", sigmoid, sigmoid_derivative)
TANH = Activation("tanh", tanh, tanh_derivative)
RELU = Activation("relu", relu, relu_derivative)

ACTIVATIONS = {f.name: f for f in (SIGMOID, TANH, RELU)}
