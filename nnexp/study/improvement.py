"""The probability of improvement P(A > B), ties counting half, with intervals fit for few runs.

A bootstrap of it has zero width when every run of A beats every run of B, which five seeds often
give; both intervals here stay honest there: [0.48, 1] for five wins in five pairs.
"""

from __future__ import annotations

from math import log, sqrt
from typing import NamedTuple

from scipy.optimize import brentq
from scipy.special import betainccinv, betaincinv, betaln, ndtri, xlog1py, xlogy
from scipy.stats import mannwhitneyu

from nnexp.study.ttest import Floats

MEANINGFUL = 0.75
"""P(A > B) from which on A is worth having, as X. Bouthillier and others recommend: Accounting for
Variance in Machine Learning Benchmarks, MLSys 2021, section 4."""


class Probability(NamedTuple):
    """An estimated probability with its interval."""

    value: float
    low: float
    high: float

    @property
    def meaningful(self) -> bool:
        """Whether one of the two wins more often than not, and perhaps often enough to matter.

        By Bouthillier's rule: the interval of P(A > B) lies above 0.5 and reaches beyond 0.75; or,
        for B, below 0.5 and beyond 0.25.
        """
        ahead = self.low > 0.5 and self.high > MEANINGFUL
        behind = self.high < 0.5 and self.low < 1.0 - MEANINGFUL
        return ahead or behind


def paired_probability(wins: int, ties: int, n: int, level: float) -> Probability:
    """P(A > B) + ½ P(A = B) for values of the same pair: the share of wins, ties counting half.

    The interval is Clopper and Pearson's through its beta quantiles, at wins + ties/2 successes:
    exact without ties, and too wide rather than too narrow with them.
    """
    successes = wins + ties / 2.0
    tail = (1.0 - level) / 2.0
    failures = n - successes
    low = float(betaincinv(successes, failures + 1.0, tail)) if successes > 0.0 else 0.0
    high = float(betainccinv(successes + 1.0, failures, tail)) if successes < n else 1.0
    return Probability(successes / n, low, high)


def anytime_probability(wins: int, ties: int, n: int, alpha: float) -> Probability:
    """`paired_probability` with an interval that holds at all n at once, however one stops.

    It holds the θ at which the uniform mixture of win rates has E_n < 1/α, with s = wins + ties/2:

        E_n = B(1 + s, 1 + n − s) / [θ^s (1 − θ)^(n − s)].

    A tie as half a win is allowed: a^x b^(1−x) ≤ x a + (1 − x) b. H. Robbins, Annals of
    Mathematical Statistics 41 (1970), 1397-1409.
    """
    won = wins + ties / 2.0

    def lower(s: float) -> float:
        if s <= 0.0:
            return 0.0

        def excess(theta: float) -> float:
            likelihood = xlogy(s, theta) + xlog1py(n - s, -theta)
            return float(betaln(1.0 + s, 1.0 + n - s) - likelihood + log(alpha))

        return float(brentq(excess, 1e-300, s / n if s < n else 1.0 - 1e-15))

    return Probability(won / n, lower(won), 1.0 - lower(n - won))


def unpaired_probability(a: Floats, b: Floats, level: float) -> Probability:
    """P(A > B) + ½ P(A = B) over all m·n pairs: Mann and Whitney's U/(m n), as in rliable.

    The interval holds the θ with |θ̂ − θ| ≤ z √V(θ), V Hanley and McNeil's variance with both
    sizes replaced by N = (m + n)/2:

        V(θ) = θ(1−θ)/(m n) · [1 + (N − 1)((1−θ)/(2−θ) + θ/(1+θ))].

    R. Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice,
    NeurIPS 2021, section 4.3; R. Newcombe, Statistics in Medicine 25 (2006), 559-573, method 5.
    """
    pairs = a.size * b.size
    value = float(mannwhitneyu(a, b, method="asymptotic").statistic) / pairs
    z = float(ndtri((1.0 + level) / 2.0))
    mean_size = (a.size + b.size) / 2.0

    def lower(estimate: float) -> float:
        if estimate <= 0.0:
            return 0.0

        def excess(theta: float) -> float:
            brace = (1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta)
            variance = theta * (1.0 - theta) / pairs * (1.0 + (mean_size - 1.0) * brace)
            return estimate - theta - z * sqrt(variance)

        # At θ̂ itself the excess is not above 0; at 1 the variance and with it the excess is 0.
        edge = estimate if estimate < 1.0 else 1.0 - 1e-12
        return float(brentq(excess, 0.0, edge))

    return Probability(value, lower(value), 1.0 - lower(1.0 - value))
