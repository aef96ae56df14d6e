"""Colours and dashes of settings: told apart by everyone, on paper and on a dark screen."""

from __future__ import annotations

from nnexp.record.figures.style import GREY, INK, PALE, PAPER
from nnexp.record.palette import COLOURS

ON_DARK = ("#5AAEF0", "#FF8A4C", "#2BC99A", "#E8A3C8", "#F2B93B", "#9ADAFF", "#FFFFFF", "#CFCF4E")
"""The same hues, lighter, on a dark page."""

DASHES: tuple[tuple[float, ...], ...] = ((), (6.0, 2.5), (1.5, 2.0), (8.0, 2.5, 1.5, 2.5))
"""On and off lengths: a second sign beside the colour, and a third where colours repeat."""

PUBLISHED = -1
"""In place of a setting's number: a published curve, drawn in grey behind ours."""
PUBLISHED_COLOUR = "#9A9A9A"


def colour(index: int) -> str:
    """A setting's colour on white."""
    return PUBLISHED_COLOUR if index == PUBLISHED else COLOURS[index % len(COLOURS)]


def variable(index: int) -> str:
    """The name of a setting's colour in the page's style sheet."""
    return "--published" if index == PUBLISHED else f"--c{index % len(COLOURS)}"


def dash(index: int) -> tuple[float, ...]:
    """A setting's dashes; empty for a solid line."""
    return () if index == PUBLISHED else DASHES[(index + index // len(COLOURS)) % len(DASHES)]


AS_VARIABLES = {
    **{hue.lower(): f"var({variable(index)})" for index, hue in enumerate(COLOURS)},
    PUBLISHED_COLOUR.lower(): "var(--published)",
    INK.lower(): "var(--ink)",
    GREY.lower(): "var(--soft)",
    "#aaaaaa": "var(--line)",
    "#bbbbbb": "var(--line)",
    PALE.lower(): "var(--grid)",
    PAPER.lower(): "var(--paper)",
}
"""What stands for a colour of a figure when it is part of the page."""
