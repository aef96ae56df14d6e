"""Named random streams: one generator per run and purpose, all from the run's seed.

A purpose has a spawn key of its own, so that one purpose drawing more or fewer numbers changes
nothing in another: runs with the same seed start from the same weights and see the same order of
examples whatever their dropout rate, and are therefore paired.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.initializers import Normal

PURPOSES = ("init", "shuffle", "dropout", "subset", "expand", "dropout_input")
"""Spawn keys are positions in this tuple: append, never reorder."""

Order = NDArray[np.int64]


def stream(seed: int, purpose: str) -> np.random.Generator:
    """PCG64 seeded by `SeedSequence(seed)` with the purpose's spawn key."""
    key = (PURPOSES.index(purpose),)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


class Randomness(Protocol):
    """Initial weights and order of examples of one run."""

    def initial(self) -> Normal:
        """The generator that the initializer draws from."""
        ...

    def reorder(self, order: Order) -> Order:
        """The order of the next epoch, given that of the last."""
        ...

    def state(self) -> dict[str, Any]:
        """All that `restore` needs to go on, as plain JSON values."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        ...


class Pcg64:
    """The default: independent PCG64 streams for weights and order."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._shuffle = stream(seed, "shuffle")

    def initial(self) -> np.random.Generator:
        """The stream of the initial weights, from its beginning."""
        return stream(self._seed, "init")

    def reorder(self, order: Order) -> Order:
        """A new permutation, whatever the last order was."""
        return self._shuffle.permutation(len(order))

    def state(self) -> dict[str, Any]:
        """The state of the shuffling generator."""
        return dict(self._shuffle.bit_generator.state)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on shuffling from a state."""
        self._shuffle.bit_generator.state = state
