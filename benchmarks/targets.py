"""What nnexp promises about its speed, as ratios between contenders."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.compare import Times

SETTINGS, SEEDS = "nnexp, sweep of 8 settings × 4 seeds", "nnexp, sweep of 32 seeds"
SINGLE = "nnexp, single"
JAX_SEEDS = ("JAX, scan", "JAX, vmap of different seeds")
JAX_SETTINGS = (*JAX_SEEDS, "JAX, vmap of 8 settings of a seed")
TORCH = ("PyTorch, batched, different seeds", "PyTorch, batched, 8 settings of a seed")


@dataclass(frozen=True)
class Target:
    """Training time of `ours` by that of the fastest of `others`, at most `most`."""

    said: str
    hidden: int
    ours: str
    others: tuple[str, ...]
    most: float


TARGETS = (
    Target("sweep of 8 settings × 4 seeds / JAX's best", 30, SETTINGS, JAX_SETTINGS, 1 / 3.3),
    Target("sweep of 8 settings × 4 seeds / PyTorch, batched", 30, SETTINGS, TORCH, 1 / 4.5),
    Target(
        "sweep of 8 settings × 4 seeds / plain PyTorch loop",
        30,
        SETTINGS,
        ("PyTorch, plain loop",),
        1 / 18,
    ),
    Target(
        "sweep of 8 settings × 4 seeds / network2 manner",
        30,
        SETTINGS,
        ("per example, as network2",),
        1 / 35,
    ),
    Target(
        "sweep of 8 settings × 4 seeds / dense floor",
        30,
        SETTINGS,
        ("floor: bare dense products",),
        1.2,
    ),
    Target("single run / JAX, scan", 30, SINGLE, ("JAX, scan",), 0.8),
    Target("single run / plain NumPy", 30, SINGLE, ("plain NumPy",), 0.75),
    Target("sweep of 32 seeds / JAX's best", 30, SEEDS, JAX_SEEDS, 1 / 2),
    Target("100 hidden: sweep of settings / JAX's best", 100, SETTINGS, JAX_SETTINGS, 0.6),
)


def fastest(times: Mapping[str, Times], names: tuple[str, ...]) -> str | None:
    """The contender with the least median, or None if none was measured."""
    measured = [name for name in names if name in times and times[name].train]
    return min(measured, key=lambda name: statistics.median(times[name].train), default=None)


def ratio(times: Mapping[str, Times], ours: str, other: str) -> tuple[float, float, float]:
    """Median of the ratios, repeat by repeat and core by core, with the least and the greatest."""
    pairs = zip(times[ours].train, times[other].train, strict=False)
    ratios = [a / b for a, b in pairs]
    return statistics.median(ratios), min(ratios), max(ratios)
