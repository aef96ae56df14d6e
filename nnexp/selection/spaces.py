"""Ranges as they are typed (`study.search_space`), and whether what they hold is allowed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice, product

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override

from nnexp.config.arguments import cut, quoted_texts
from nnexp.config.check import NEEDS
from nnexp.config.messages import kind_of
from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.errors import UserError
from nnexp.own_calls import check_own
from nnexp.selection.composing import Composer
from nnexp.study.search_space import Choice, Interval, Point, Space
from nnexp.train.engines import check_engine
from nnexp.train.plan import check_data

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


_TRIED = 200
"""Combinations in which a value is looked for an effect, at most."""


def checked_middle(
    composer: Composer, spaces: tuple[Space, ...], more: Mapping[str, str]
) -> Config:
    """The config at the middle of all ranges, after looking at the ends of each.

    Raises:
        UserError: one that is not allowed, or a key that would do nothing.
    """
    middle = {space.key: space.at(0.5) for space in spaces}
    # A key that has no effect with some of the listed choices has one with others.
    strict = not any(isinstance(space, Choice) for space in spaces)
    with _ranges_named(spaces, middle):
        base = composer.config(middle, more, strict=strict)
    check_engine(base, trains=False)
    for space in spaces:
        for value in _ends(space):
            point = {**middle, space.key: value}
            with _ranges_named(spaces, point):
                config = composer.config(point, more, strict=strict)
                check_data(config, dataset_of(config))
            check_own(config, dataset_of(config))
    if not strict:
        _check_effects(composer, spaces, more)
    return base


def _ends(space: Space) -> Sequence[str]:
    """All values of a list, the ends of an interval."""
    return space.values if isinstance(space, Choice) else (space.at(0.0), space.at(1.0))


def _check_effects(composer: Composer, spaces: Sequence[Space], more: Mapping[str, str]) -> None:
    """Refuse a value that has no effect with any of what the other lists choose."""
    for space in spaces:
        if space.key not in NEEDS:
            continue
        others = [
            [(s.key, value) for value in (s.values if isinstance(s, Choice) else (s.at(0.5),))]
            for s in spaces
            if s is not space
        ]
        for value in _ends(space):
            tried = list(islice(product([(space.key, value)], *others), _TRIED))
            if not any(_heeds(composer, space.key, dict(point), more) for point in tried):
                point = dict(tried[0])
                with _ranges_named(spaces, point):
                    composer.config(point, more)  # Which refuses it.


def _heeds(composer: Composer, key: str, point: Point, more: Mapping[str, str]) -> bool:
    try:
        return key in composer.heeded(point, more)
    except UserError:
        return False


@contextmanager
def _ranges_named(spaces: Sequence[Space], point: Point) -> Iterator[None]:
    """Of a value that nobody has typed, the range is named that it is from."""
    try:
        yield
    except UserError as error:
        for space in spaces:
            said = str(error).removeprefix(f"{space.key}=")
            value, _, refused = said.partition(": ")
            if isinstance(space, Interval) and said != str(error) and _is(value, point[space.key]):
                raise UserError(f"{space.key}={space.typed}: at {value}: {refused}") from error
        raise


def _is(said: str, value: str) -> bool:
    try:
        return float(said) == float(value)
    except ValueError:
        return False
