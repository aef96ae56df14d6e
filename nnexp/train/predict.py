"""What a trained network says about images: class probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.activations import ACTIVATIONS
from nnexp.nn.costs import COSTS
from nnexp.nn.network import logits
from nnexp.nn.parameters import Parameters

CHUNK = 2000


def outputs(
    parameters: Parameters, activation: str, cost: str, images: NDArray[np.uint8], pixel_max: float
) -> NDArray[np.float64]:
    """Output activations a^L in float64, shape (N, n_outputs), for images (N, n_in)."""
    weights = [w[None].astype(np.float64) for w in parameters.weights]
    biases = [b[None, :, None].astype(np.float64) for b in parameters.biases]
    parts = []
    with np.errstate(over="ignore", under="ignore"):
        for start in range(0, len(images), CHUNK):
            x: NDArray[Any] = images[start : start + CHUNK].astype(np.float64).T
            z = logits(weights, biases, ACTIVATIONS[activation], x, 1.0 / pixel_max)
            COSTS[cost].output(z)
            parts.append(z[0].T)
    return np.concatenate(parts)


def probabilities(activations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Output activations divided by their sum; equal shares where all of them are zero."""
    total = activations.sum(axis=1, keepdims=True)
    share = np.full_like(activations, 1.0 / activations.shape[1])
    np.divide(activations, total, out=share, where=total > 0)
    return share
