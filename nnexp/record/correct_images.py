"""`correct.npz`: which validation and test images a recorded network gets right, a bit an image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, Examples
from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters
from nnexp.record.weights import DAMAGE, arrays_of
from nnexp.train.engines import engine_of
from nnexp.train.examples import laid_out
from nnexp.train.plan import pixel_max_of, validation_rows
from nnexp.train.streams import Order

NAME = "correct.npz"
SETS = ("test", "validation")

MOST_BYTES = 20_000_000
"""Of a hundred million images, and more."""

Bits = Mapping[str, NDArray[np.bool_]]
"""By set, in the order of the data, whether each image is taken for what it is."""


def correct_of(config: Config, dataset: Dataset, parameters: Parameters) -> Bits:
    """What a network gets right, by the engine of its run; the first of equal outputs counts.

    Test images are left out where the run never looks at test data; a single neuron has none.
    """
    if dataset.n_outputs < 2:
        return {}
    engine = engine_of(config)
    # The run has laid them out already: so this costs one pass over them, no more.
    laid = laid_out(engine, dataset)
    scale = 1.0 / pixel_max_of(config, dataset)

    def right(layout: Any, examples: Examples, rows: Order) -> NDArray[np.bool_]:
        activation, cost = config.model.activation, config.cost.name
        outputs = engine.outputs(parameters, activation, cost, layout, rows, scale)
        found: NDArray[np.bool_] = outputs.argmax(axis=1) == examples.labels[rows]
        return found

    bits = {}
    if config.monitor.test != "never" and len(dataset.test):
        bits["test"] = right(laid.test, dataset.test, np.arange(len(dataset.test)))
    held_back = validation_rows(config, dataset)
    if held_back is not None and len(held_back):
        bits["validation"] = right(laid.train, dataset.train, held_back)
    return bits


def save_correct(path: Path, bits: Bits) -> None:
    """Write each set packed, eight images a byte, and as `n_test`, `n_validation` their number."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, right in bits.items():
        arrays[name] = np.packbits(right)
        arrays[f"n_{name}"] = np.array(len(right), np.int64)
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_correct(path: Path) -> Bits:
    """Read what `save_correct` wrote.

    Raises:
        UserError: the file cannot be read, or holds something else.
    """
    try:
        with path.open("rb") as file:
            arrays = arrays_of(file, MOST_BYTES)
        bits = {name: _unpacked(arrays, name) for name in SETS if name in arrays}
        if len(arrays) != 2 * len(bits):
            raise ValueError(f"it holds {', '.join(sorted(arrays))}")
    except DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"{path.name}: damaged, or not of packed bits of {', '.join(SETS)} ({reason})"
        ) from error
    return bits


def _unpacked(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.bool_]:
    packed, count = arrays[name], arrays[f"n_{name}"]
    if count.shape or count.dtype != np.int64 or packed.dtype != np.uint8 or packed.ndim != 1:
        raise ValueError(f"{name} is no packed bits with their number")
    if packed.size != -(-int(count) // 8):
        raise ValueError(f"{name} has {packed.size} bytes for {int(count)} images")
    return np.unpackbits(packed, count=int(count)).astype(np.bool_)
