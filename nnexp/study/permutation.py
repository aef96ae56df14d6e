"""Permutation tests, exact for few runs, and on values without rounding noise.

0.9612 − 0.9600 and 0.9512 − 0.9500 differ in the sixteenth digit, and a permutation test counts
ties. So values are turned into whole numbers of a step of 10⁻¹² of the greatest first: their sums
are then exact in float64, and equal is equal.
"""

from __future__ import annotations

from math import comb, floor, log10

import numpy as np
from scipy import stats

from nnexp.study.ttest import Floats

# 2^16 sign flips take a millisecond, 20,000 splits (8 against 8 are 12,870) a fifth of a second.
EXACT_PAIRS = 16
EXACT_SPLITS = 20_000
_MONTE_CARLO = 9_999


def steps_per_unit(*arrays: Floats) -> float:
    """A power of ten: one step is between 10⁻¹³ and 10⁻¹² of the greatest magnitude."""
    top = max(float(np.max(np.abs(array))) for array in arrays)
    return float(10.0 ** (12 - floor(log10(max(top, 1e-200)))))


def sign_flip_p(steps: Floats, seed: int = 0) -> float:
    """Two-sided p of paired differences, in steps, shape (n,), under random signs.

    Null hypothesis: each difference is as likely to have the other sign. The statistic is the sum:
    p is the share of the 2^n sign patterns with a sum at least as far from zero. For n over 16 it
    is estimated from 9,999 random patterns by `scipy.stats.permutation_test`.

    R. Fisher, The Design of Experiments (1935), section 21.
    """
    if steps.size <= EXACT_PAIRS:
        sums = np.zeros(1)
        for step in steps:
            sums = np.concatenate([sums + step, sums - step])
        return float(np.mean(np.abs(sums) >= abs(float(np.sum(steps)))))
    found = stats.permutation_test(
        (steps,),
        lambda x, axis: np.sum(x, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_MONTE_CARLO,
        batch=1_000,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def split_p(a: Floats, b: Floats, seed: int = 0) -> float:
    """Two-sided p of independent samples, in steps, under random assignment of the values.

    Null hypothesis: both come from one distribution. The statistic is the difference of means, p
    twice the smaller tail as in `scipy.stats.permutation_test`; all splits up to 20,000 of them,
    else 9,999 random ones.
    """
    # In an order of their own, so that b against a gives the p of a against b.
    if (a.size, np.sort(a).tolist()) > (b.size, np.sort(b).tolist()):
        a, b = b, a
    if a.size == 1:
        # SciPy wants two values a side; here the splits are the choices of the lone value.
        pooled = np.concatenate([a, b])
        tails = float(np.mean(pooled <= a[0])), float(np.mean(pooled >= a[0]))
        return min(1.0, 2.0 * min(tails))
    exact = comb(a.size + b.size, a.size) <= EXACT_SPLITS
    found = stats.permutation_test(
        (a, b),
        lambda x, y, axis: b.size * np.sum(x, axis=axis) - a.size * np.sum(y, axis=axis),
        permutation_type="independent",
        vectorized=True,
        n_resamples=EXACT_SPLITS if exact else _MONTE_CARLO,
        batch=1_000,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)
