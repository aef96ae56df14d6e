"""The metrics of an epoch: costs and accuracies of each set of examples, by recorded name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.activations import ACTIVATIONS, SIGMOID
from nnexp.nn.costs import COSTS
from nnexp.nn.network import Stack
from nnexp.nn.regularizers import magnitudes, squares
from nnexp.train.engine import Shape
from nnexp.train.evaluation import ExampleSet, Measured

Metrics = dict[str, float]


@dataclass(frozen=True)
class Penalty:
    """The sums that the penalties are made of, and their coefficients: arrays of shape (K,)."""

    squares: NDArray[np.float64]
    magnitudes: NDArray[np.float64]
    l2: NDArray[np.float64]
    l1: NDArray[np.float64]

    @classmethod
    def of(
        cls, stack: Stack, l2: NDArray[np.float64], l1: NDArray[np.float64], *, biases: bool
    ) -> Penalty:
        """Sum over the weights (and the biases, where they are constrained too)."""
        layers = [*stack.weights, stack.all_biases] if biases else stack.weights
        zero = np.zeros(len(stack))
        # A sum may overflow, and 0 · ∞ is no number: a run without λ has no penalty, whoever
        # is beside it.
        with np.errstate(over="ignore", invalid="ignore"):
            return cls(
                np.where(l2 > 0, squares(layers), 0.0) if l2.any() else zero,
                np.where(l1 > 0, magnitudes(layers), 0.0) if l1.any() else zero,
                l2,
                l1,
            )

    def over(self, n: int) -> NDArray[np.float64]:
        """(λ/2n) Σ w² + (λ₁/n) Σ |w| (eq. 87, 95)."""
        return self.l2 / (2.0 * n) * self.squares + self.l1 / n * self.magnitudes


def measure(
    shape: Shape, stack: Stack, sets: Sequence[ExampleSet], runs: Sequence[slice]
) -> Measured:
    """Evaluate each part of a stack on its own set of examples."""
    activation, cost = ACTIVATIONS[shape.activation], COSTS[shape.cost]
    # Overflow of e^(−z) is the limit 0 of σ; what is not finite is found by the caller.
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        parts = [
            examples.measure(
                [w[part] for w in stack.weights],
                [b[part] for b in stack.biases],
                activation,
                cost,
                shape.input_scale,
            )
            for examples, part in zip(sets, runs, strict=True)
        ]
    return Measured(
        np.concatenate([p.data_cost for p in parts]), np.concatenate([p.correct for p in parts])
    )


def named(
    name: str,
    measured: Measured,
    penalty: Penalty,
    n_train: int,
    size: int,
    k: int,
    *,
    classes: bool,
) -> Metrics:
    """The metrics of one set of examples for run k: `train/cost` and its siblings."""
    data_cost, decay = float(measured.data_cost[k]), float(penalty.over(n_train)[k])
    metrics = {
        f"{name}/cost": data_cost + decay,
        f"{name}/data_cost": data_cost,
        f"{name}/penalty": decay,
    }
    if classes:
        metrics[f"{name}/accuracy"] = int(measured.correct[k]) / size
        metrics[f"{name}/correct"] = float(measured.correct[k])
    if name != "train":
        # network2 divided the penalty by the size of whatever set it evaluated.
        metrics[f"{name}/cost_network2"] = data_cost + float(penalty.over(size)[k])
    return metrics


def neuron(shape: Shape, stack: Stack, k: int) -> Metrics:
    """Of the chapter's single neuron (x = 1, y = 0): a, ∂C/∂w and σ′(z) (eq. 55, 61, 62).

    Empty for any other network.
    """
    if shape.sizes != (1, 1):
        return {}
    a = (stack.weights[0][k] + stack.biases[0][k]).astype(np.float64)
    with np.errstate(over="ignore"):
        SIGMOID.apply(a)
    slope, error = np.empty_like(a), a.copy()
    SIGMOID.derivative(a, slope)
    COSTS[shape.cost].error(error, np.zeros_like(a), slope.copy())
    return {
        "neuron/activation": float(a[0, 0]),
        "neuron/gradient_w": float(error[0, 0]),
        "neuron/sigmoid_prime": float(slope[0, 0]),
    }


def finite(stack: Stack) -> list[bool]:
    """Of each run, whether all weights and biases are finite numbers."""
    layers = [*stack.weights, stack.all_biases]
    each = [np.isfinite(w).reshape(len(w), -1).all(axis=1) for w in layers]
    return [bool(run) for run in np.logical_and.reduce(each)]


def gaps(metrics: Mapping[str, float], best: Mapping[str, float]) -> Metrics:
    """`gap/final` and, where test data is watched, `gap/best` (fractions)."""
    found: Metrics = {}
    if "train/accuracy" in metrics and "test/accuracy" in metrics:
        found["gap/final"] = metrics["train/accuracy"] - metrics["test/accuracy"]
    if "train/accuracy" in best and "test/accuracy" in best:
        found["gap/best"] = best["train/accuracy"] - best["test/accuracy"]
    return found
