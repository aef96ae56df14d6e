"""What a report shows: a figure for paper, and the charts behind it, if there are any."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from nnexp.report.chart import Chart


@dataclass(frozen=True)
class Drawn:
    """A figure with its name, title and what it shows in words."""

    name: str
    title: str
    text: str
    figure: Figure
    note: str = ""
    charts: tuple[Chart, ...] = ()
    """One, or small multiples."""


@dataclass(frozen=True)
class Section:
    """Figures under one heading."""

    title: str
    figures: tuple[Drawn, ...]
    lead: str = ""
