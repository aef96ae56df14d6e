"""A race of settings over seeds: which of them are worse, by an anytime-valid test.

The evidence that setting i is worse than j after seeds 1 … n is a one-sided t e-process over their
paired differences. Of K settings, i is dropped when its evidence against any other reaches
(K − 1)/α. By Ville's inequality and a sum over the K − 1 others, the best one is ever dropped with
probability α at most, however often one looks and whenever the race ends.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from nnexp.study.sequential import G, log_e
from nnexp.study.ttest import Floats, mean, variance_of_mean

Values = Mapping[int, Mapping[int, float]]
"""Of each setting its values by seed; greater is better."""


def log_e_value(differences: ArrayLike) -> float:
    """log E_n of n paired differences d, shape (n,), against "their mean is at most 0".

    `sequential.log_e` with only the positive half of its mixture over the effect size, doubled:
    with T = Σ d, S = Σ d², c = g/(1 + n g) and A = S − c T², a factor

        2 F_n(T √(n c/A)),

    F_n Student's distribution function with n degrees of freedom. At mean 0 it is a martingale that
    starts at 1, whatever the spread; a lower mean lowers T/√S, and with it E_n, on every path.
    """
    d = np.asarray(differences, dtype=np.float64)
    n, total, squares = d.size, float(d.sum()), float(np.square(d).sum())
    if squares == 0.0:
        return float(log_e(0.0, n)) if n > 1 else 0.0
    c = G / (1.0 + n * G)
    side = float(stdtr(n, total * math.sqrt(n * c / (squares - c * total**2))))
    if side == 0.0:
        return -math.inf
    return (_two_sided(d) if n > 1 else 0.0) + math.log(2.0 * side)


def _two_sided(d: Floats) -> float:
    centre, error = mean(d), math.sqrt(variance_of_mean(d))
    return float(log_e(centre / error if error else math.inf, d.size))


def log_evidence(values: Values, setting: int) -> float:
    """The greatest evidence, as a logarithm, that `setting` is worse than another one."""
    ours = values[setting]
    against = [-math.inf]
    for other, theirs in values.items():
        common = sorted(set(ours) & set(theirs))
        if other != setting and common:
            against.append(log_e_value([theirs[s] - ours[s] for s in common]))
    return max(against)


def worse(values: Values, alive: Sequence[int], alpha: float) -> list[int]:
    """The settings still in the race that are shown to be worse, at error α."""
    limit = math.log(max(len(values) - 1, 1) / alpha)
    return [setting for setting in alive if log_evidence(values, setting) >= limit]
