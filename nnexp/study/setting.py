"""A setting of recorded runs, and one set against another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import isfinite, isnan
from typing import Any, Protocol

from nnexp.study.difference import (
    Difference,
    PairedDifference,
    Verdict,
    paired_difference,
    unpaired_difference,
)
from nnexp.study.statistics import Summary, holm, seeds_needed

ALPHA = 0.05
"""The chance, over all differences of a table, of calling one resolved that is none."""

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


@dataclass(frozen=True)
class Pair:
    """One setting against another: A − B."""

    a: str
    b: str
    difference: Difference
    paired: bool
    p: float
    """Of the t test that goes with the interval, corrected by Holm over all pairs of the table."""
    resolved: bool
    """Whether the interval excludes zero and, of several pairs, p is small enough too."""
    more_seeds: int | None
    """About how many more would resolve it, at α divided by the number of pairs (Bonferroni)."""
    label_a: str = ""
    label_b: str = ""

    @property
    def verdict(self) -> Verdict:
        """A is "higher" or "lower" than B where the difference is resolved among all pairs."""
        return self.difference.verdict if self.resolved else "not resolved"

    @property
    def bound(self) -> float:
        """The larger end of the interval: so large can the difference be at most."""
        return max(abs(self.difference.low), abs(self.difference.high))


def pairs_of(settings: Sequence[Setting], against: Setting | None = None) -> list[Pair]:
    """All pairs, or every other setting against one; p corrected over these by Holm."""
    chosen = (
        combinations(settings, 2)
        if against is None
        else ((s, against) for s in settings if s is not against)
    )
    found: list[tuple[Setting, Setting, Difference, bool]] = []
    for a, b in chosen:
        if min(len(a.values), len(b.values)) < 2:
            continue  # one run says nothing about the spread that a difference is judged by
        common = [k for k in a.values if k in b.values]
        if len(common) >= 2:
            difference: Difference = paired_difference(
                [a.values[k] for k in common], [b.values[k] for k in common]
            )
            found.append((a, b, difference, True))
        else:
            difference = unpaired_difference(list(a.values.values()), list(b.values.values()))
            found.append((a, b, difference, False))
    # Without a spread to judge by (one run a side) nothing can be resolved.
    corrected = holm([1.0 if isnan(d.t_p) else d.t_p for _, _, d, _ in found]) if found else []
    pairs = []
    for (a, b, difference, paired), p in zip(found, corrected, strict=True):
        stands = len(found) == 1 or p <= ALPHA
        resolved = difference.resolved and stands
        more = None
        if not resolved and isinstance(difference, PairedDifference):
            more = seeds_needed(
                difference.mean, difference.sd, difference.n, level=1.0 - ALPHA / len(found)
            )
        pairs.append(Pair(a.name, b.name, difference, paired, p, resolved, more, a.label, b.label))
    return pairs


class Shows(Protocol):
    """What knows how differences of a metric are written."""

    def difference(self, value: float) -> str:
        """With its unit: `0.21 points`."""
        ...


def more_seeds_text(pair: Pair, metric: Shows) -> str:
    """What would settle a pair that is not resolved, after a semicolon; or nothing."""
    if pair.resolved or not isinstance(pair.difference, PairedDifference):
        return ""
    told = settling(pair.more_seeds, pair.bound, metric)
    return f"; {told}" if told else ""


def settling(more_seeds: int | None, bound: float, metric: Shows) -> str:
    """`about 13 more seeds would be needed`, or that and why it is not worth so many.

    Beyond `WORTH` seeds no number is given but the larger end of the interval: nobody would train
    so long for a difference that is no larger.
    """
    if more_seeds is not None and more_seeds <= WORTH:
        return f"about {more_seeds} more seeds would be needed" if more_seeds else ""
    if not isfinite(bound):
        return ""
    return f"not worth resolving: the difference is at most {metric.difference(bound)}"
