"""What a search chooses from: for each searched key an interval, or a list of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

DIGITS = 4
"""Significant digits of a chosen number: more would tell apart what no run can."""


@dataclass(frozen=True)
class Interval:
    """Numbers between two ends, both allowed; spread evenly, or with `log` by their logarithms."""

    key: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    """Whole numbers only."""

    def at(self, u: float) -> str:
        """The value a share u (0 to 1) of the way from low to high, as it is typed."""
        if self.log:
            value = math.exp(math.log(self.low) * (1.0 - u) + math.log(self.high) * u)
        else:
            value = self.low * (1.0 - u) + self.high * u
        return self.text(value)

    @property
    def typed(self) -> str:
        """`log(0.01,3)`."""
        return f"{'log' if self.log else 'uniform'}({self.low:g},{self.high:g})"

    def share(self, value: float) -> float:
        """The inverse of `at`."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low)

    def text(self, value: float) -> str:
        """A number as it is typed, rounded to `DIGITS`."""
        value = min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)
        return str(round(value)) if self.whole else f"{value:.12g}"


@dataclass(frozen=True)
class Choice:
    """Some values, in the order they were typed."""

    key: str
    values: tuple[str, ...]

    def at(self, u: float) -> str:
        """The value a share u (0 to 1) of the way through the list."""
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]


Space = Interval | Choice
Point = dict[str, str]
"""A value, as it is typed, for each searched key."""


def number_of(spaces: Sequence[Space]) -> int | None:
    """How many points there are, where all spaces are lists; else more than can be tried."""
    if not all(isinstance(space, Choice) for space in spaces):
        return None
    return math.prod(len(space.values) for space in spaces if isinstance(space, Choice))


def coordinates(spaces: Sequence[Space], point: Point) -> list[float]:
    """A point in the unit cube: intervals by their share, of lists a coordinate for each value."""
    found: list[float] = []
    for space in spaces:
        if isinstance(space, Choice):
            found += [float(point[space.key] == value) for value in space.values]
        else:
            found.append(space.share(float(point[space.key])))
    return found
