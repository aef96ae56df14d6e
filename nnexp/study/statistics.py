"""What is said about one setting's values, and small tools: docs/statistics.md explains them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, isnan, sqrt

from numpy.typing import ArrayLike
from scipy.special import nctdtr, stdtrit

from nnexp.study.bootstrap import UNBOUNDED, Interval, checked, mean_interval, within
from nnexp.study.ttest import Floats, mean, variance_of_mean

# Beyond this many seeds in all, "so many more" is no advice.
_MOST_SEEDS = 10_000


@dataclass(frozen=True)
class Summary:
    """n values of one setting; `low` and `high` are the ends of the interval of the mean.

    `sd` has divisor n − 1. `interquartile_mean` is the mean of what is left when the ⌊n/4⌋
    smallest and largest are dropped. `sd`, `low` and `high` are NaN for n = 1.
    """

    n: int
    mean: float
    sd: float
    interquartile_mean: float
    low: float
    high: float
    level: float

    @property
    def interval(self) -> Interval:
        """The interval of the mean."""
        return Interval(self.low, self.high)


def summarize(values: ArrayLike, *, bounds: Interval = UNBOUNDED, level: float = 0.95) -> Summary:
    """Mean, spread and interval of independent values, shape (n,); n ≥ 1.

    The interval is `bootstrap.mean_interval`, cut off at the `bounds` of what it is of: no accuracy
    is above 1. Errors: as there.
    """
    # It takes a quarter of a second to import, which many commands do without.
    from scipy.stats import trim_mean

    array = checked(values)
    interval = mean_interval(array, level=level)
    if bounds.low <= array.min() and array.max() <= bounds.high:
        interval = within(interval, bounds)
    return Summary(
        n=array.size,
        mean=mean(array),
        sd=standard_deviation(array),
        interquartile_mean=float(trim_mean(array, 0.25)),
        low=interval.low,
        high=interval.high,
        level=level,
    )


def binomial_error(accuracy: float, n_examples: int) -> float:
    """√(p(1 − p)/n): the standard error of an accuracy p measured on n independent examples.

    Raises:
        ValueError: accuracy outside [0, 1] or fewer than one example.
    """
    if not 0.0 <= accuracy <= 1.0:
        raise ValueError(f"accuracy={accuracy}: allowed is 0 to 1")
    if n_examples < 1:
        raise ValueError(f"n_examples={n_examples}: allowed is 1 or more")
    return sqrt(accuracy * (1.0 - accuracy) / n_examples)


def seeds_needed(
    mean_diff: float, sd_diff: float, n: int, *, level: float = 0.95, power: float = 0.8
) -> int | None:
    """How many seeds more are needed to resolve the difference, if it and its sd stay as they are.

    The smallest N with P(|T| > t_{N−1, (1+level)/2}) ≥ power, T noncentral t with N − 1 degrees of
    freedom and noncentrality √N · |mean|/sd, less the n there are. `power` 0.5 is about the N at
    which t · sd/√N = |mean|: an interval that just reaches zero, and misses it every second time.
    None when the mean is 0 or not finite, the sd is not finite, or N is over 10,000.

    Raises:
        ValueError: level or power not between 0 and 1, sd or n negative.
    """
    if not (0.0 < level < 1.0 and 0.0 < power < 1.0):
        raise ValueError(f"level={level}, power={power}: allowed is between 0 and 1")
    if sd_diff < 0.0 or n < 0:
        raise ValueError(f"sd_diff={sd_diff}, n={n}: allowed is 0 or more")
    if not (isfinite(mean_diff) and isfinite(sd_diff)) or mean_diff == 0.0:
        return None

    def enough(size: int) -> bool:
        if sd_diff == 0.0:
            return True
        # Beyond 40 standard errors the power is 1 and the noncentral t runs out of digits.
        shift, nu = sqrt(size) * abs(mean_diff) / sd_diff, size - 1
        t = float(stdtrit(nu, (1.0 + level) / 2.0))
        if shift > t + 40.0 * (1.0 + t / sqrt(2.0 * nu)):
            return True
        # So far out on the other side the noncentral t is not a number at times; it is nothing.
        wrong_side = float(nctdtr(nu, shift, -t))
        reached = 1.0 - float(nctdtr(nu, shift, t)) + (0.0 if isnan(wrong_side) else wrong_side)
        return reached >= power

    low, high = 2, 2
    while not enough(high):
        if high >= _MOST_SEEDS:
            return None
        low, high = high + 1, min(2 * high, _MOST_SEEDS)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return max(0, low - n)


def standard_deviation(values: Floats) -> float:
    """With divisor n − 1; exactly 0 when all values are equal, NaN for one value."""
    if values.size < 2:
        return float("nan")
    return sqrt(variance_of_mean(values) * values.size)
