"""Training examples in the order of an epoch, and those that are evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nnexp.config.schema import Config, ExpandConfig
from nnexp.data.dataset import Dataset, Examples
from nnexp.data.expand import distort, fivefold, random_shift
from nnexp.train.engine import Bytes, Engine
from nnexp.train.plan import training_rows, validation_rows
from nnexp.train.streams import Order, Randomness, set_state, stream


@dataclass(frozen=True)
class Laid:
    """A data set as an engine likes it."""

    train: Any
    test: Any
    dense: bool
    """Whether more than half of the training images' inputs are not zero."""


@lru_cache(maxsize=2)
def laid_out(engine: type[Engine], dataset: Dataset) -> Laid:
    """Lay a data set out once per process."""
    train, test = dataset.train, dataset.test
    return Laid(
        engine.lay_out(train.images, train.labels),
        engine.lay_out(test.images, test.labels),
        2 * int(np.count_nonzero(train.images)) > train.images.size,
    )


class TrainingExamples:
    """What a run is trained on, reshuffled every epoch, and with `expand=` drawn anew."""

    def __init__(
        self, engine: type[Engine], config: Config, dataset: Dataset, randomness: Randomness
    ) -> None:
        self.engine, self.expand, self.randomness = engine, config.expand, randomness
        self.shape = dataset.image_shape
        self.images = training_rows(config, dataset)
        self.rows = self.images
        self._bits = stream(config.seed, "expand")
        self._renewed = config.expand.name != "none" and not config.expand.fixed
        if config.expand.name == "none":
            self._layout = laid_out(engine, dataset).train
        else:
            train = dataset.train
            self._chosen = Examples(train.images[self.rows], train.labels[self.rows])
            if config.expand.fixed:
                self._chosen = fivefold(self._chosen, self.shape)
                self._layout = engine.lay_out(self._chosen.images, self._chosen.labels)
            self.rows = np.arange(len(self._chosen))
        self.order: Order = np.arange(len(self.rows), dtype=np.int64)

    def next_epoch(self) -> tuple[Any, Order]:
        """The layout to train on, and which of its examples in which order."""
        self.order = self.randomness.reorder(self.order)
        if self._renewed:
            compiled = self.engine.compiled
            images = expand_images(
                self.expand, self._chosen.images, self.shape, self._bits, compiled=compiled
            )
            self._layout = self.engine.lay_out(images, self._chosen.labels)
        return self._layout, self.rows[self.order]

    def state(self) -> dict[str, Any]:
        """What `restore` needs beside the examples: order and generators, as JSON values."""
        return {
            "order": self.order.tolist(),
            "randomness": self.randomness.state(),
            "expand": self._bits.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on after the epoch at whose end `state` was taken."""
        self.order = np.array(state["order"], dtype=np.int64)
        self.randomness.restore(state["randomness"])
        set_state(self._bits, state["expand"])


@dataclass(frozen=True)
class EvaluatedSet:
    """Some examples of a layout."""

    layout: Any
    rows: Order

    @property
    def size(self) -> int:
        """How many they are."""
        return len(self.rows)


@dataclass(frozen=True)
class EvaluatedSets:
    """What a run is evaluated on: its own images (as published), validation, test."""

    train: EvaluatedSet
    validation: EvaluatedSet | None
    test: EvaluatedSet


def evaluated_sets(
    engine: type[Engine], config: Config, dataset: Dataset, trained: Order
) -> EvaluatedSets:
    """The sets of a run that is trained on the images `trained`."""
    laid, held_back = laid_out(engine, dataset), validation_rows(config, dataset)
    return EvaluatedSets(
        EvaluatedSet(laid.train, trained),
        EvaluatedSet(laid.train, held_back) if held_back is not None else None,
        EvaluatedSet(laid.test, np.arange(len(dataset.test))),
    )


def expand_images(
    config: ExpandConfig,
    images: Bytes,
    shape: tuple[int, int],
    bits: np.random.PCG64,
    *,
    compiled: bool,
) -> Bytes:
    """Another version of each image, (N, n_in), drawn from a stream."""
    if config.name == "distort":
        return distort(
            images,
            shape,
            bits,
            angle=config.angle,
            alpha=config.alpha,
            sigma=config.sigma,
            compiled=compiled,
        )
    return random_shift(images, shape, bits)
