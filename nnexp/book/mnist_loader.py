"""MNIST as the book's program loads it: training, validation and test data.

The images are those that ship with this package, in the book's order: 50,000 to train on, the
10,000 after them for validation, and the 10,000 test images.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nnexp.book.pairs import TEST, TRAINING, VALIDATION, Pairs, Source, vectorized_result
from nnexp.config.schema import RNGS, Config
from nnexp.data.dataset import load_dataset
from nnexp.errors import UserError

__all__ = ["load_data", "load_data_wrapper", "vectorized_result"]

Arrays: TypeAlias = tuple[NDArray[np.float32], NDArray[np.int64]]


def load_data(rng: str = "pcg64") -> tuple[Arrays, Arrays, Arrays]:
    """Training, validation and test data as arrays.

    Args:
        rng: whose scale the pixels have, as in `load_data_wrapper`.

    Returns:
        Three tuples: images (N, 784) of float32 in 0 … 1, and digits (N,).

    Raises:
        UserError: an unknown `rng`.
    """
    training, validation, test = (_arrays(pairs) for pairs in load_data_wrapper(rng))
    return training, validation, test


def load_data_wrapper(rng: str = "pcg64") -> tuple[Pairs, Pairs, Pairs]:
    """Training, validation and test data as sequences of pairs (x, y).

    x is an image as a column (784, 1). In the training data, y is the output that is wanted of the
    network, (10, 1); in the others it is the digit.

    Args:
        rng: whose scale x has. Runs are trained on bytes / 255, and with `rng="nielsen2014"` on
            bytes / 256, as the book's file has them. It matters to those who compute with x
            themselves: a network that is given pairs takes their images on its own scale.

    Raises:
        UserError: an unknown `rng`.
    """
    training, validation, test = (_pairs(part, rng) for part in (TRAINING, VALIDATION, TEST))
    return training, validation, test


def _pairs(part: str, rng: str) -> Pairs:
    source = _source(part, checked_rng(rng))
    return Pairs(source, range(len(source.labels)))


def checked_rng(rng: Any) -> str:
    """One of the generators that runs can have.

    Raises:
        UserError: it is none.
    """
    if rng not in RNGS:
        raise UserError(f"rng={rng!r}: allowed: {', '.join(map(repr, RNGS))}")
    return str(rng)


@cache
def _source(part: str, rng: str) -> Source:
    config = Config().data
    dataset = load_dataset(config)
    examples = dataset.test if part == TEST else dataset.train
    last = len(dataset.train) - config.n_validation
    chosen = {TRAINING: slice(last), VALIDATION: slice(last, None), TEST: slice(None)}[part]
    return Source(part, dataset, examples.images[chosen], examples.labels[chosen], rng)


def _arrays(pairs: Pairs) -> Arrays:
    source = pairs.source
    images = np.empty(source.images.shape, np.float32)
    # Divided in float64 and then rounded, some at a time: all at once would be 300 MB more.
    for start in range(0, len(images), 5_000):
        numbers = np.arange(start, min(start + 5_000, len(images)))
        images[numbers] = source.inputs(numbers, source.rng).T
    return images, source.labels.astype(np.int64)
