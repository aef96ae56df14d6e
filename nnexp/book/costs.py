"""The book's cost classes, and any other of that form, as `nnexp.nn` has costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from nnexp.errors import UserError
from nnexp.nn.activations import SIGMOID, sigmoid, sigmoid_derivative
from nnexp.nn.costs import COSTS, Cost
from nnexp.nn.network import backward, forward
from nnexp.nn.parameters import Array, Parameters


class CostClass(Protocol):
    """What a network asks of a cost: two functions of columns (n, 1)."""

    def fn(self, a: Any, y: Any) -> Any:
        """The cost of one example, of the output activations a and the wanted output y."""
        ...

    def delta(self, z: Any, a: Any, y: Any) -> Any:
        """The output error δ^L = ∂C/∂z (n, 1), of the weighted inputs z and a = σ(z)."""
        ...


def sigmoid_prime(z: Any) -> Any:
    """σ′(z) = σ(z)(1 − σ(z))."""
    return sigmoid_derivative(sigmoid(z))


class QuadraticCost:
    """C = ½ ‖a − y‖² (eq. 27; of one output eq. 54)."""

    @staticmethod
    def fn(a: Any, y: Any) -> float:
        """The cost of one example."""
        difference = np.asarray(a) - y
        return 0.5 * float(np.sum(difference * difference))

    @staticmethod
    def delta(z: Any, a: Any, y: Any) -> Any:
        """δ^L = (a − y) ⊙ σ′(z) (eq. 30): the σ′(z) of eq. 55, 56 is the learning slowdown."""
        return (a - y) * sigmoid_prime(z)


class CrossEntropyCost:
    """C = −Σ_j [y_j ln a_j + (1 − y_j) ln(1 − a_j)] (eq. 63)."""

    @staticmethod
    def fn(a: Any, y: Any) -> float:
        """The cost of one example; where it would be infinite, the greatest floats are summed.

        Of a saturated neuron, a is rounded to 0 or 1. `Network.total_cost` starts from z and has
        no such cases.
        """
        a, y = np.asarray(a, np.float64), np.asarray(y, np.float64)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            terms = y * np.log(a) + (1.0 - y) * np.log(1.0 - a)
            # 0 · ln 0 counts as 0, its limit.
            return -float(np.sum(np.nan_to_num(terms)))

    @staticmethod
    def delta(z: Any, a: Any, y: Any) -> Any:
        """δ^L = a − y (eq. 66): the factor σ′(z) has gone, and with it the slowdown."""
        return a - y


NAMES: tuple[tuple[CostClass, str], ...] = (
    (CrossEntropyCost, "crossentropy"),
    (QuadraticCost, "quadratic"),
)
"""The two classes, and what `cost=` calls them."""


def config_name(cost: CostClass) -> str:
    """The name under which a run has this cost, or empty if it is a class of one's own."""
    kinds: tuple[object, object] = (cost, type(cost))
    return next((name for known, name in NAMES if known in kinds), "")


def class_name(cost: CostClass) -> str:
    """What the class is called, as a saved network says."""
    return str(getattr(cost, "__name__", type(cost).__name__))


def check_cost(cost: Any) -> None:
    """Refuse what is no cost.

    Raises:
        UserError: it has no functions `fn` and `delta`.
    """
    if not all(callable(getattr(cost, name, None)) for name in ("fn", "delta")):
        raise UserError(
            f"cost={cost!r}: allowed: CrossEntropyCost, QuadraticCost, or a class with the static "
            "methods fn(a, y) and delta(z, a, y)"
        )


def gradient(parameters: Parameters, x: Array, y: Array, cost: CostClass) -> Parameters:
    """∂C/∂w and ∂C/∂b of the mean cost over B examples, x (n_in, B), y (n_out, B).

    Overflow is passed on as infinity and NaN, so that a network that diverges goes on as the
    book's program does.
    """
    name = config_name(cost)
    with np.errstate(all="ignore"):
        output = COSTS[name] if name else _OUTPUT
        trace = forward(parameters, x, SIGMOID, output)
        if not name:
            # A class of one's own is given single columns, which is all it need be written for.
            columns = zip(trace.z.T, trace.output.T, y.T, strict=True)
            delta = np.hstack([cost.delta(*(v[:, None] for v in three)) for three in columns])
            output = replace(output, error=lambda a, y: delta)
        return backward(parameters, trace, y, SIGMOID, output)


def costs_of(z: Array, y: Array, cost: CostClass) -> float:
    """The sum of the costs of B examples, of z^L (n, B) and the wanted outputs y (n, B)."""
    with np.errstate(all="ignore"):
        name = config_name(cost)
        if name:
            return float(np.sum(COSTS[name].value(z, y)))
        return summed(sigmoid(z), y, cost)


def summed(a: Any, y: Array, cost: CostClass) -> float:
    """The same of the outputs a (n, B), column by column."""
    return float(sum(cost.fn(u[:, None], v[:, None]) for u, v in zip(a.T, y.T, strict=True)))


_OUTPUT: Cost = COSTS["quadratic"]
"""Stands for the sigmoid outputs that every cost of this form has."""
