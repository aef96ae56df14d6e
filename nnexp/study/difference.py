"""Two settings set against each other, paired by seed or independent: docs/statistics.md."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from nnexp.study.bootstrap import (
    RESAMPLES,
    Floats,
    Interval,
    checked,
    mean,
    mean_interval,
    resolved,
    weighted_interval,
)
from nnexp.study.improvement import Probability, paired_probability, unpaired_probability
from nnexp.study.permutation import sign_flip_p, split_p, steps_per_unit
from nnexp.study.statistics import standard_deviation

Verdict = Literal["higher", "lower", "not resolved"]


@dataclass(frozen=True)
class Difference:
    """A mean difference A − B with its interval, and how often A is above B."""

    mean: float
    low: float
    high: float
    level: float
    probability: Probability
    """P(A > B), ties counting half, with its interval at the same level."""
    permutation_p: float
    """Two-sided, exact for few runs (see `permutation`)."""
    t_p: float
    """Two-sided t test of the mean difference, paired or Welch's: what the interval assumes. NaN
    where there is no interval; 0 or 1 where nothing varied."""

    @property
    def interval(self) -> Interval:
        """The interval of the mean difference."""
        return Interval(self.low, self.high)

    @property
    def resolved(self) -> bool:
        """Whether the interval of the mean difference excludes zero."""
        return resolved(self.interval)

    @property
    def verdict(self) -> Verdict:
        """A is "higher" or "lower" than B when the interval excludes zero."""
        if not self.resolved:
            return "not resolved"
        return "higher" if self.mean > 0.0 else "lower"


@dataclass(frozen=True)
class PairedDifference(Difference):
    """Of n pairs; `sd` is the standard deviation of the differences (NaN for one pair)."""

    n: int
    sd: float
    sign_p: float
    """Of the exact two-sided sign test: wins among the pairs that are not tied."""


@dataclass(frozen=True)
class UnpairedDifference(Difference):
    """Of n_a and n_b independent values."""

    n_a: int
    n_b: int
    mann_whitney_p: float
    """Two-sided; exact up to 8 values and without ties, as `scipy.stats.mannwhitneyu` decides."""


def paired_difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> PairedDifference:
    """A − B of values that belong together, a[i] with b[i] (the same seed); shapes (n,), n ≥ 1.

    Differences are rounded to about the twelfth significant digit of the values, so that rounding
    noise of the subtraction neither breaks ties nor makes spread.

    Raises:
        ValueError: a and b differ in length or are empty; level or resamples out of range.
        UserError: a value is not finite.
    """
    x, y = checked(a, "a"), checked(b, "b")
    if x.size != y.size:
        raise ValueError(f"a has {x.size} values, b {y.size}: allowed are pairs")
    per_unit = steps_per_unit(x, y)
    steps = np.rint((x - y) * per_unit)
    differences = steps / per_unit
    interval = mean_interval(differences, level=level, resamples=resamples, seed=seed)
    wins, losses = int(np.count_nonzero(steps > 0.0)), int(np.count_nonzero(steps < 0.0))
    untied = wins + losses
    return PairedDifference(
        mean=mean(differences),
        low=interval.low,
        high=interval.high,
        level=level,
        probability=paired_probability(wins, x.size - untied, x.size, level),
        permutation_p=sign_flip_p(steps, seed),
        t_p=_paired_t_p(differences),
        n=x.size,
        sd=standard_deviation(differences),
        sign_p=float(stats.binomtest(wins, untied).pvalue) if untied else 1.0,
    )


def unpaired_difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> UnpairedDifference:
    """A − B of independent values, shapes (n_a,) and (n_b,); each n ≥ 1.

    The interval resamples each side on its own, with Welch's degrees of freedom (neither the same
    spread nor the same size is assumed); NaN when a side has one value. The permutation test does
    assume one distribution under its null hypothesis.

    Raises:
        ValueError: a or b is empty; level or resamples out of range.
        UserError: a value is not finite.
    """
    x, y = checked(a, "a"), checked(b, "b")
    per_unit = steps_per_unit(x, y)
    x_steps, y_steps = np.rint(x * per_unit), np.rint(y * per_unit)
    interval = weighted_interval([x, y], [1.0, -1.0], level=level, resamples=resamples, seed=seed)
    return UnpairedDifference(
        mean=mean(x) - mean(y),
        low=interval.low,
        high=interval.high,
        level=level,
        probability=unpaired_probability(x_steps, y_steps, level),
        permutation_p=split_p(x_steps, y_steps, seed),
        t_p=_welch_p(x, y),
        n_a=x.size,
        n_b=y.size,
        mann_whitney_p=float(stats.mannwhitneyu(x_steps, y_steps).pvalue),
    )


def _paired_t_p(differences: Floats) -> float:
    n, sd = differences.size, standard_deviation(differences)
    if n < 2 or sd == 0.0:
        return _without_spread(n, mean(differences))
    return float(2.0 * stats.t.sf(abs(mean(differences)) / (sd / sqrt(n)), n - 1))


def _welch_p(a: Floats, b: Floats) -> float:
    n, sds = min(a.size, b.size), (standard_deviation(a), standard_deviation(b))
    if n < 2 or sds == (0.0, 0.0):
        return _without_spread(n, mean(a) - mean(b))
    # From the moments: on values that are nearly equal SciPy warns of its own.
    found = stats.ttest_ind_from_stats(
        mean(a), sds[0], a.size, mean(b), sds[1], b.size, equal_var=False
    )
    return float(found.pvalue)


def _without_spread(n: int, difference: float) -> float:
    if n < 2:
        return float("nan")
    return 1.0 if difference == 0.0 else 0.0
