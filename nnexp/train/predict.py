"""What a trained network says about images: class probabilities."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.parameters import Parameters
from nnexp.train.engines import ENGINES, available


def outputs(
    parameters: Parameters, activation: str, cost: str, images: NDArray[np.uint8], pixel_max: float
) -> NDArray[np.float64]:
    """Output activations a^L, shape (N, n_outputs), for images (N, n_in)."""
    engine = ENGINES[available()]()
    layout = engine.lay_out(images, np.zeros(len(images), np.uint8))
    scale, rows = 1.0 / pixel_max, np.arange(len(images))
    return engine.outputs(parameters, activation, cost, layout, rows, scale)


def probabilities(activations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Output activations divided by their sum; equal shares where all of them are zero."""
    # One output after another: the order of NumPy's own sums is its own.
    total = reduce(np.add, activations.T)[:, None]
    share = np.full_like(activations, 1.0 / activations.shape[1])
    np.divide(activations, total, out=share, where=total > 0)
    return share
