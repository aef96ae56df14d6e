"""Replaying the published curves: the same draws, the same order, the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nnexp.data.dataset import dataset_of
from nnexp.study.published import Published, published
from nnexp.train.loop import train

QUICK = ("overfitting", "regularized")
FULL = ("overfitting_full", "regularized_full")

COST_TOLERANCE = 1e-10
"""Costs agree within this: sums are made in another order than the book's program made them."""


@dataclass(frozen=True)
class Agreement:
    """How one replayed curve compares with the published one."""

    run: str
    metric: str
    values: int
    agree: int
    """Equal counts and accuracies; costs within `COST_TOLERANCE`."""
    largest: float
    """The largest absolute difference."""

    @property
    def whole(self) -> bool:
        """Whether every value agrees."""
        return self.agree == self.values


def replay(
    names: Sequence[str], progress: Callable[[str, int, int], None] = lambda *_: None
) -> list[Agreement]:
    """Train published runs and compare every published value.

    `progress` is told name, epoch and number of epochs.
    """
    agreements: list[Agreement] = []
    for name in names:
        run = published(name)
        dataset = dataset_of(run.config)
        ours: dict[str, list[float]] = {metric: [] for metric in run.curves}
        for report in train(run.config, dataset):
            if report.epoch:
                for metric, values in ours.items():
                    values.append(report.metrics[metric])
            progress(name, report.epoch, run.config.train.epochs)
        agreements += _compare(run, ours)
    return agreements


def _compare(run: Published, ours: dict[str, list[float]]) -> list[Agreement]:
    agreements = []
    for metric, values in run.curves.items():
        if metric.endswith("/accuracy"):
            continue  # The counts say the same.
        tolerance = 0.0 if metric.endswith("/correct") else COST_TOLERANCE
        differences = [abs(a - b) for a, b in zip(values, ours[metric], strict=True)]
        agree = sum(d <= tolerance for d in differences)
        agreements.append(Agreement(run.name, metric, len(values), agree, max(differences)))
    return agreements
