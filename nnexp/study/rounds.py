"""Which settings of a comparison are not decided, and which seeds of them to train next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations

from nnexp.study.compare import Comparison
from nnexp.study.effects import cells_of
from nnexp.study.setting import Setting

Run = tuple[str, int]
"""The name of a setting, and a seed."""


Pairs = list[tuple[Setting, Setting]]


def asked(comparison: Comparison, *, every: bool = False) -> Pairs:
    """What a comparison is to tell.

    All settings against the baseline, or against the best as it stands; of two experiments the one
    against the other in each combination. With `every`, all pairs.
    """
    if every:
        return list(combinations(comparison.settings, 2))
    if comparison.against is None and (e := comparison.central) is not None:
        return [(a, b) for _, a, b in cells_of(comparison.design, e.at, e.u, e.v)]
    first = comparison.against or comparison.ranked[0]
    return [(other, first) for other in comparison.settings if other is not first]


def undecided(comparison: Comparison, *, every: bool = False) -> Pairs:
    """Those of `asked` that have no verdict, or too few runs for one.

    Of two experiments the mean over all combinations has one verdict.
    """
    pairs = asked(comparison, every=every)
    if comparison.central is not None and comparison.against is None and not every:
        return pairs if comparison.central.verdict == "not resolved" else []
    return [
        (a, b)
        for a, b in pairs
        if (pair := comparison.pair(a, b)) is None or pair.verdict == "not resolved"
    ]


def next_round(
    pairs: Sequence[tuple[Setting, Setting]],
    failed: Mapping[str, AbstractSet[int]],
    *,
    width: int,
    most: int,
) -> list[Run]:
    """Further runs of the settings of some pairs: whole seeds, until there are `width` runs.

    A seed that some of the settings have is completed first, so that all of it is paired; then come
    seeds that none has. Seeds that failed in one of them are left out. No more than `most` runs:
    nothing where that is not enough for one seed.
    """
    settings = {s.name: s for pair in pairs for s in pair}
    tried = {seed for s in settings.values() for seed in s.values}
    broken = {seed for name in settings for seed in failed.get(name, ())}
    found: list[Run] = []
    for seed in _seeds(sorted(tried), broken):
        lacking = [(name, seed) for name, s in settings.items() if seed not in s.values]
        if len(found) + len(lacking) > most or len(found) >= width or not settings:
            return found
        found += lacking
    return found


def _seeds(tried: Sequence[int], broken: AbstractSet[int]) -> Iterator[int]:
    """The seeds that some settings have, then new ones without end."""
    yield from (seed for seed in tried if seed not in broken)
    seed = max([*tried, *broken], default=-1)
    while True:
        seed += 1
        yield seed
