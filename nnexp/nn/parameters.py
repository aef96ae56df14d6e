"""The weights and biases of one network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Parameters:
    """Weights and biases of one fully connected network, layer by layer.

    `weights[l]` has shape (n_out, n_in), `biases[l]` has shape (n_out,): the book's w^l and b^l,
    so that a layer computes z = w a + b (eq. 25). Gradients and velocities have the same form.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units per layer, input first: (784, 30, 10) for the chapter's network."""
        return (self.weights[0].shape[1], *(w.shape[0] for w in self.weights))

    def astype(self, dtype: DTypeLike) -> Parameters:
        """Copies, rounded to a precision, in C order."""
        return Parameters(
            tuple(w.astype(dtype, order="C") for w in self.weights),
            tuple(b.astype(dtype, order="C") for b in self.biases),
        )
