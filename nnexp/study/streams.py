"""Random streams of what is asked of recorded networks: named, and of a network's seed.

Training has its own (`nnexp.train.streams`); these begin where those never come.
"""

from __future__ import annotations

import numpy as np

PURPOSES = ("masks", "noise")
"""Append, never reorder."""

_FIRST = 1000


def stream(seed: int, purpose: str) -> np.random.PCG64:
    """PCG64 seeded by `SeedSequence(seed)` with the purpose's spawn key."""
    key = (_FIRST + PURPOSES.index(purpose),)
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key))
