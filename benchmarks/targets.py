"""What nnexp promises about its speed, as ratios between contenders."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.compare import Times
from benchmarks.contenders import (
    FLOOR,
    JAX_SCAN,
    JAX_SEEDS,
    JAX_SETTINGS,
    KERNEL,
    NNEXP,
    OLD_SWEEP,
    OPENBLAS,
    STEPS,
)
from benchmarks.work import BOOK, DEEP, PRODUCTS, WIDE, Work

PYTORCH = ("PyTorch, by hand", "PyTorch, compiled step", "PyTorch, plain loop")

MAIN_JOB = 0.6
"""Wall time of the main job by that of nnexp 0.1."""

OUTSIDE_TRAINING = 0.045
"""Seconds per run of 100 images and one epoch, in all, on two cores."""

DASK = 1.1
"""Wall time of a sweep on a Dask cluster by that over processes, for runs of a second or more."""


@dataclass(frozen=True)
class Target:
    """Training time of `ours` by that of the fastest of `others`, at most `most`."""

    said: str
    task: str
    hidden: tuple[int, ...]
    others: tuple[str, ...]
    most: float
    ours: str = NNEXP

    def of(self, work: Work) -> bool:
        """Whether it is about this work: the larger, where there is one of few images too."""
        few = work.task == BOOK and work.n < 50_000
        return (work.task, work.hidden) == (self.task, self.hidden) and not few


JAX_ALL = (JAX_SCAN, JAX_SEEDS, JAX_SETTINGS)

TARGETS = (
    Target("single run / JAX scan, 784-30-10", BOOK, (30,), (JAX_SCAN,), 0.40),
    Target("run of a sweep / JAX's best, 784-30-10", BOOK, (30,), JAX_ALL, 0.42),
    Target("single run / JAX scan, 784-100-10", BOOK, (100,), (JAX_SCAN,), 0.62),
    Target("run of a sweep / nnexp 0.1's sweep, 784-30-10", BOOK, (30,), (OLD_SWEEP,), 0.75),
    Target("run of a sweep / nnexp 0.1's sweep, 784-100-10", BOOK, (100,), (OLD_SWEEP,), 0.95),
    Target("single run / bare dense products, 784-30-10", BOOK, (30,), (FLOOR,), 0.65),
    Target("single run / bare dense products, 784-100-10", BOOK, (100,), (FLOOR,), 0.85),
    Target(
        "784-1024-1024-1024-10, dropout, ReLU / PyTorch", DEEP, (1024, 1024, 1024), PYTORCH, 1.0
    ),
    Target("784-800-10, mini-batches of 100 / PyTorch", WIDE, (800,), PYTORCH, 1.0),
    *(Target(f"{step}, 784-30-10 / JAX scan", step, (30,), (JAX_SCAN,), 0.60) for step in STEPS),
    *(
        Target(f"one product {product} / OpenBLAS", product, (), (OPENBLAS,), 1.1, KERNEL)
        for product in PRODUCTS
    ),
)


def fastest(times: Mapping[str, Times], names: tuple[str, ...]) -> str | None:
    """The contender with the least median, or None if none was measured."""
    measured = [name for name in names if name in times and times[name].train]
    return min(measured, key=lambda name: statistics.median(times[name].train), default=None)


def ratio(times: Mapping[str, Times], ours: str, other: str) -> tuple[float, float, float]:
    """Median of the ratios, repeat by repeat and core by core, with the least and the greatest."""
    return spread(times[ours].train, times[other].train)


def spread(ours: list[float], others: list[float]) -> tuple[float, float, float]:
    """Median, least and greatest of the ratios of measurements that took turns."""
    ratios = [a / b for a, b in zip(ours, others, strict=False)]
    return statistics.median(ratios), min(ratios), max(ratios)
