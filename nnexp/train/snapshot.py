"""All that a run needs to go on after an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from nnexp.nn.parameters import Parameters


@dataclass(frozen=True)
class Snapshot:
    """The state of a run between two epochs: arrays, and plain JSON values."""

    arrays: Mapping[str, NDArray[Any]]
    values: Mapping[str, Any]


def named_parameters(parameters: Parameters) -> dict[str, NDArray[Any]]:
    """The best weights so far, by name."""
    named: dict[str, NDArray[Any]] = {}
    for i, (w, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        named[f"best_weights{i}"], named[f"best_biases{i}"] = w, b
    return named


def parameters_of(arrays: Mapping[str, NDArray[Any]]) -> Parameters | None:
    """The inverse of `named_parameters`, or None if there are none."""
    count = range(sum(name.startswith("best_weights") for name in arrays))
    if not count:
        return None
    return Parameters(
        tuple(arrays[f"best_weights{i}"] for i in count),
        tuple(arrays[f"best_biases{i}"] for i in count),
    )
