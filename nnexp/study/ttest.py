"""Student's t tests of a sum of independent means: of a difference, and of its smallness.

With blocks b of n_b values, each with mean m_b, variance s_b² (divisor n_b − 1) and weight w_b,

    t = Σ w_b m_b / √(Σ v_b),   v_b = w_b² s_b²/n_b,   ν = (Σ v_b)² / Σ [v_b²/(n_b − 1)]:

of one block the paired test with ν = n − 1, of two Welch's. F. Satterthwaite, Biometrics Bulletin 2
(1946), 110-114; D. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987), 657-680
(two one-sided tests).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """An estimate with its standard error and the degrees of freedom of that."""

    mean: float
    error: float
    """NaN where a block has one value."""
    nu: float
    p_alike: float = 0.0
    """`p` of a mean that is not 0 where all values are alike: see `alike`."""

    @property
    def p(self) -> float:
        """Two-sided, of a true mean of 0. NaN without an error; 1 where all values are 0."""
        if self.error == 0.0:
            return 1.0 if self.mean == 0.0 else self.p_alike
        return float(2.0 * stdtr(self.nu, -abs(self.mean) / self.error))

    def p_within(self, margin: float) -> float:
        """Of a true mean that is not inside (−margin, margin): the larger of two one-sided p.

        p ≤ α exactly where Student's interval at the level 1 − 2α lies inside. NaN as `p`.
        """
        room = margin - abs(self.mean)
        if self.error == 0.0:
            return 0.0 if room > 0.0 else 1.0
        return float(stdtr(self.nu, -room / self.error))


def moments(blocks: Sequence[Floats], weights: Sequence[float] | None = None) -> Moments:
    """The sum of the blocks' means, each a vector of independent values, with its error.

    `weights` are 1 unless given.
    """
    weighted = list(zip(weights or [1.0] * len(blocks), blocks, strict=True))
    estimate = float(sum(w * mean(block) for w, block in weighted))
    if any(block.size < 2 for block in blocks):
        return Moments(estimate, nan, nan)
    variances = [w * w * variance_of_mean(block) for w, block in weighted]
    total = sum(variances)
    if total == 0.0:
        return Moments(estimate, 0.0, nan)
    parts = zip(variances, blocks, strict=True)
    nu = total**2 / sum(v**2 / (block.size - 1) for v, block in parts)
    return Moments(estimate, sqrt(total), nu)


def alike(found: Moments, n: int, sides: Iterable[Floats]) -> Moments:
    """Moments of n differences, with a p for when these are all the same.

    Where none of the compared `sides` varies either, nothing is drawn, and that is no chance.
    Otherwise the values are rounded, as accuracies are to whole images: two of them that are equal
    by chance do not show that there is no spread. What is left then is the test of signs: 2/2ⁿ.
    """
    drawn = any(float(np.ptp(side)) > 0.0 for side in sides)
    return replace(found, p_alike=2.0 ** (1 - n)) if drawn else found


def mean(values: Floats) -> float:
    """The mean; exactly the common value when all are equal."""
    first = float(values[0])
    return first + float(np.mean(values - first))


def variance_of_mean(values: Floats) -> float:
    """s²/n with s² of divisor n − 1; exactly 0 when all values are equal. Needs n ≥ 2."""
    return float(np.var(values - values[0], ddof=1)) / values.size
