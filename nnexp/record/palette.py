"""Colours that everyone can tell apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8A8A00")
"""Okabe and Ito's (Color Universal Design, 2008), on white, for one setting after another."""

_SHADES = (1.0, 0.62, 1.45)
"""Of what lightness the colours come again, where there are more settings than colours."""


def shade(colour: str, factor: float) -> str:
    """A darker colour for a factor below 1, one nearer to white above it."""
    parts = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    if factor <= 1.0:
        mixed = [factor * part for part in parts]
    else:
        mixed = [part + (factor - 1.0) * (255 - part) for part in parts]
    return "#" + "".join(f"{round(part):02X}" for part in mixed)


ON_ANY = tuple(
    shade(colour, factor) for factor in _SHADES for colour in COLOURS if colour != "#000000"
)
"""Those that are seen on a dark page too, the plain ones first."""


def next_colour(used: Iterable[str]) -> str:
    """The first of those that are used least, for light and dark pages."""
    times = Counter(used)
    return min(ON_ANY, key=lambda colour: times[colour])
