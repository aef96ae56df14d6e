"""Initializers: how the weights and biases start.

Every draw is made in float64, biases of all layers first and then the weights, as in network2, and
only then rounded to the working precision: float32 and float64 runs of a seed start from the same
network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.parameters import Parameters


class Normal(Protocol):
    """What an initializer needs of a generator: see `nn.draws.Normals`."""

    def standard_normal(self, size: tuple[int, ...]) -> NDArray[np.float64]:
        """Deviates N(0, 1) in the given shape."""
        ...


def unscaled(sizes: Sequence[int], rng: Normal) -> Parameters:
    """Weights and biases N(0, 1): the chapter's first approach, under which neurons saturate."""
    biases = tuple(rng.standard_normal((n,)) for n in sizes[1:])
    weights = tuple(rng.standard_normal((n, m)) for m, n in pairwise(sizes))
    return Parameters(weights, biases)


def scaled(sizes: Sequence[int], rng: Normal) -> Parameters:
    """Weights N(0, 1/n_in), that is standard deviation 1/√n_in; biases N(0, 1)."""
    large = unscaled(sizes, rng)
    return Parameters(tuple(w / sqrt(w.shape[1]) for w in large.weights), large.biases)


def he(sizes: Sequence[int], rng: Normal) -> Parameters:
    """Weights N(0, 2/n_in), biases 0 (He et al. 2015), for rectified linear units."""
    large = unscaled(sizes, rng)
    return Parameters(
        tuple(w * sqrt(2.0 / w.shape[1]) for w in large.weights),
        tuple(np.zeros_like(b) for b in large.biases),
    )


def fixed(sizes: Sequence[int], weight: float, bias: float) -> Parameters:
    """Every weight and every bias one number: the single neuron of the learning slowdown."""
    return Parameters(
        tuple(np.full((n, m), weight) for m, n in pairwise(sizes)),
        tuple(np.full(n, bias) for n in sizes[1:]),
    )


DRAWN: dict[str, Callable[[Sequence[int], Normal], Parameters]] = {
    "scaled": scaled,
    "large": unscaled,
    "he": he,
}
"""By name; `nnexp.register` adds a user's own behind these."""
