"""A setting of recorded runs, and one set against another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from math import isfinite
from typing import Any

from nnexp.config.plurals import some
from nnexp.study.decision_rule import FIXED, Judged, Rule, judge
from nnexp.study.difference import Difference, difference_by_seed
from nnexp.study.improvement import Probability
from nnexp.study.statistics import Summary

WORTH = 100
"""More seeds than these nobody trains for one difference: it is told how large it can be."""


@dataclass(frozen=True)
class Setting:
    """The runs of one setting."""

    name: str
    """Its values, joined by commas."""
    summary: Summary
    failed: int
    values: dict[Any, float]
    """By seed (or whatever pairs)."""
    published: float | None = None
    levels: tuple[tuple[str, str], ...] = field(default=())
    """Its keys, as they are typed, with their values."""
    told: tuple[str, ...] = field(default=())
    """The keys among them that differ between the settings."""

    @property
    def label(self) -> str:
        """`reg=l2 size=1000`: the keys in which settings differ, with their values."""
        parts = [f"{k}={v}" for k, v in self.levels if k in self.told or not self.told]
        return " ".join(parts) or self.name


@dataclass(frozen=True, eq=False)
class Pair(Judged):
    """One setting against another: A − B."""

    a: str
    b: str
    label_a: str
    label_b: str
    difference: Difference
    most_runs: int
    """Of the setting that has more."""

    def seen_from(self, setting: Setting) -> float:
        """The mean difference of one of the two from the other: A − B, or B − A."""
        return self.mean if setting.name == self.a else -self.mean

    @property
    def some_seeds(self) -> str:
        """`2 seeds`, where one has others beside, whose runs are in its mean but not in this."""
        d = self.difference
        return some(d.n, "seed") if d.n not in (0, self.most_runs) else ""

    @cached_property
    def probability(self) -> Probability:
        """P(A > B), ties counting half, with its interval."""
        if self.rule.anytime and self.difference.n:
            return self.difference.anytime_probability(self.rule.alpha)
        return self.difference.probability


def pairs_of(
    settings: Sequence[Setting], against: Setting | None = None, rule: Rule = FIXED
) -> list[Pair]:
    """All pairs, or every other setting against one; p corrected over these by Holm."""
    chosen = (
        combinations(settings, 2)
        if against is None
        else ((s, against) for s in settings if s is not against)
    )
    # One run says nothing about the spread that a difference is judged by.
    pairs = [(a, b) for a, b in chosen if min(len(a.values), len(b.values)) > 1]
    found = [difference_by_seed(a.values, b.values) for a, b in pairs]
    return [
        Pair(*judged, a.name, b.name, a.label, b.label, d, max(len(a.values), len(b.values)))
        for (a, b), d, judged in zip(pairs, found, judge(found, rule), strict=True)
    ]


def open_text(judged: Judged, shown: Callable[[float], str]) -> str:
    """That a difference is not resolved, and what would settle it or how large it can be.

    `not resolved: about 13 more seeds would be needed`; beyond `WORTH` seeds, for which nobody
    would train, `not worth resolving: the difference is at most 0.21 points`. `shown` is how a
    difference is written, with its unit.
    """
    if judged.alike:
        same = "the same difference" if judged.mean else "the same"
        return f"not resolved: {same} in all {judged.alike} seeds"
    if judged.tempting:
        why = "not resolved among so many" if judged.family > 1 else "not resolved"
        return f"{why}, though its own interval excludes zero"
    most = f"the difference is at most {shown(judged.bound)}"
    if judged.rule.anytime or not judged.paired:
        return f"not resolved: {most}" if isfinite(judged.bound) else "not resolved"
    more = judged.more_seeds
    if more is not None and more <= WORTH:
        if not more:
            return "not resolved"
        return f"not resolved: about {some(more, 'more seed')} would be needed"
    return f"not worth resolving: {most}" if isfinite(judged.bound) else "not resolved"
