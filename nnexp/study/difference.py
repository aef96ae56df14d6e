"""Two settings set against each other, paired by seed or independent: docs/statistics.md.

Intervals and permutation tests take a hundred times as long as a t test: they are made when they
are asked for, as of the ten thousand pairs of 144 settings hardly any is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nnexp.study.bootstrap import Interval, checked, mean_interval, resolved, weighted_interval
from nnexp.study.improvement import (
    Probability,
    anytime_probability,
    paired_probability,
    unpaired_probability,
)
from nnexp.study.permutation import sign_flip_p, split_p, steps_per_unit
from nnexp.study.statistics import standard_deviation
from nnexp.study.ttest import Floats, Moments, alike, moments


class Estimate(ABC):
    """An estimate with its error and its interval."""

    @property
    @abstractmethod
    def moments(self) -> Moments:
        """Mean, standard error and degrees of freedom."""

    @property
    @abstractmethod
    def interval(self) -> Interval:
        """The interval of the mean difference."""

    @property
    def mean(self) -> float:
        """The mean difference."""
        return self.moments.mean

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.interval.low

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.interval.high

    @property
    def t_p(self) -> float:
        """Two-sided t test of the mean difference, paired or Welch's: what the interval assumes.

        For a number of seeds that was fixed beforehand, not corrected. NaN where there is no
        interval; where all differences are the same, see `ttest.alike`.
        """
        return self.moments.p


class Evidence(Estimate):
    """A difference of means, as the runs show it."""

    @property
    @abstractmethod
    def paired(self) -> Floats | None:
        """One value per seed, where all that is compared has these seeds; else None."""


@dataclass(frozen=True, eq=False)
class Difference(Evidence):
    """A mean difference A − B."""

    a: Floats
    b: Floats
    per_unit: float
    """Whole numbers of steps of 1/`per_unit` take the place of values where ties count."""
    level: float

    @property
    @abstractmethod
    def probability(self) -> Probability:
        """P(A > B), ties counting half, with its interval at the same level."""

    @property
    @abstractmethod
    def permutation_p(self) -> float:
        """Two-sided, exact for few runs (see `permutation`)."""

    @property
    def resolved(self) -> bool:
        """Whether the interval of the mean difference excludes zero."""
        return resolved(self.interval)

    @property
    def verdict(self) -> str:
        """A is "higher" or "lower" than B when the interval excludes zero, else "not resolved"."""
        if not self.resolved:
            return "not resolved"
        return "higher" if self.mean > 0.0 else "lower"


@dataclass(frozen=True, eq=False)
class PairedDifference(Difference):
    """Of n pairs."""

    @property
    def n(self) -> int:
        """The number of pairs."""
        return self.a.size

    @cached_property
    def steps(self) -> Floats:
        """The differences in steps, whole numbers."""
        return np.rint((self.a - self.b) * self.per_unit)

    @cached_property
    def paired(self) -> Floats:
        """The differences."""
        return self.steps / self.per_unit

    @cached_property
    def moments(self) -> Moments:
        """Of the differences."""
        return alike(moments([self.paired]), self.n, (self.a, self.b))

    @property
    def sd(self) -> float:
        """The standard deviation of the differences; NaN for one pair."""
        return standard_deviation(self.paired)

    @cached_property
    def interval(self) -> Interval:
        """That of one setting's mean, of the differences."""
        return mean_interval(self.paired, level=self.level)

    @property
    def probability(self) -> Probability:
        """The share of pairs that A wins."""
        wins, losses = self._wins
        return paired_probability(wins, self.n - wins - losses, self.n, self.level)

    def anytime_probability(self, alpha: float) -> Probability:
        """The same, its interval for any number of pairs."""
        wins, losses = self._wins
        return anytime_probability(wins, self.n - wins - losses, self.n, alpha)

    @cached_property
    def permutation_p(self) -> float:
        """Signs of the differences flipped."""
        return sign_flip_p(self.steps)

    @property
    def _wins(self) -> tuple[int, int]:
        return int(np.count_nonzero(self.steps > 0.0)), int(np.count_nonzero(self.steps < 0.0))


@dataclass(frozen=True, eq=False)
class UnpairedDifference(Difference):
    """Of n_a and n_b independent values."""

    @property
    def paired(self) -> None:
        """There are no pairs."""
        return None

    @cached_property
    def moments(self) -> Moments:
        """Welch's."""
        return moments([self.a, -self.b])

    @cached_property
    def interval(self) -> Interval:
        """Each side resampled on its own."""
        return weighted_interval([self.a, self.b], [1.0, -1.0], level=self.level)

    @property
    def probability(self) -> Probability:
        """How often a run of A is above one of B."""
        return unpaired_probability(*self._steps, self.level)

    @cached_property
    def permutation_p(self) -> float:
        """Values dealt out anew."""
        return split_p(*self._steps)

    @property
    def _steps(self) -> tuple[Floats, Floats]:
        return np.rint(self.a * self.per_unit), np.rint(self.b * self.per_unit)


def paired_difference(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> PairedDifference:
    """A − B of values that belong together, a[i] with b[i] (the same seed); shapes (n,), n ≥ 1.

    Differences are rounded to about the twelfth significant digit of the values, so that rounding
    noise of the subtraction neither breaks ties nor makes spread.

    Raises:
        ValueError: a and b differ in length or are empty.
        UserError: a value is not finite.
    """
    x, y = checked(a, "a"), checked(b, "b")
    if x.size != y.size:
        raise ValueError(f"a has {x.size} values, b {y.size}: allowed are pairs")
    return PairedDifference(x, y, steps_per_unit(x, y), level)


def unpaired_difference(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> UnpairedDifference:
    """A − B of independent values, shapes (n_a,) and (n_b,); each n ≥ 1.

    The interval resamples each side on its own, with Welch's degrees of freedom (neither the same
    spread nor the same size is assumed); NaN when a side has one value. The permutation test does
    assume one distribution under its null hypothesis.

    Raises:
        ValueError: a or b is empty.
        UserError: a value is not finite.
    """
    x, y = checked(a, "a"), checked(b, "b")
    return UnpairedDifference(x, y, steps_per_unit(x, y), level)


def difference_by_seed(
    a: Mapping[Any, float], b: Mapping[Any, float], *, level: float = 0.95
) -> Difference:
    """A − B of values by seed: paired where two seeds or more are common, else independent."""
    common = [seed for seed in a if seed in b]
    if len(common) >= 2:
        return paired_difference([a[s] for s in common], [b[s] for s in common], level=level)
    return unpaired_difference(list(a.values()), list(b.values()), level=level)
