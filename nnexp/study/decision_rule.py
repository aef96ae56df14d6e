"""How differences are judged: by which test and interval, over which family, with what verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite, isnan, nan
from typing import Literal

import numpy as np

from nnexp.errors import UserError
from nnexp.study.bootstrap import Interval, resolved
from nnexp.study.difference import Estimate, Evidence
from nnexp.study.metric import Metric
from nnexp.study.multiple_comparisons import holm
from nnexp.study.sequential import confidence_sequence, e_value, e_value_within
from nnexp.study.statistics import seeds_needed, standard_deviation
from nnexp.study.ttest import Moments

ALPHA = 0.05
"""The chance, over all differences of a table, of calling one resolved that is none."""

Verdict = Literal["higher", "lower", "equivalent", "not resolved"]


@dataclass(frozen=True)
class Rule:
    """What differences are judged by."""

    alpha: float = ALPHA
    within: float | None = None
    """Differences below this are none that matter, in the metric's own unit."""
    anytime: bool = False
    """Whether seeds are added while one looks: `sequential`, in place of a t test."""

    @property
    def interval_name(self) -> str:
        """`95 % interval`; `95 % anytime interval` where one may look after every seed."""
        return f"{100.0 * (1.0 - self.alpha):.6g} %{' anytime' if self.anytime else ''} interval"

    def interval(self, evidence: Evidence) -> Interval:
        """Of the mean difference; of unpaired runs none holds at any number of seeds."""
        if not self.anytime:
            return evidence.interval
        if evidence.paired is None:
            return Interval(nan, nan)
        return confidence_sequence(evidence.paired, self.alpha)

    def p(self, evidence: Evidence) -> float:
        """Of no difference: of the t test, or 1/E. 1 where there is no spread to judge by."""
        if not self.anytime:
            return 1.0 if isnan(evidence.moments.p) else evidence.moments.p
        return 1.0 if evidence.paired is None else min(1.0, 1.0 / e_value(evidence.paired))

    def p_within(self, evidence: Evidence) -> float:
        """Of a difference of at least `within`, either way."""
        assert self.within is not None
        if not self.anytime:
            p = evidence.moments.p_within(self.within)
            return 1.0 if isnan(p) else p
        if evidence.paired is None:
            return 1.0
        return min(1.0, 1.0 / e_value_within(evidence.paired, self.within))


def margin_of(within: object, metric: Metric, typed: str) -> float | None:
    """A margin as it is given, in points or the metric's own unit, as a part of a `Rule`.

    Raises:
        UserError: it is no number above 0.
    """
    if within is None:
        return None
    number = isinstance(within, int | float | np.number) and not isinstance(within, bool)
    value = float(within) if number else nan  # type: ignore[arg-type]
    if not (isfinite(value) and value > 0.0):
        raise UserError(f"{typed}{within}: allowed: a number above 0")
    return value / metric.scale


FIXED = Rule()
"""The seeds are those that there are."""


@dataclass(frozen=True)
class Judged(Estimate):
    """A difference with its verdict among a family of differences; what is costly, when asked."""

    evidence: Evidence
    rule: Rule
    family: int
    """So many differences are judged together."""
    p: float
    """Of no difference, corrected by Holm over the family."""
    p_within: float | None
    """Of a difference that matters, corrected likewise; None where none was said to."""

    @property
    def moments(self) -> Moments:
        """Of the evidence."""
        return self.evidence.moments

    @property
    def alike(self) -> int:
        """The number of seeds, where the difference is the same in all of them; else 0."""
        z = self.evidence.paired
        return z.size if z is not None and self.moments.error == 0.0 else 0

    @property
    def paired(self) -> bool:
        """Whether all that is compared shares the seeds that are used."""
        return self.evidence.paired is not None

    @cached_property
    def interval(self) -> Interval:
        """Of this difference by itself, not corrected."""
        return self.rule.interval(self.evidence)

    @property
    def e(self) -> float | None:
        """E of the anytime-valid test, not corrected; None where none was made."""
        paired = self.evidence.paired
        return e_value(paired) if self.rule.anytime and paired is not None else None

    @cached_property
    def resolved(self) -> bool:
        """Whether the interval excludes zero, and p, corrected for the family, is small enough.

        Of one difference alone the two agree but for the shape of the interval.
        """
        return self.p <= self.rule.alpha and resolved(self.interval)

    @property
    def tempting(self) -> bool:
        """Whether the interval excludes zero, but the difference is not resolved in its family."""
        return not self.resolved and resolved(self.interval)

    @property
    def equivalent(self) -> bool:
        """Whether the difference is smaller, either way, than what was said to matter."""
        return self.p_within is not None and self.p_within <= self.rule.alpha

    @property
    def verdict(self) -> Verdict:
        """A is "higher" or "lower" where that is resolved, else perhaps "equivalent"."""
        if self.resolved:
            return "higher" if self.mean > 0.0 else "lower"
        return "equivalent" if self.equivalent else "not resolved"

    @cached_property
    def more_seeds(self) -> int | None:
        """About how many more would resolve it, at α divided by the family (Bonferroni)."""
        z = self.evidence.paired
        if self.resolved or self.rule.anytime or z is None or self.moments.error == 0.0:
            return None
        level = 1.0 - self.rule.alpha / self.family
        return seeds_needed(self.mean, standard_deviation(z), z.size, level=level)

    @property
    def bound(self) -> float:
        """The larger end of the interval: so large can the difference be at most."""
        return max(abs(self.low), abs(self.high))


Judgement = tuple[Evidence, Rule, int, float, float | None]
"""The fields of a `Judged`."""


def judge(found: Sequence[Evidence], rule: Rule) -> list[Judgement]:
    """A family of differences; each kind of verdict is corrected over all of it.

    By Holm's steps; with 1/E for p they are e-Holm's: of m, the largest E needs m/α, the next
    (m − 1)/α, and so on. The averages of V. Vovk and R. Wang, E-values: calibration, combination
    and applications, Annals of Statistics 49 (2021), 1736-1754, would need less, but that all of
    the averaged are e-values at one stopping time. E of a pair is one for stopping times of its
    own, and here others have a say in when it ends; P(E ever ≥ 1/α) ≤ α does not mind them.
    """
    p = holm([rule.p(one) for one in found])
    within: list[float] | list[None] = [None] * len(found)
    if rule.within is not None:
        within = holm([rule.p_within(one) for one in found])
    parts = zip(found, p, within, strict=True)
    return [(one, rule, len(found), mine, small) for one, mine, small in parts]
