"""Whether what a search chooses from is allowed: looked at before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice, product

from nnexp.config.dependent_keys import NEEDS
from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.errors import UserError
from nnexp.own_calls import check_own
from nnexp.selection.composing import Composer
from nnexp.study.search_space import Choice, Interval, Point, Space
from nnexp.train.engines import check_engine
from nnexp.train.plan import check_data

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
