"""Networks in JSON, as the book's program writes and reads them.

One object: `sizes`, a list of whole numbers; `weights`, a matrix (n_out, n_in) for each layer;
`biases`, a column (n_out, 1) for each; `cost`, the name of the class. JSON has as many digits of a
number as it takes to read the same bits again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from nnexp.atomic_files import write_whole
from nnexp.book.pairs import Floats
from nnexp.errors import UserError

FileName: TypeAlias = str | PathLike[str]
KEYS = ("sizes", "weights", "biases", "cost")


@dataclass(frozen=True)
class Saved:
    """What a file holds."""

    sizes: list[int]
    weights: list[Floats]
    biases: list[Floats]
    """(n_out, 1) each."""
    cost: str


def write(filename: FileName, saved: Saved) -> None:
    """Write a network; an existing file is replaced.

    Raises:
        OSError: the file cannot be written.
    """
    content = {
        "sizes": saved.sizes,
        "weights": [w.tolist() for w in saved.weights],
        "biases": [b.tolist() for b in saved.biases],
        "cost": saved.cost,
    }
    write_whole(Path(fspath(filename)), json.dumps(content).encode())


def read(filename: FileName, costs: Sequence[str]) -> Saved:
    """Read a network whose cost is one of some classes.

    Raises:
        UserError: no such file, or not a saved network: one line that says what is amiss.
    """
    where = f"filename={fspath(filename)}"
    try:
        with open(filename, encoding="utf-8") as file:
            content = json.load(file)
    except OSError as error:
        raise UserError(f"{where}: {error.strerror or error}; allowed: a saved network") from error
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{where}: is not JSON ({reason}); allowed: a saved network") from error
    if not isinstance(content, dict):
        raise UserError(f"{where}: holds no JSON object; allowed: one with {', '.join(KEYS)}")
    missing = [key for key in KEYS if key not in content]
    if missing:
        raise UserError(f"{where}: {', '.join(missing)} missing; allowed: {', '.join(KEYS)}")
    if content["cost"] not in costs:
        raise UserError(f"{where}: cost is {content['cost']!r}; allowed: {', '.join(costs)}")
    sizes = _sizes(content, where)
    return Saved(
        sizes,
        _arrays(content, "weights", [(n, m) for m, n in pairwise(sizes)], where),
        _arrays(content, "biases", [(n, 1) for n in sizes[1:]], where),
        content["cost"],
    )


def _sizes(content: Mapping[str, Any], where: str) -> list[int]:
    sizes = content["sizes"]
    plain = isinstance(sizes, list) and all(type(n) is int and n > 0 for n in sizes)
    if not plain or len(sizes) < 2:
        raise UserError(
            f"{where}: sizes is {_short(sizes)}; allowed: a list of two numbers or more, "
            "each at least 1"
        )
    return list(sizes)


def _arrays(
    content: Mapping[str, Any], key: str, shapes: Sequence[tuple[int, int]], where: str
) -> list[Floats]:
    lists = content[key]
    if not isinstance(lists, list) or len(lists) != len(shapes):
        found = len(lists) if isinstance(lists, list) else "no"
        raise UserError(
            f"{where}: {key} has {found} arrays; allowed: {len(shapes)}, "
            f"as sizes={content['sizes']} has it"
        )
    arrays = []
    for layer, (values, shape) in enumerate(zip(lists, shapes, strict=True)):
        try:
            array = np.array(values, np.float64)
        except (TypeError, ValueError, OverflowError):
            raise UserError(
                f"{where}: {key}[{layer}] is no array of numbers; allowed: shape {shape}"
            ) from None
        if array.shape != shape:
            raise UserError(
                f"{where}: {key}[{layer}] has the shape {array.shape}; allowed: {shape}"
            )
        arrays.append(array)
    return arrays


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
