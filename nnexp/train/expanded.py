"""Feeds of artificially expanded training data (`expand=`)."""

from __future__ import annotations

import numpy as np

from nnexp.config.schema import ExpandConfig
from nnexp.data.dataset import Dataset, Examples
from nnexp.data.expand import distort, fivefold, random_shift
from nnexp.train.feed import Feed, Renewal, Renewed
from nnexp.train.pixels import Bytes, PixelOrder, extents
from nnexp.train.streams import Order, Randomness, stream


def expand_images(
    config: ExpandConfig, images: Bytes, shape: tuple[int, int], rng: np.random.Generator
) -> Bytes:
    """Another version of each image, (N, n_in), drawn from `rng`."""
    if config.name == "distort":
        return distort(
            images, shape, rng, angle=config.angle, alpha=config.alpha, sigma=config.sigma
        )
    return random_shift(images, shape, rng)


def expanded_feed(
    config: ExpandConfig,
    dataset: Dataset,
    pixels: PixelOrder,
    rows: Order,
    randomness: Randomness,
    seed: int,
) -> Feed:
    """A feed whose images are moved or distorted anew in every epoch, or all five versions."""
    chosen = Examples(dataset.train.images[rows], dataset.train.labels[rows])
    shape = dataset.image_shape
    if config.fixed:
        all_versions = fivefold(chosen, shape)
        images = pixels.sort(all_versions.images)
        everything = np.arange(len(images))
        return Feed(images, all_versions.labels, extents(images), everything, randomness)

    def draw(rng: np.random.Generator) -> Renewed:
        fresh = pixels.sort(expand_images(config, chosen.images, shape, rng))
        return fresh, extents(fresh)

    images = pixels.sort(chosen.images)
    renewal = Renewal(draw, stream(seed, "expand"))
    everything = np.arange(len(images))
    return Feed(images, chosen.labels, extents(images), everything, randomness, renewal)
