"""Numbers as they are shown: alike wherever they are."""

from __future__ import annotations


def settled(value: float) -> float:
    """A value without what the rounding of sums left beyond its twelfth digit.

    The mean of four accuracies on 10,000 images ends in 5 in one of four cases, as 98.545: summed
    one way it lies a little above that, summed another way a little below, and two decimals
    would differ.
    """
    return float(f"{value:.12g}")
