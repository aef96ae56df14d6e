"""Numbers as they are compared and shown: alike wherever they are."""

from __future__ import annotations


def cleaned(value: float) -> float:
    """A value without what the rounding of sums left beyond its twelfth digit."""
    return float(f"{value:.12g}")


def settled(value: float) -> float:
    """A value that formats to fewer than twelve digits as one would round it by hand.

    The mean of four accuracies on 10,000 images ends in 5 in one of four cases, as 98.545: summed
    one way it lies a little above that, summed another way a little below, and two decimals would
    differ. Cleaned, and a little further from zero, every half is rounded up, in size.
    """
    return cleaned(value) * (1.0 + 2.0**-46)
