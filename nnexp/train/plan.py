"""What a config asks for: the problem, the first weights, which examples."""

from __future__ import annotations

import numpy as np

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.data.expand import MOVES
from nnexp.data.splits import subset_indices
from nnexp.errors import UserError
from nnexp.nn.draws import permutation
from nnexp.nn.initializers import DRAWN, fixed
from nnexp.nn.parameters import Parameters
from nnexp.nn.regularizers import OWN, REGULARIZERS, Regularization
from nnexp.train import nielsen2014
from nnexp.train.engine import Problem
from nnexp.train.streams import Order, Pcg64, Permutation, Randomness, stream


def sizes_of(config: Config, dataset: Dataset) -> tuple[int, ...]:
    """Units per layer, input first."""
    return (dataset.train.images.shape[1], *config.model.hidden, dataset.n_outputs)


def pixel_max_of(config: Config, dataset: Dataset) -> float:
    """What a byte of an image is divided by."""
    if config.rng == "nielsen2014" and dataset.n_outputs > 1:
        return nielsen2014.PIXEL_MAX
    return dataset.pixel_max


def problem_of(config: Config, dataset: Dataset) -> Problem:
    """What a step of training is."""
    return Problem(
        sizes=sizes_of(config, dataset),
        activation=config.model.activation,
        cost=config.cost.name,
        dtype=config.train.dtype,
        batch_size=config.train.batch_size,
        n=config.data.n_train * (len(MOVES) if config.expand.fixed else 1),
        input_scale=1.0 / pixel_max_of(config, dataset),
        eta=config.train.eta,
        momentum=config.train.momentum,
        nesterov=config.train.nesterov,
        average=config.train.average,
        smoothing=config.cost.smoothing,
        regularization=regularization_of(config),
        dropout=config.dropout,
    )


def regularization_of(config: Config) -> Regularization:
    """The coefficients that `reg=` names."""
    reg = config.reg
    if reg.name in OWN:
        return Regularization(biases=reg.biases, own=reg.name, own_lmbda=reg.lmbda)
    return REGULARIZERS[reg.name](reg.lmbda, reg.lmbda_l1, reg.max_norm, reg.biases)


def randomness_of(config: Config, sizes: tuple[int, ...], permute: Permutation) -> Randomness:
    """The generators of initial weights and order that `rng=` names."""
    if config.rng == "nielsen2014":
        return nielsen2014.Nielsen2014(config.seed, sizes, config.init.name)
    return Pcg64(config.seed, permute)


def initial_parameters(config: Config, sizes: tuple[int, ...]) -> Parameters:
    """The untrained network, in float64."""
    if config.init.name == "fixed":
        return fixed(sizes, config.init.weight, config.init.bias)
    return DRAWN[config.init.name](sizes, randomness_of(config, sizes, permutation).initial())


def training_rows(config: Config, dataset: Dataset) -> Order:
    """Which of the training images the run is trained on."""
    chosen = subset_indices(
        len(dataset.train),
        n_train=config.data.n_train,
        n_validation=config.data.n_validation,
        subset=config.data.subset,
        bits=stream(config.seed, "subset"),
    )
    return np.arange(len(dataset.train))[chosen]


def validation_rows(config: Config, dataset: Dataset) -> Order | None:
    """The training images that are held back; None where every one is trained on."""
    total, held_back = len(dataset.train), config.data.n_validation
    if not held_back or config.data.n_train > total - held_back:
        return None
    return np.arange(total - held_back, total)


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
    for key, follows in (
        ("stop=early", config.stop.name == "early"),
        ("schedule=halve", config.schedule.name == "halve"),
    ):
        if follows and validation_rows(config, dataset) is None:
            raise UserError(
                f"{key}: there is no validation data with data.n_train={config.data.n_train}; "
                f"allowed: up to {len(dataset.train) - config.data.n_validation} training images"
            )
