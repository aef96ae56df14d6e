"""The book's lists of pairs (x, y), made when they are asked for, that know where they are from.

50,000 pairs as the book's program holds them are some 300 MB. Here a pair is the name of its set
and its number there; x and y are made of the image each time. So a list, a slice or any other
selection of pairs can be told to be, say, the first 1,000 training images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, SupportsIndex, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from nnexp.config.plurals import with_article
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.train.plan import pixel_max_of

Floats: TypeAlias = NDArray[np.float64]
Target: TypeAlias = "Floats | int"

TRAINING, VALIDATION, TEST = "training", "validation", "test"
"""The three sets that the book's program makes of MNIST."""


def one_hot(digits: NDArray[np.integer[Any]], classes: int) -> Floats:
    """Columns (classes, N) with 1 at the digit and 0 elsewhere."""
    columns = np.zeros((classes, len(digits)))
    columns[digits, np.arange(len(digits))] = 1.0
    return columns


def vectorized_result(j: int) -> Floats:
    """The digit j as the output that is wanted of the network: (10, 1), 1 at j and 0 elsewhere.

    Raises:
        UserError: j is no digit; of −1, NumPy would make 9.
    """
    if not isinstance(j, Integral) or not 0 <= j <= 9:
        raise UserError(f"j={j!r}: allowed: a whole number, 0 to 9")
    return one_hot(np.array([j]), 10)


@dataclass(frozen=True, eq=False)
class Source:
    """One of the three sets, and how its pairs are given out."""

    part: str
    """`training`, `validation` or `test`."""
    dataset: Dataset
    images: NDArray[np.uint8]
    """(N, 784)"""
    labels: NDArray[np.uint8]
    """(N,)"""
    rng: str
    """Whose scale x has: bytes / 255 (`pcg64`), or / 256 as in the book's file (`nielsen2014`)."""

    def inputs(self, numbers: NDArray[np.integer[Any]], rng: str) -> Floats:
        """Images as columns (784, N), on the scale that runs with `rng` are trained on."""
        x: Floats = self.images[numbers].T / pixel_max_of(Config(rng=rng), self.dataset)
        return x


class Pair(Sequence[Any]):
    """An image and what it shows: `x, y = pair`.

    x is a column (784, 1); y is a column (10, 1) in the training set, as the network is to answer,
    and the digit in the others. Both are made anew each time, and read-only: what would be written
    into them would be lost.
    """

    __slots__ = ("number", "source")

    def __init__(self, source: Source, number: int) -> None:
        self.source, self.number = source, number

    @property
    def x(self) -> Floats:
        """The image (784, 1)."""
        return _kept(self.source.inputs(np.array([self.number]), self.source.rng))

    @property
    def y(self) -> Target:
        """What it shows."""
        digit = self.digit
        if self.source.part != TRAINING:
            return digit
        return _kept(one_hot(np.array([digit]), self.source.dataset.n_outputs))

    @property
    def digit(self) -> int:
        """What it shows, as a digit."""
        return int(self.source.labels[self.number])

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[Any]:
        yield self.x
        yield self.y

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return tuple(self)[position]
        return getattr(self, ("x", "y")[position])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pair) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return (
            f"<image {self.number} of the {self.source.part} set: {with_article(str(self.digit))}>"
        )

    @property
    def _key(self) -> tuple[str, str, int]:
        return self.source.part, self.source.rng, self.number


class Pairs(Sequence[Pair]):
    """Pairs of one set, as a list of them behaves: index, slice, iterate, add; not to be changed.

    `list(pairs)` is a list that can be changed, of pairs that still know where they are from.
    """

    __slots__ = ("numbers", "source")

    def __init__(self, source: Source, numbers: range) -> None:
        self.source, self.numbers = source, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[Pair]:
        return (Pair(self.source, number) for number in self.numbers)

    @overload
    def __getitem__(self, position: SupportsIndex) -> Pair: ...
    @overload
    def __getitem__(self, position: slice) -> Pairs: ...
    def __getitem__(self, position: SupportsIndex | slice) -> Pair | Pairs:
        found = self.numbers[position]
        if isinstance(found, range):
            return Pairs(self.source, found)
        return Pair(self.source, found)

    def __add__(self, others: Sequence[Any]) -> list[Any]:
        return [*self, *others]

    def __radd__(self, others: Sequence[Any]) -> list[Any]:
        return [*others, *self]

    def __repr__(self) -> str:
        return f"<{len(self):,} pairs (x, y) of the {self.source.part} set>"


def first_of(data: Sequence[Any], part: str) -> int:
    """n, if the data are the first n ≥ 1 pairs of a set in its order; else 0."""
    if isinstance(data, Pairs):
        first = data.source.part == part and data.numbers == range(len(data))
    else:
        first = all(
            isinstance(pair, Pair) and pair.source.part == part and pair.number == number
            for number, pair in enumerate(data)
        )
    return len(data) if first else 0


def whole(data: Sequence[Any]) -> str:
    """`validation` or `test`, if the data are all of that set in its order; else empty."""
    for part in (VALIDATION, TEST):
        n = first_of(data, part)
        if n and n == len(data[0].source.labels):
            return part
    return ""


def touches(data: Sequence[Any], part: str) -> bool:
    """Whether any of the pairs is of a set."""
    if isinstance(data, Pairs):
        return data.source.part == part
    return any(isinstance(pair, Pair) and pair.source.part == part for pair in data)


def _kept(array: Floats) -> Floats:
    array.flags.writeable = False
    return array
