"""Images in the order that training wants: the pixels that are most often non-zero first.

In MNIST 67 of 784 pixels are zero in every training image and many more in almost every one. With
the columns sorted by how often they are non-zero, a mini-batch of ten needs on average only the
first 542; the products of the first layer run over that prefix. Weights are drawn and stored in
the original order, so nothing of this shows outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nnexp.data.dataset import Dataset
from nnexp.nn.parameters import Parameters

Bytes = NDArray[np.uint8]

ROUNDING = 16
"""Prefixes are rounded up to multiples of this: full vectors, and few different products."""


@dataclass(frozen=True)
class PixelOrder:
    """A permutation of the inputs: column j of a sorted image is pixel `order[j]`."""

    order: NDArray[np.intp]

    def sort(self, images: Bytes) -> Bytes:
        """Images with sorted columns (a copy)."""
        return np.ascontiguousarray(np.take(images, self.order, axis=1))

    def sort_inputs(self, parameters: Parameters) -> Parameters:
        """Parameters whose first weights belong to sorted columns."""
        first, *rest = parameters.weights
        return Parameters((first[:, self.order], *rest), parameters.biases)

    def restore_inputs(self, parameters: Parameters) -> Parameters:
        """The inverse of `sort_inputs`: the original order, as it is recorded."""
        first, *rest = parameters.weights
        original = np.empty_like(first)
        original[:, self.order] = first
        return Parameters((original, *rest), parameters.biases)


def frequency_order(images: Bytes) -> PixelOrder:
    """Pixels by how many images have them non-zero, most first; ties in the original order."""
    return PixelOrder(np.argsort(-np.count_nonzero(images, axis=0), kind="stable"))


def extents(images: Bytes) -> NDArray[np.intp]:
    """For each image the number of leading columns behind which all are zero."""
    filled = images[:, ::-1] != 0
    width = images.shape[1]
    return np.where(filled.any(axis=1), width - np.argmax(filled, axis=1), 0)


def prefix(extent: NDArray[np.intp], width: int) -> NDArray[np.intp]:
    """Extents rounded up to the prefixes that products run over, at least one column."""
    rounded = -(-np.maximum(extent, 1) // ROUNDING) * ROUNDING
    shortened: NDArray[np.intp] = np.minimum(rounded, width)
    return shortened


@dataclass(frozen=True)
class SortedImages:
    """All images of a data set with sorted columns, and their extents."""

    pixels: PixelOrder
    train: Bytes
    train_extents: NDArray[np.intp]
    test: Bytes
    test_extents: NDArray[np.intp]


@lru_cache(maxsize=2)
def sorted_images(dataset: Dataset) -> SortedImages:
    """Sort a data set's columns once per process."""
    pixels = frequency_order(dataset.train.images)
    train, test = pixels.sort(dataset.train.images), pixels.sort(dataset.test.images)
    return SortedImages(pixels, train, extents(train), test, extents(test))
