"""An anytime-valid t test: looking after every seed, and stopping when one likes, is allowed.

Of n independent normal values with mean μ and standard deviation σ, both unknown, and
t = √n (x̄ − μ₀)/s, ν = n − 1, the right-Haar mixture over the effect size (μ − μ₀)/σ ~ N(0, g) gives

    log E_n = −½ log(1 + n g) + (ν + 1)/2 · [log(1 + t²/ν) − log(1 + t²/(ν (1 + n g)))].

If μ = μ₀, E_1, E_2, … is a nonnegative martingale that starts at 1, in the filtration of what does
not change with the unit of the values. By Ville's inequality it ever reaches 1/α with probability
at most α, whatever ends the series; so min(1, 1/E_n) is a p-value at every n, and the μ₀ that have
E_n < 1/α are an interval that holds at all n at once (a confidence sequence).

H. Jeffreys, Theory of Probability (1939), chapter 5; M. Pérez-Ortiz, T. Lardy, R. de Heide,
P. Grünwald, E-statistics, group invariance and anytime-valid testing, Annals of Statistics 52
(2024), 1410-1432; H. Wang, A. Ramdas, Anytime-valid t-tests and confidence sequences for Gaussian
means with unknown variance, Sequential Analysis 44 (2025), 56-110.
"""

from __future__ import annotations

from math import exp, inf, log, sqrt

import numpy as np
from numpy.typing import ArrayLike

from nnexp.study.bootstrap import Interval
from nnexp.study.ttest import Floats, mean, variance_of_mean

G = 1.0
"""Variance of the effect sizes that the test looks for: about one standard deviation."""


def log_e(t: ArrayLike, n: ArrayLike, g: float = G) -> Floats:
    """log E_n of t statistics of n ≥ 2 values, of any shape; t may be infinite (equal values)."""
    n = np.asarray(n, dtype=np.float64)
    nu, k, square = n - 1.0, 1.0 + n * g, np.square(np.asarray(t, dtype=np.float64))
    # (1 + t²/ν)/(1 + t²/(ν k)) = k · (1 − (1 − 1/k)/(1 + t²/(ν k))), finite where t is not.
    gain = np.log(k) + np.log1p(-(1.0 - 1.0 / k) / (1.0 + square / (nu * k)))
    return np.asarray(-0.5 * np.log(k) + (nu + 1.0) / 2.0 * gain)


def e_value(values: Floats, centre: float = 0.0) -> float:
    """E_n against the mean `centre`, shape (n,); 1 for a single value."""
    if values.size < 2:
        return 1.0
    distance, error = mean(values) - centre, sqrt(variance_of_mean(values))
    t = distance / error if error else (inf if distance else 0.0)
    # Beyond this no float can go; nothing is lost to a threshold of 1/α.
    return exp(min(float(log_e(t, values.size)), 700.0))


def e_value_within(values: Floats, margin: float) -> float:
    """E_n against every mean outside (−margin, margin): the smallest of theirs.

    It reaches 1/α exactly where the confidence sequence lies inside.
    """
    nearest = mean(values)
    if abs(nearest) >= margin:
        return e_value(values, nearest)
    return min(e_value(values, margin), e_value(values, -margin))


def confidence_sequence(values: Floats, alpha: float) -> Interval:
    """All means μ₀ with E_n < 1/α: x̄ ± t* s/√n, shape (n,).

    With k = 1 + n g and r = exp[2/(ν + 1) · (log(1/α) + ½ log k)], t*² = ν (r − 1)/(1 − r/k);
    everything where r ≥ k, for few values.
    """
    n, centre = values.size, mean(values)
    if n < 2:
        return Interval(-inf, inf)
    k = 1.0 + n * G
    r = exp(2.0 / n * (log(1.0 / alpha) + 0.5 * log(k)))
    if r >= k:
        return Interval(-inf, inf)
    half = sqrt((n - 1) * (r - 1.0) / (1.0 - r / k) * variance_of_mean(values))
    return Interval(centre - half, centre + half)
