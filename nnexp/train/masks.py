"""Dropout masks of a stack: a new choice of units for every example, drawn from each run's stream.

Draws are made in blocks of mini-batches to save calls; the numbers are the same in any block size.
Uniform numbers are float32 whatever the working precision, so masks agree between precisions.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.dropout import fill_mask
from nnexp.nn.parameters import Array


class Masks:
    """Masks over layers of `units` for the runs of a stack; runs of one seed share a stream.

    `streams[k]` is the generator of run k: one object for all runs of a seed, which then delete
    the same units wherever their rates agree.
    """

    def __init__(
        self,
        streams: Sequence[np.random.Generator],
        rates: Sequence[float],
        units: Sequence[int],
        dtype: np.dtype[Any],
    ) -> None:
        self._rates, self._dtype = list(rates), dtype
        self._ends = np.cumsum([0, *units]).tolist()
        self._sharing: list[tuple[np.random.Generator, list[int]]] = []
        for k, generator in enumerate(streams):
            if rates[k] == 0.0:
                continue
            runs = next((r for g, r in self._sharing if g is generator), None)
            if runs is None:
                self._sharing.append((generator, [k]))
            else:
                runs.append(k)

    def draw(self, batches: int, examples: int) -> list[Array]:
        """Masks of the next mini-batches: per layer, shape (batches, K, n, examples)."""
        shape = (batches, self._ends[-1], examples)
        masks = np.ones((batches, len(self._rates), *shape[1:]), self._dtype)
        for generator, runs in self._sharing:
            uniform: NDArray[np.float32] = generator.random(shape, dtype=np.float32)
            for k in runs:
                fill_mask(uniform, self._rates[k], masks[:, k])
        return [masks[:, :, start:end] for start, end in pairwise(self._ends)]
