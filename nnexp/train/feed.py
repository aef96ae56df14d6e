"""Training examples in the order of an epoch, for all runs that see them in the same order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.train.pixels import Bytes, prefix
from nnexp.train.streams import Order, Randomness

Renewed = tuple[Bytes, NDArray[np.intp]]


class Renewal:
    """Draws the images of an epoch anew, from a stream of its own."""

    def __init__(
        self, draw: Callable[[np.random.Generator], Renewed], rng: np.random.Generator
    ) -> None:
        self._draw, self.rng = draw, rng

    def draw(self) -> Renewed:
        """The images of the next epoch, columns sorted, and their extents."""
        return self._draw(self.rng)


class Feed:
    """The examples of one or several runs of a stack, reshuffled every epoch.

    Runs of one seed and one training set share a feed: their mini-batches are gathered once.
    `images` (N, n_in) have sorted columns; `rows` says which of them are trained on. With `renew`
    the images themselves are drawn anew for every epoch (`expand=`).
    """

    def __init__(
        self,
        images: Bytes,
        labels: Bytes,
        extents: NDArray[np.intp],
        rows: Order,
        randomness: Randomness,
        renew: Renewal | None = None,
    ) -> None:
        self.images, self.labels, self.extents, self.rows = images, labels, extents, rows
        self.randomness, self._renew = randomness, renew
        self.order: Order = np.arange(len(rows), dtype=np.int64)
        self.picks = rows
        self.widths: list[int] = []

    def __len__(self) -> int:
        return len(self.rows)

    def start_epoch(self, batch_size: int) -> None:
        """Shuffle; set `picks` (rows of `images` in order) and `widths` (prefix per mini-batch)."""
        self.order = self.randomness.reorder(self.order)
        self.picks = self.rows[self.order]
        if self._renew is not None:
            self.images, self.extents = self._renew.draw()
        starts = np.arange(0, len(self.picks), batch_size)
        widest = np.maximum.reduceat(self.extents[self.picks], starts)
        self.widths = prefix(widest, self.images.shape[1]).tolist()

    def state(self) -> dict[str, Any]:
        """What `restore` needs beside the examples: order and generators."""
        renewal = self._renew.rng.bit_generator.state if self._renew is not None else None
        order, randomness = self.order.tolist(), self.randomness.state()
        return {"order": order, "randomness": randomness, "renewal": renewal}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on after the epoch at whose end `state` was taken."""
        self.order = np.array(state["order"], dtype=np.int64)
        self.randomness.restore(state["randomness"])
        if self._renew is not None:
            self._renew.rng.bit_generator.state = state["renewal"]
