"""The weights of a recorded network's first layer, and how they are distributed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters
from nnexp.record.served_runs import runs_of_ids
from nnexp.record.store import Store
from nnexp.study.recorded import recorded_config, recorded_data, recorded_weights

if TYPE_CHECKING:
    from mlflow.entities import Run

Floats = NDArray[np.float64]

NEAR = 0.01
"""Weights closer to zero than this count as near zero."""


def first_layer(parameters: Parameters, dataset: Dataset) -> Floats:
    """The weights of pixels that some training image uses; the data move no others. Flat."""
    used = dataset.train.images.any(axis=0)
    return parameters.weights[0][:, used].astype(np.float64).ravel()


def near_zero(weights: Floats) -> float:
    """The share of weights within `NEAR` of zero."""
    return float(np.mean(np.abs(weights) < NEAR))


MEASURES: Mapping[str, Callable[[Floats], float]] = {
    "weights/near_zero": near_zero,
    "weights/largest": lambda weights: float(np.abs(weights).max()),
    "weights/norm": lambda weights: float(np.sqrt(np.sum(weights**2))),
}
"""What claims may ask of the first layer, by name."""


def measured(store: Store, run_ids: Sequence[str], name: str) -> list[float]:
    """One of `MEASURES` for each run; NaN where its weights or data are not here."""
    return [_measured(store, run, MEASURES[name]) for run in runs_of_ids(store, run_ids)]


def _measured(store: Store, run: Run, measure: Callable[[Floats], float]) -> float:
    with suppress(UserError):
        if (network := recorded_weights(store, run)) is not None:
            return measure(first_layer(network, recorded_data(run, recorded_config(run, None))))
    return float("nan")
