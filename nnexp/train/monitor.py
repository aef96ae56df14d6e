"""The metrics of an epoch: costs and accuracies of each set of examples, by recorded name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.activations import sigmoid_derivative
from nnexp.nn.costs import COSTS
from nnexp.nn.regularizers import Regularization
from nnexp.train.engine import Measured

Metrics = dict[str, float]

OWN: dict[str, Callable[[NDArray[np.float64], NDArray[np.uint8]], float]] = {}
"""A user's own metrics of the outputs (N, n_outputs) and labels (N,) of a set of examples, by the
names that `nnexp.register` gave them."""


@dataclass(frozen=True)
class Penalty:
    """The sums that the penalties are made of, and their coefficients."""

    squares: float
    magnitudes: float
    own: float
    regularization: Regularization

    def over(self, n: int) -> float:
        """(λ/2n) Σ w² + (λ₁/n) Σ |w| (eq. 87, 95), or (λ/n) Σ p(w) of a user's own."""
        # A sum may overflow, and 0 · ∞ is no number: without λ there is no penalty.
        l2, l1, own = (
            self.regularization.l2,
            self.regularization.l1,
            self.regularization.own_lmbda,
        )
        total = l2 / (2.0 * n) * self.squares if l2 else 0.0
        total = total + l1 / n * self.magnitudes if l1 else total
        return total + own / n * self.own if own else total


def named(name: str, measured: Measured, penalty: Penalty, n: int, size: int) -> Metrics:
    """The metrics of one set of `size` examples: `train/cost` and its siblings."""
    decay = penalty.over(n)
    metrics = {
        f"{name}/cost": measured.data_cost + decay,
        f"{name}/data_cost": measured.data_cost,
        f"{name}/penalty": decay,
        f"{name}/accuracy": measured.correct / size,
        f"{name}/correct": float(measured.correct),
    }
    if name != "train":
        # network2 divided the penalty by the size of whatever set it evaluated.
        metrics[f"{name}/cost_network2"] = measured.data_cost + penalty.over(size)
    return metrics


def neuron(a: NDArray[np.float64], cost: str) -> Metrics:
    """Of the chapter's single neuron (x = 1, y = 0): a, ∂C/∂w and σ′(z) (eq. 55, 61)."""
    slope = sigmoid_derivative(a)
    error = COSTS[cost].error(a, np.zeros_like(a))
    return {
        "neuron/activation": float(a[0, 0]),
        "neuron/gradient_w": float(error[0, 0]),
        "neuron/sigmoid_prime": float(slope[0, 0]),
    }


def without_classes(metrics: Metrics) -> Metrics:
    """Of a single output: its hits say nothing."""
    return {k: v for k, v in metrics.items() if not k.endswith(("/accuracy", "/correct"))}


def own_metrics(
    names: Sequence[str], outputs: NDArray[np.float64], labels: NDArray[np.uint8]
) -> Metrics:
    """A user's own metrics of some examples, by name.

    Raises:
        ValueError: one that is no finite number.
    """
    found: Metrics = {}
    for name in names:
        found[name] = float(OWN[name](outputs, labels))
        if not math.isfinite(found[name]):
            raise ValueError(f"metric {name}: is {found[name]}; allowed: a finite number")
    return found


def gaps(metrics: Mapping[str, float], best: Mapping[str, float]) -> Metrics:
    """`gap/final` and, where test data is watched, `gap/best` (fractions)."""
    found: Metrics = {}
    if "train/accuracy" in metrics and "test/accuracy" in metrics:
        found["gap/final"] = metrics["train/accuracy"] - metrics["test/accuracy"]
    if "train/accuracy" in best and "test/accuracy" in best:
        found["gap/best"] = best["train/accuracy"] - best["test/accuracy"]
    return found
