"""The work that every contender does, and what a contender is.

Mostly it is the chapter's: a network 784-h-10 on the first n images of MNIST, mini-batches of 10,
sigmoid units, cross-entropy, L2 with λ/n = 1/10,000, η = 0.5, float32. `TASKS` has what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import load_dataset

BATCH, ETA, DECAY = 10, 0.5, 1.0 / 10_000
RUNS, SETTINGS = 32, 8
"""A sweep: 32 runs, 8 settings of λ for each of 4 seeds, or 32 seeds of one setting."""

VALIDATION = 10_000


@dataclass(frozen=True)
class Task:
    """What is learned how."""

    said: str = ""
    """Behind the network's name in a heading."""
    batch: int = BATCH
    eta: float = ETA
    decay: float = DECAY
    """λ/n of L2."""
    l1: float = 0.0
    """λ₁/n."""
    max_norm: float = inf
    momentum: float = 0.0
    relu: bool = False
    """Rectified linear units, and weights drawn as He et al. do; else sigmoid."""
    dropout: float = 0.0
    """Of hidden units."""


BOOK = "the chapter's"
"""The task that every contender does."""

WIDE, DEEP = "wide", "deep"

TASKS: dict[str, Task] = {
    BOOK: Task(),
    "momentum": Task("momentum 0.9 and L2", eta=0.05, momentum=0.9),
    "L1": Task("L1", decay=0.0, l1=DECAY / 10),
    "max-norm": Task("max-norm 3", decay=0.0, max_norm=3.0),
    WIDE: Task("mini-batches of 100", batch=100, eta=0.1),
    DEEP: Task(
        "ReLU, dropout half, mini-batches of 100", batch=100, eta=0.1, relu=True, dropout=0.5
    ),
}

FORMS = ("Z ← X W", "Z ← D Wᵀ", "W ← W + Xᵀ D")
"""The products of a dense layer of 1024 inputs and units and 100 examples: forward, backward,
gradient."""

PRODUCTS = tuple(f"{form}, {dtype}" for form in FORMS for dtype in ("float32", "float64"))
"""Tasks that are one such product."""


@dataclass(frozen=True)
class Work:
    """What is trained, and by how many processes at once."""

    n: int
    """Training images; of a product, how often it is repeated in an `epoch`."""
    hidden: tuple[int, ...]
    processes: int
    task: str = BOOK

    @property
    def name(self) -> str:
        """As it is written in a heading."""
        if self.task in PRODUCTS:
            return f"one product {self.task}"
        layers = "-".join(map(str, (784, *self.hidden, 10)))
        return ", ".join(filter(None, (layers, TASKS[self.task].said, f"{self.n:,} images")))

    @property
    def width(self) -> int:
        """Runs of the sweep that a process trains side by side if it takes its whole share."""
        return max(1, RUNS // self.processes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer, inputs first."""
        return (784, *self.hidden, 10)


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
    """Of an epoch, and of the images to evaluate: the slowest are measured on fewer images. Of a
    product, how many make an epoch."""


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
    """Initial weights (n_out, n_in) and biases of some runs of 784-h-10, float32."""
    (w1, w2), (b1, b2) = first_layers((784, hidden, 10), runs)
    return w1, b1, w2, b2


def first_layers(
    sizes: tuple[int, ...], runs: tuple[int, ...] = (), *, relu: bool = False
) -> tuple[list[Any], list[Any]]:
    """Initial weights (n_out, n_in) and biases of any network, float32."""
    rng = np.random.default_rng(0)
    gain = 2.0**0.5 if relu else 1.0
    weights = [
        rng.standard_normal((*runs, n_out, n_in), np.float32) * np.float32(gain / n_in**0.5)
        for n_in, n_out in pairwise(sizes)
    ]
    return weights, [np.zeros((*runs, n_out), np.float32) for n_out in sizes[1:]]


def matrices(dtype: str) -> tuple[Any, Any, Any]:
    """X and D (100, 1024), W (1024, 1024)."""
    rng = np.random.default_rng(0)
    x, d, w = (rng.standard_normal((n, 1024)).astype(dtype) for n in (100, 100, 1024))
    return x, d, w
