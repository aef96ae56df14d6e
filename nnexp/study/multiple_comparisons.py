"""P-values of several tests at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for their number, in the order given.

    In ascending order, p̃_(i) = max_{j ≤ i} min(1, (m − j + 1) p_(j)): the chance of one false
    rejection or more stays below α when those with p̃ ≤ α are rejected, whatever the dependence.
    S. Holm, Scandinavian Journal of Statistics 6 (1979), 65-70.

    Raises:
        ValueError: a p-value is not between 0 and 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if not bool(np.all((p >= 0.0) & (p <= 1.0))):
        raise ValueError(f"p_values={list(p_values)}: allowed is 0 to 1")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, np.arange(p.size, 0, -1) * p[order]))
    return [float(value) for value in adjusted]
