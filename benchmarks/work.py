"""The work that every contender does, and what a contender is.

The work: networks 784-h-10 on the first n images of MNIST, mini-batches of 10, sigmoid units,
cross-entropy, L2 with λ/n = 1/10,000, η = 0.5, float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import load_dataset

BATCH, ETA, DECAY = 10, 0.5, 1.0 / 10_000
RUNS, SETTINGS = 32, 8
"""A sweep: 32 runs, either 8 settings of λ for each of 4 seeds, or 32 seeds of one setting."""

VALIDATION = 10_000


@dataclass(frozen=True)
class Work:
    """What is trained, and by how many processes at once."""

    n: int
    hidden: int
    processes: int

    @property
    def name(self) -> str:
        """As it is written in a heading."""
        return f"784-{self.hidden}-10, {self.n:,} images"

    @property
    def width(self) -> int:
        """Runs of the sweep that a process trains side by side if it takes its whole share."""
        return max(1, RUNS // self.processes)


@dataclass(frozen=True)
class Ready:
    """A contender that has its data, compiled what it compiles, and waits."""

    runs: int
    """Runs that a call trains or evaluates."""
    epoch: Callable[[], object]
    """Trains each run for an epoch, or for the `part` of one."""
    evaluate: Callable[[], Sequence[int]] | None
    """Computes cost and hits of each run on its n training and 10,000 validation images; hits."""
    part: float = 1.0
    """Of an epoch, and of the images to evaluate: the slowest are measured on fewer images."""


def arrays(work: Work) -> tuple[Any, Any]:
    """Training images (n, 784) and one-hot targets (n, 10), float32."""
    return _arrays(slice(0, work.n))


def evaluated(work: Work) -> tuple[Any, Any]:
    """The images that are evaluated, and their targets: training, then validation."""
    (x, y), (held, wanted) = arrays(work), _arrays(slice(-VALIDATION, None))
    return np.concatenate([x, held]), np.concatenate([y, wanted])


def _arrays(rows: slice) -> tuple[Any, Any]:
    examples = load_dataset(DataConfig()).train
    x = (examples.images[rows] / np.float32(255)).astype(np.float32)
    return x, np.eye(10, dtype=np.float32)[examples.labels[rows]]


def decays(count: int) -> Any:
    """1 − ηλ/n of some settings, float32."""
    return (1 - ETA * DECAY * (1 + 0.1 * np.arange(count))).astype(np.float32)


def start(hidden: int, runs: tuple[int, ...] = ()) -> tuple[Any, Any, Any, Any]:
    """Initial weights (n_out, n_in) and biases of some runs, float32."""
    rng = np.random.default_rng(0)
    w1 = rng.standard_normal((*runs, hidden, 784), np.float32) / np.float32(28)
    w2 = rng.standard_normal((*runs, 10, hidden), np.float32) / np.float32(hidden**0.5)
    return w1, np.zeros((*runs, hidden), np.float32), w2, np.zeros((*runs, 10), np.float32)
