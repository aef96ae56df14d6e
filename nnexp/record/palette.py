"""Colours that everyone can tell apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8A8A00")
"""Okabe and Ito's (Color Universal Design, 2008), on white, for one setting after another."""

ON_ANY = tuple(colour for colour in COLOURS if colour != "#000000")
"""Those that are seen on a dark page too."""


def next_colour(used: Iterable[str]) -> str:
    """The first of those that are used least, for light and dark pages."""
    times = Counter(used)
    return min(ON_ANY, key=lambda colour: times[colour])
