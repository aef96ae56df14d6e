"""What a search chooses from: for each searched key an interval, or a list of values."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override

from nnexp.config.arguments import cut, quoted_texts
from nnexp.config.messages import kind_of
from nnexp.errors import UserError

DIGITS = 4
"""Significant digits of a chosen number: more would tell apart what no run can."""

FORMS = "log(LOW,HIGH), uniform(LOW,HIGH), interval(LOW,HIGH), choice(A,B), range(A,B), or A,B"

_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
_OURS = re.compile(rf"(log|uniform)\({_NUMBER},{_NUMBER}\)")


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


def space_of(argument: str) -> Space | None:
    """What `key=value` searches over; None for a single value, which holds for all trials.

    Raises:
        UserError: a range that cannot be read, or is of no use with that key.
    """
    key, _, value = argument.partition("=")
    refusal = UserError(f"{key}={cut(value)}: cannot be read; allowed: {FORMS}")
    if re.match(r"\s*(log|uniform)\b", value) and "(" in value:
        match = _OURS.fullmatch(value.strip())
        if match is None:
            raise refusal
        return _interval(key, value, float(match[2]), float(match[3]), log=match[1] == "log")
    (typed,) = quoted_texts([argument])
    try:
        override = OverridesParser.create().parse_override(typed)
        if not override.is_sweep_override():
            return None
        return _of_hydra(key, value, override)
    except UserError:
        raise
    except Exception as error:  # Hydra's parser answers bad input in many ways.
        raise refusal from error


def _of_hydra(key: str, value: str, override: Override) -> Space:
    sweep = override.value()
    if isinstance(sweep, IntervalSweep):
        assert sweep.start is not None
        assert sweep.end is not None
        return _interval(
            key, value, float(sweep.start), float(sweep.end), log="log" in sweep.tags
        )  # fmt: skip
    values = tuple(dict.fromkeys(map(str, override.sweep_string_iterator())))
    if len(values) < 2:
        raise UserError(f"{key}={cut(value)}: one value; allowed: two or more to choose from")
    return Choice(key, values)


def _interval(key: str, typed: str, low: float, high: float, *, log: bool) -> Interval:
    said = f"{key}={cut(typed)}"
    kind = kind_of(key)
    if kind not in ("a number", "a whole number"):
        raise UserError(f"{said}: no number; allowed: A,B (values of {key} to choose from)")
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise UserError(f"{said}: allowed: two finite numbers, the lower one first")
    if log and low <= 0.0:
        raise UserError(f"{said}: allowed: ends above 0, or uniform({low:g},{high:g})")
    whole = kind == "a whole number"
    if whole and not (low.is_integer() and high.is_integer()):
        raise UserError(f"{said}: allowed: whole numbers")
    return Interval(key, low, high, log=log, whole=whole)
