"""Named random streams: one generator per run and purpose, all from the run's seed.

A purpose has a spawn key of its own, so that one purpose drawing more or fewer numbers changes
nothing in another: runs with the same seed start from the same weights and see the same order of
examples whatever their dropout rate, and are therefore paired. What is drawn from a stream are raw
words; `nn.draws` says what is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.draws import Normals
from nnexp.nn.initializers import Normal

PURPOSES = ("init", "shuffle", "dropout", "subset", "expand", "dropout_input")
"""Spawn keys are positions in this tuple: append, never reorder."""

Order = NDArray[np.integer[Any]]

Permutation = Callable[[np.random.PCG64, int], Order]
"""`nn.draws.permutation`, or an engine's own that gives the same."""


def stream(seed: int, purpose: str) -> np.random.PCG64:
    """PCG64 seeded by `SeedSequence(seed)` with the purpose's spawn key."""
    key = (PURPOSES.index(purpose),)
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key))


def set_state(bits: np.random.PCG64, state: Mapping[str, Any]) -> None:
    """Let a generator go on from a state that its `state` gave, as plain JSON values."""
    bits.state = cast(Any, state)


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

    def __init__(self, seed: int, permutation: Permutation) -> None:
        self._seed, self._permutation = seed, permutation
        self._shuffle = stream(seed, "shuffle")

    def initial(self) -> Normal:
        """The stream of the initial weights, from its beginning."""
        return Normals(stream(self._seed, "init"))

    def reorder(self, order: Order) -> Order:
        """A new permutation, whatever the last order was."""
        return self._permutation(self._shuffle, len(order))

    def state(self) -> dict[str, Any]:
        """The state of the shuffling generator."""
        return dict(self._shuffle.state)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on shuffling from a state."""
        set_state(self._shuffle, state)
