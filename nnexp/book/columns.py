"""Pairs as columns: what `nnexp.nn` takes, checked against the network that is to take them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.book.pairs import Floats, Pair, Pairs, one_hot
from nnexp.errors import UserError

BLOCK = 5_000
"""Pairs that are evaluated at a time: 30 MB of images."""


@dataclass(frozen=True)
class Network:
    """What has to be known of a network to check pairs, and to scale images for it."""

    sizes: Sequence[int]
    rng: str

    @property
    def inputs(self) -> int:
        """Rows of x."""
        return self.sizes[0]

    @property
    def outputs(self) -> int:
        """Rows of y."""
        return self.sizes[-1]


@dataclass(frozen=True)
class Columns:
    """B examples."""

    x: Floats
    """(n_in, B)"""
    y: Floats
    """(n_out, B)"""
    classes: NDArray[np.intp]
    """(B,): the digit, or where y is greatest."""


def sequence_of(name: str, data: Any) -> Sequence[Any]:
    """Pairs, however they come (a list, a slice of ours, Python 3's `zip`), with a length.

    Raises:
        UserError: no pairs at all.
    """
    if isinstance(data, Pairs):
        return data
    try:
        found = list(data)
    except TypeError:
        raise UserError(f"{name}={data!r}: allowed: a list of pairs (x, y)") from None
    if not found:
        raise UserError(f"{name}=[]: allowed: a list of at least one pair (x, y)")
    return found


def check_pairs(name: str, data: Sequence[Any], network: Network) -> None:
    """Refuse pairs that are not of the shape of the network.

    Raises:
        UserError: one line that names the first of them, and what is allowed.
    """
    if not len(data):
        raise UserError(f"{name}: is empty; allowed: at least one pair (x, y)")
    if isinstance(data, Pairs):
        _checked(data[0], f"{name}[0]", network)
        return
    for number, pair in enumerate(data):
        # Of pairs of ours, one is as good as the other.
        if not (number and isinstance(pair, Pair) and isinstance(data[number - 1], Pair)):
            _checked(pair, f"{name}[{number}]", network)


def columns_of(name: str, data: Sequence[Any], network: Network) -> Columns:
    """Pairs side by side.

    Images of MNIST are given to a network on the scale that it is trained on, whatever that of x.

    Raises:
        UserError: as `check_pairs`.
    """
    check_pairs(name, data, network)
    first = data[0]
    if isinstance(data, Pairs):
        return _of_images(first, np.arange(len(data.source.labels))[_slice(data)], network)
    if all(isinstance(pair, Pair) and pair.source is first.source for pair in data):
        numbers = np.fromiter((pair.number for pair in data), np.intp, len(data))
        return _of_images(first, numbers, network)
    found = [_checked(pair, f"{name}[{k}]", network) for k, pair in enumerate(data)]
    xs, ys, classes = zip(*found, strict=True)
    return Columns(np.hstack(xs), np.hstack(ys), np.array(classes, np.intp))


def blocks(name: str, data: Sequence[Any], network: Network) -> Iterator[Columns]:
    """Pairs side by side, some thousand at a time.

    Raises:
        UserError: as `check_pairs`.
    """
    check_pairs(name, data, network)
    for start in range(0, len(data), BLOCK):
        yield columns_of(name, data[start : start + BLOCK], network)


def _of_images(first: Pair, numbers: NDArray[np.intp], network: Network) -> Columns:
    digits = first.source.labels[numbers].astype(np.intp)
    x = first.source.inputs(numbers, network.rng)
    return Columns(x, one_hot(digits, network.outputs), digits)


def _slice(data: Pairs) -> slice:
    """The numbers of pairs as a slice of all numbers of their set."""
    numbers = data.numbers
    # Counted down to the first image, a range ends at −1, which in a slice is the last.
    return slice(numbers.start, None if numbers.stop < 0 else numbers.stop, numbers.step)


def _checked(pair: Any, where: str, network: Network) -> tuple[Floats, Floats, int]:
    """x (n_in, 1), y (n_out, 1) and the class of one pair."""
    if isinstance(pair, Pair):
        x, y = pair.source.inputs(np.array([pair.number]), network.rng), pair.y
    else:
        try:
            x, y = tuple[Any, Any](pair)
        except (TypeError, ValueError):
            kind = type(pair).__name__
            raise UserError(f"{where}: is a {kind}; allowed: a pair (x, y)") from None
        x = as_numbers(x, f"{where}: x")
        if isinstance(y, np.ndarray) and y.ndim == 0:
            y = y[()]
    sizes = f"as sizes={list(network.sizes)} has it"
    if x.shape != (network.inputs, 1):
        raise UserError(
            f"{where}: x has the shape {x.shape}; allowed: ({network.inputs}, 1), {sizes}"
        )
    if isinstance(y, Integral):
        digit = int(y)
        if not 0 <= digit < network.outputs:
            raise UserError(f"{where}: y is {digit}; allowed: 0 to {network.outputs - 1}, {sizes}")
        return x, one_hot(np.array([digit]), network.outputs), digit
    column = as_numbers(y, f"{where}: y")
    if column.shape != (network.outputs, 1):
        raise UserError(
            f"{where}: y has the shape {column.shape}; allowed: a digit, or "
            f"({network.outputs}, 1), {sizes}"
        )
    return x, column, int(np.argmax(column))


def as_numbers(value: Any, where: str) -> Floats:
    """Numbers as an array of float64.

    Raises:
        UserError: one line that says where something else is.
    """
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise UserError(f"{where} is a {kind}; allowed: an array of numbers") from None
