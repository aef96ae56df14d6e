"""All that a run needs to go on after an epoch: taken out of a stack, and put back into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.parameters import Array, Parameters
from nnexp.train.engine import Engine


@dataclass(frozen=True)
class Snapshot:
    """The state of one run between two epochs: arrays, and plain JSON values."""

    arrays: Mapping[str, NDArray[Any]]
    values: Mapping[str, Any]


def take(engine: Engine, k: int) -> Snapshot:
    """Weights, velocities, order and generators of run k of a stack (copies)."""
    stack, member = engine.stack, engine.members[k]
    arrays: dict[str, NDArray[Any]] = {"biases": stack.all_biases[k].copy()}
    for layer, weights in enumerate(stack.weights):
        arrays[f"weights{layer}"] = weights[k].copy()
    if engine.velocity is not None:
        arrays["velocity_biases"] = engine.velocity.biases[k].copy()
        for layer, weights in enumerate(engine.velocity.weights):
            arrays[f"velocity{layer}"] = weights[k].copy()
    values = {
        "feed": member.feed.state(),
        "dropout": member.dropout_stream.bit_generator.state,
        "input_dropout": member.input_stream.bit_generator.state,
    }
    return Snapshot(arrays, values)


def put(engine: Engine, k: int, snapshot: Snapshot) -> None:
    """The inverse of `take`.

    Raises:
        ValueError, KeyError: the snapshot is not one of such a run.
    """
    stack, member, arrays = engine.stack, engine.members[k], snapshot.arrays
    stack.all_biases[k] = _fitting(arrays["biases"], stack.all_biases[k])
    for layer, weights in enumerate(stack.weights):
        weights[k] = _fitting(arrays[f"weights{layer}"], weights[k])
    if engine.velocity is not None:
        biases = engine.velocity.biases
        biases[k] = _fitting(arrays["velocity_biases"], biases[k])
        for layer, weights in enumerate(engine.velocity.weights):
            weights[k] = _fitting(arrays[f"velocity{layer}"], weights[k])
    member.feed.restore(snapshot.values["feed"])
    member.dropout_stream.bit_generator.state = snapshot.values["dropout"]
    member.input_stream.bit_generator.state = snapshot.values["input_dropout"]


def parameters_of(arrays: Mapping[str, NDArray[Any]]) -> Parameters | None:
    """Parameters kept under `best…` names, or None if there are none."""
    layers = sorted(name for name in arrays if name.startswith("best_weights"))
    if not layers:
        return None
    count = range(len(layers))
    return Parameters(
        tuple(arrays[f"best_weights{i}"] for i in count),
        tuple(arrays[f"best_biases{i}"] for i in count),
    )


def named_parameters(parameters: Parameters) -> dict[str, Array]:
    """The inverse of `parameters_of`."""
    named: dict[str, Array] = {}
    for i, (w, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        named[f"best_weights{i}"], named[f"best_biases{i}"] = w, b
    return named


def _fitting(found: NDArray[Any], place: Array) -> NDArray[np.floating[Any]]:
    if found.shape != place.shape or found.dtype != place.dtype:
        raise ValueError(f"{found.dtype} {found.shape} where {place.dtype} {place.shape} belongs")
    return found
