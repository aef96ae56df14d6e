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

from nnexp.study.bootstrap import Interval, checked, resolved, weighted_interval
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
    """What is known of a difference of means: by how much, how sure, at what ends."""

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


@dataclass(frozen=True, eq=False)
class Evidence(Estimate):
    """A difference of means as the runs show it: a weighted sum of means of independent blocks."""

    blocks: tuple[Floats, ...]
    weights: tuple[float, ...]
    """One per block."""
    sides: tuple[Floats, ...]
    """The values of each setting."""
    level: float

    @cached_property
    def moments(self) -> Moments:
        """By Student, Welch or Satterthwaite: t = Σ w_b m_b / √(Σ w_b² s_b²/n_b)."""
        fewest = min(block.size for block in self.blocks)
        return alike(moments(self.blocks, self.weights), fewest, self.sides)

    @cached_property
    def interval(self) -> Interval:
        """Each block resampled on its own; of one block that of one setting's mean."""
        return weighted_interval(self.blocks, self.weights, level=self.level)

    @property
    def paired(self) -> Floats | None:
        """One value per seed, where all that is compared has these seeds; else None."""
        return self.blocks[0] if len(self.blocks) == 1 else None


@dataclass(frozen=True, eq=False)
class Difference(Evidence):
    """A mean difference A − B: of pairs their differences are the one block, else each side is."""

    per_unit: float
    """Whole numbers of steps of 1/`per_unit` take the place of values where ties count."""

    @property
    def n(self) -> int:
        """The number of pairs; 0 of independent values."""
        return 0 if self.paired is None else self.paired.size

    @property
    def sd(self) -> float:
        """The standard deviation of the differences of pairs; NaN for one pair."""
        return standard_deviation(self.blocks[0])

    @cached_property
    def steps(self) -> tuple[Floats, ...]:
        """The blocks in steps, whole numbers."""
        return tuple(np.rint(block * self.per_unit) for block in self.blocks)

    @property
    def probability(self) -> Probability:
        """P(A > B), ties counting half, with its interval at the same level."""
        if not self.n:
            return unpaired_probability(self.steps[0], self.steps[1], self.level)
        return paired_probability(*self._wins_and_ties, self.n, self.level)

    def anytime_probability(self, alpha: float) -> Probability:
        """The same of pairs, its interval for any number of them."""
        return anytime_probability(*self._wins_and_ties, self.n, alpha)

    @property
    def _wins_and_ties(self) -> tuple[int, int]:
        (steps,) = self.steps
        return int(np.count_nonzero(steps > 0.0)), int(np.count_nonzero(steps == 0.0))

    @cached_property
    def permutation_p(self) -> float:
        """Two-sided, exact for few runs: signs of pairs flipped, or values dealt out anew."""
        return sign_flip_p(self.steps[0]) if self.n else split_p(self.steps[0], self.steps[1])

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


def paired_difference(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Difference:
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
    per_unit = steps_per_unit(x, y)
    differences = np.rint((x - y) * per_unit) / per_unit
    return Difference((differences,), (1.0,), (x, y), level, per_unit)


def unpaired_difference(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Difference:
    """A − B of independent values, shapes (n_a,) and (n_b,); each n ≥ 1.

    The interval resamples each side on its own, with Welch's degrees of freedom (neither the same
    spread nor the same size is assumed); NaN when a side has one value. The permutation test does
    assume one distribution under its null hypothesis.

    Raises:
        ValueError: a or b is empty.
        UserError: a value is not finite.
    """
    x, y = checked(a, "a"), checked(b, "b")
    return Difference((x, y), (1.0, -1.0), (x, y), level, steps_per_unit(x, y))


def difference_by_seed(
    a: Mapping[Any, float], b: Mapping[Any, float], *, level: float = 0.95
) -> Difference:
    """A − B of values by seed: paired where two seeds or more are common, else independent."""
    common = [seed for seed in a if seed in b]
    if len(common) >= 2:
        return paired_difference([a[s] for s in common], [b[s] for s in common], level=level)
    return unpaired_difference(list(a.values()), list(b.values()), level=level)
