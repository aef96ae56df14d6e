"""Data cost and hits of a stack of networks on a set of examples, in large batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.activations import Activation
from nnexp.nn.costs import Cost
from nnexp.nn.network import logits
from nnexp.nn.parameters import Array
from nnexp.train.pixels import Bytes, prefix

CHUNK = 500
"""Examples per product: large enough for BLAS, small enough to stay in the cache."""


@dataclass(frozen=True)
class Measured:
    """What a set of examples says about K networks: arrays of shape (K,)."""

    data_cost: NDArray[np.float64]
    """Mean of C_x over the examples, without penalty."""
    correct: NDArray[np.int64]
    """Examples whose greatest output is that of their label."""


class ExampleSet:
    """Examples laid out for evaluation: sorted by extent, cut into chunks of narrow prefixes."""

    def __init__(
        self,
        images: Bytes,
        labels: Bytes,
        extents: NDArray[np.intp],
        n_outputs: int,
        dtype: np.dtype[Any],
    ) -> None:
        """`images` (N, n_in) have sorted columns (`train.pixels`); `labels` (N,)."""
        self.size, self.dtype, self.n_outputs = len(images), dtype, n_outputs
        order = np.argsort(extents, kind="stable")
        widths = prefix(extents, images.shape[1])
        self._chunks: list[tuple[Bytes, Bytes, Array]] = []
        for start in range(0, self.size, CHUNK):
            rows = order[start : start + CHUNK]
            width = int(widths[rows].max())
            targets = one_hot(labels[rows], n_outputs, dtype)
            chunk = np.ascontiguousarray(np.take(images, rows, axis=0)[:, :width])
            self._chunks.append((chunk, labels[rows], np.ascontiguousarray(targets.T)))

    def measure(
        self,
        weights: list[Array],
        biases: list[Array],
        activation: Activation,
        cost: Cost,
        input_scale: float,
    ) -> Measured:
        """Evaluate a stack of K networks (weights (K, n_out, n_in), biases (K, n_out, 1))."""
        runs = len(biases[0])
        total = np.zeros(runs)
        correct = np.zeros(runs, dtype=np.int64)
        for pixels, labels, targets in self._chunks:
            x = pixels.astype(self.dtype).T
            z = logits(weights, biases, activation, x, input_scale)
            total += np.add.reduce(cost.value(z, targets), axis=-1)
            if self.n_outputs > 1:
                correct += np.count_nonzero(np.argmax(z, axis=-2) == labels, axis=-1)
        return Measured(total / self.size, correct)


def one_hot(labels: Bytes, n_outputs: int, dtype: np.dtype[Any]) -> Array:
    """Targets y, shape (N, n_outputs): 1 at the label; of a single output the label itself."""
    if n_outputs == 1:
        return labels.astype(dtype)[:, None]
    return np.eye(n_outputs, dtype=dtype)[labels]
