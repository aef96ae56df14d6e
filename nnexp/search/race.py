"""A race of settings over seeds: which of them are worse, by an anytime-valid test.

The evidence that setting i is worse than j after seeds 1 … n is a one-sided t e-process over their
paired differences. Setting i is dropped when the mean of that over all opponents reaches 1/α. A
mean of e-processes is one itself, so, however often one looks and whenever one stops, the best
setting is ever dropped with probability α at most (Ville's inequality).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp, stdtr

Values = Mapping[int, Mapping[int, float]]
"""Of each setting its values by seed; greater is better."""

TAU = 1.0
"""Scale of the half-normal prior of the difference, in standard deviations of the differences."""


def log_e_value(differences: ArrayLike) -> float:
    """log E_n of n paired differences d, shape (n,), against "their mean is at most 0".

    The right-Haar prior on σ and a half-normal one of scale τ on δ = μ/σ > 0 give, with T = Σ d,
    S = Σ d², c = τ²/(1 + nτ²) and A = S − c T²,

        E_n = (1 + nτ²)^(−1/2) (A/S)^(−n/2) · 2 F_n(T √(n c/A)),

    F_n Student's distribution function with n degrees of freedom. At μ = 0 it is a test martingale
    whatever σ; a lower mean lowers T/√S, and with it E_n, on every path.

    Source: M. F. Pérez-Ortiz, T. Lardy, R. de Heide & P. Grünwald, E-statistics, group invariance
    and anytime-valid testing, Annals of Statistics 52 (2024), 1410-1432.
    """
    d = np.asarray(differences, dtype=np.float64)
    n, total, squares = d.size, float(d.sum()), float(np.square(d).sum())
    start = -0.5 * math.log1p(n * TAU**2)
    if squares == 0.0:
        return start
    c = TAU**2 / (1.0 + n * TAU**2)
    rest = squares - c * total**2
    side = float(stdtr(n, total * math.sqrt(n * c / rest)))
    if side == 0.0:
        return -math.inf
    return start - 0.5 * n * math.log(rest / squares) + math.log(2.0 * side)


def log_evidence(values: Values, setting: int) -> float:
    """log of the mean, over all other settings, of the evidence that `setting` is worse."""
    ours = values[setting]
    against = []
    for other, theirs in values.items():
        common = sorted(set(ours) & set(theirs))
        if other != setting and common:
            against.append(log_e_value([theirs[s] - ours[s] for s in common]))
    others = len(values) - 1
    return float(logsumexp(against)) - math.log(others) if against else -math.inf


def worse(values: Values, alive: Sequence[int], alpha: float) -> list[int]:
    """The settings still in the race that are shown to be worse, at error α."""
    limit = -math.log(alpha)
    return [setting for setting in alive if log_evidence(values, setting) >= limit]
