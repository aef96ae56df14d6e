"""From configs to a stack: the shape runs must share, and what each run brings along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.data.expand import MOVES
from nnexp.data.splits import subset_indices
from nnexp.errors import UserError
from nnexp.nn.initializers import DRAWN, fixed
from nnexp.nn.network import Stack
from nnexp.nn.parameters import Parameters
from nnexp.nn.sgd import Method, Rates, Velocity
from nnexp.train import nielsen2014
from nnexp.train.engine import Engine, Member, Shape
from nnexp.train.evaluation import ExampleSet
from nnexp.train.expanded import expanded_feed
from nnexp.train.feed import Feed
from nnexp.train.pixels import SortedImages, sorted_images
from nnexp.train.streams import Order, Pcg64, Randomness, stream


def sizes_of(config: Config, dataset: Dataset) -> tuple[int, ...]:
    """Units per layer, input first."""
    return (dataset.train.images.shape[1], *config.model.hidden, dataset.n_outputs)


def pixel_max_of(config: Config, dataset: Dataset) -> float:
    """What a byte of an image is divided by."""
    if config.rng == "nielsen2014" and dataset.n_outputs > 1:
        return nielsen2014.PIXEL_MAX
    return dataset.pixel_max


def shape_of(config: Config, dataset: Dataset) -> Shape:
    """What a run must share with others to be trained in one stack with them."""
    return Shape(
        sizes=sizes_of(config, dataset),
        activation=config.model.activation,
        cost=config.cost.name,
        dtype=config.train.dtype,
        batch_size=config.train.batch_size,
        n=config.data.n_train * (len(MOVES) if config.expand.fixed else 1),
        input_scale=1.0 / pixel_max_of(config, dataset),
        method=Method(
            momentum=config.train.momentum > 0.0,
            l1=config.reg.name in ("l1", "elastic"),
            max_norm=config.reg.name == "maxnorm",
            biases=config.reg.biases,
        ),
    )


def rates_of(config: Config) -> Rates:
    """η, λ and the rest of one run as arrays of shape (1,)."""
    reg = config.reg
    l2 = reg.lmbda if reg.name in ("l2", "elastic") else 0.0
    l1 = {"l1": reg.lmbda, "elastic": reg.lmbda_l1}.get(reg.name, 0.0)
    limit = reg.max_norm if reg.name == "maxnorm" else np.inf
    values = (config.train.eta, l2, l1, limit, config.train.momentum)
    return Rates(*(np.array([value], dtype=np.float64) for value in values))


def randomness_of(config: Config, sizes: tuple[int, ...]) -> Randomness:
    """The generators of initial weights and order that `rng=` names."""
    if config.rng == "nielsen2014":
        return nielsen2014.Nielsen2014(config.seed, sizes, config.init.name)
    return Pcg64(config.seed)


def initial_parameters(config: Config, sizes: tuple[int, ...]) -> Parameters:
    """The untrained network, float64, inputs in their original order."""
    if config.init.name == "fixed":
        return fixed(sizes, config.init.weight, config.init.bias)
    return DRAWN[config.init.name](sizes, randomness_of(config, sizes).initial())


def training_rows(config: Config, dataset: Dataset) -> Order:
    """Which of the training images the run is trained on."""
    chosen = subset_indices(
        len(dataset.train),
        n_train=config.data.n_train,
        n_validation=config.data.n_validation,
        subset=config.data.subset,
        rng=stream(config.seed, "subset"),
    )
    return np.arange(len(dataset.train))[chosen]


def check_data(config: Config, dataset: Dataset) -> None:
    """Refuse what only the data can tell: sizes it does not have, stopping it cannot judge.

    Raises:
        UserError: one line naming key, value and what is allowed.
    """
    try:
        training_rows(config, dataset)
    except UserError as error:
        if config.size == str(config.data.n_train):
            raise
        raise UserError(f"size={config.size}: {error}") from error
    whole = config.data.n_train == len(dataset.train)
    if config.stop.name == "early" and (whole or not config.data.n_validation):
        raise UserError(
            f"stop=early: there is no validation data with data.n_train={config.data.n_train}; "
            f"allowed: up to {len(dataset.train) - config.data.n_validation} training images"
        )


@dataclass(frozen=True)
class Sets:
    """The sets of examples that runs are evaluated on."""

    train: list[ExampleSet]
    """One per run; runs trained on the same examples have the same object."""
    validation: ExampleSet | None
    test: ExampleSet


@dataclass(frozen=True)
class Plan:
    """A stack ready to be trained."""

    shape: Shape
    engine: Engine
    sets: Sets
    images: SortedImages
    positions: list[int]
    """For each run of the stack, its position among the configs."""


def plan(configs: Sequence[Config], dataset: Dataset) -> Plan:
    """Lay out runs as one stack: those of a seed side by side, as they share their mini-batches.

    Raises ValueError if the configs do not share one shape.
    """
    shapes = {shape_of(config, dataset) for config in configs}
    if len(shapes) != 1:
        raise ValueError(f"runs of {len(shapes)} different shapes cannot be stacked")
    shape = shapes.pop()
    images = sorted_images(dataset)
    positions = sorted(range(len(configs)), key=lambda k: (*_feed_key(configs[k]), k))
    ordered = [configs[k] for k in positions]
    builder = _Builder(dataset, shape, images)
    members = [builder.member(config) for config in ordered]
    dtype: np.dtype[Any] = np.dtype(shape.dtype)
    parameters = [initial_parameters(config, shape.sizes) for config in ordered]
    stack = Stack.of([images.pixels.sort_inputs(p) for p in parameters], dtype)
    velocity = Velocity.at_rest(stack) if shape.method.momentum else None
    sets = Sets([builder.train_set(c) for c in ordered], *builder.held_out(ordered[0]))
    return Plan(shape, Engine(shape, stack, members, velocity), sets, images, positions)


def _feed_key(config: Config) -> tuple[int, str, str, str, float]:
    expand = str(config.expand)
    return (config.seed, config.rng, config.data.subset, expand, config.dropout.input)


class _Builder:
    """Builds what runs share only once: feeds, streams, sets of examples."""

    def __init__(self, dataset: Dataset, shape: Shape, images: SortedImages) -> None:
        self.dataset, self.shape, self.images = dataset, shape, images
        self._feeds: dict[tuple[Any, ...], Feed] = {}
        self._streams: dict[tuple[Any, ...], np.random.Generator] = {}
        self._sets: dict[bytes, ExampleSet] = {}

    def member(self, config: Config) -> Member:
        return Member(
            rates=rates_of(config),
            feed=self._feed(config),
            dropout=config.dropout.hidden,
            dropout_stream=self._stream(config.seed, "dropout"),
            input_dropout=config.dropout.input,
            input_stream=self._stream(config.seed, "dropout_input", _feed_key(config)),
        )

    def _stream(self, seed: int, purpose: str, group: tuple[Any, ...] = ()) -> np.random.Generator:
        # Groups of the engine draw their input masks one after another: each needs a generator.
        key = (seed, purpose, group)
        if key not in self._streams:
            self._streams[key] = stream(seed, purpose)
        return self._streams[key]

    def _feed(self, config: Config) -> Feed:
        key = (config.seed, config.rng, config.data.subset, config.expand)
        if key not in self._feeds:
            randomness = randomness_of(config, self.shape.sizes)
            rows = training_rows(config, self.dataset)
            if config.expand.name == "none":
                extents = self.images.train_extents
                labels = self.dataset.train.labels
                self._feeds[key] = Feed(self.images.train, labels, extents, rows, randomness)
            else:
                self._feeds[key] = expanded_feed(
                    config.expand, self.dataset, self.images.pixels, rows, randomness, config.seed
                )
        return self._feeds[key]

    def train_set(self, config: Config) -> ExampleSet:
        rows = training_rows(config, self.dataset)
        key = rows.tobytes()
        if key not in self._sets:
            self._sets[key] = self._train_rows(rows)
        return self._sets[key]

    def held_out(self, config: Config) -> tuple[ExampleSet | None, ExampleSet]:
        total, n_validation = len(self.dataset.train), config.data.n_validation
        validation = None
        if n_validation and config.data.n_train <= total - n_validation:
            validation = self._train_rows(np.arange(total - n_validation, total))
        test = self._set(self.images.test, self.dataset.test.labels, self.images.test_extents)
        return validation, test

    def _train_rows(self, rows: Order) -> ExampleSet:
        labels, extents = self.dataset.train.labels[rows], self.images.train_extents[rows]
        return self._set(self.images.train[rows], labels, extents)

    def _set(self, images: Any, labels: Any, extents: Any) -> ExampleSet:
        dtype: np.dtype[Any] = np.dtype(self.shape.dtype)
        return ExampleSet(images, labels, extents, self.shape.sizes[-1], dtype)
