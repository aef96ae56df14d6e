"""What is known of a mean, or of a difference of means: by how much, how sure, at what ends."""

from __future__ import annotations

from abc import ABC, abstractmethod

from nnexp.study.bootstrap import Interval
from nnexp.study.ttest import Floats, Moments


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
