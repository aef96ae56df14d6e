"""Ranges as they are typed: what a search chooses from (`study.search_space`)."""

from __future__ import annotations

import math
import re

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override

from nnexp.config.arguments import cut, quoted_texts
from nnexp.config.messages import kind_of
from nnexp.errors import UserError
from nnexp.study.search_space import Choice, Interval, Space

FORMS = "log(LOW,HIGH), uniform(LOW,HIGH), interval(LOW,HIGH), choice(A,B), range(A,B), or A,B"

_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
_OURS = re.compile(rf"(log|uniform)\({_NUMBER},{_NUMBER}\)")


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
