"""What a trained network says about examples: outputs, class probabilities, cost and hits.

By the engine that the run was trained with; where that cannot be had, by the other.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, Examples
from nnexp.nn.parameters import Parameters
from nnexp.train.engine import DropoutStreams, Engine, Measured
from nnexp.train.engines import ENGINES, available
from nnexp.train.plan import problem_of


def outputs(
    config: Config, parameters: Parameters, images: NDArray[np.uint8], pixel_max: float
) -> NDArray[np.float64]:
    """Output activations a^L, shape (N, n_outputs), for images (N, n_in)."""
    engine = _engine(config)
    layout = engine.lay_out(images, np.zeros(len(images), np.uint8))
    activation, cost = config.model.activation, config.cost.name
    rows, scale = np.arange(len(images)), 1.0 / pixel_max
    return engine.outputs(parameters, activation, cost, layout, rows, scale)


def measure(
    config: Config, parameters: Parameters, dataset: Dataset, examples: Examples
) -> Measured:
    """Mean data cost and hits of a network on examples that need not be the data set's own."""
    engine = _engine(config)
    layout = engine.lay_out(examples.images, examples.labels)
    nothing = DropoutStreams(np.random.PCG64(0), np.random.PCG64(0))
    network = engine(problem_of(config, dataset), parameters, nothing, dense=False)
    return network.measure(layout, np.arange(len(examples)), parameters)


def _engine(config: Config) -> type[Engine]:
    return ENGINES[config.train.engine if available() == "compiled" else "numpy"]()


def probabilities(activations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Output activations divided by their sum; equal shares where all of them are zero."""
    # One output after another: the order of NumPy's own sums is its own.
    total = reduce(np.add, activations.T)[:, None]
    share = np.full_like(activations, 1.0 / activations.shape[1])
    np.divide(activations, total, out=share, where=total > 0)
    return share
