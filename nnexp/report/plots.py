"""Figures, and charts drawn as such: narrow enough that their text can be read on a phone."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from nnexp.record.figures.style import INK, PAPER, place, quiet
from nnexp.report.chart import Chart, Series
from nnexp.report.palette import PUBLISHED, colour, dash

WIDTH = 4.9
"""Inches. A phone shows some 360 pixels of width: text of 9 points is then 9 pixels high."""
DPI = 160
TEXT = 9.0
_LINE = 0.17
"""Inches from one line of a legend to the next."""
_BANDS = 8
"""More bands than these would hide one another."""


def new_picture(height: float) -> Figure:
    """An empty figure of the common width, `height` inches high."""
    return Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=PAPER)


def inches(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the lower left corner."""
    axes = place(figure, left, bottom, width, height)
    axes.tick_params(labelsize=TEXT)
    axes.set_facecolor("none")
    return axes


def panels(
    count: int, *, left: float, bottom: float, gap: float, high: float, step: float,
    above: float = 0.0, margin: float = 0.1,
) -> tuple[Figure, list[Axes], int]:  # fmt: skip
    """Axes in rows, `high` inches each, two beside each other; and how many a row has.

    `step` is from row to row, `gap` beside each, `above` over the first; `left` and `bottom` are of
    the last row's first, `margin` is what stays free of the width.
    """
    columns = min(2, count)
    rows, wide = -(-count // columns), (WIDTH - margin) / columns
    figure = new_picture(above + step * rows)
    places = [(left + k % columns * wide, rows - 1 - k // columns) for k in range(count)]
    return (
        figure,
        [inches(figure, x, bottom + row * step, wide - gap, high) for x, row in places],
        columns,
    )


def draw(*charts: Chart) -> Drawn:
    """A chart as a figure, or several as small multiples; one legend below the axes."""
    first, several = charts[0], len(charts) > 1
    lines = {line.label: line for chart in charts for line in chart.series}
    names = ["\n".join(textwrap.wrap(label, 62)) for label in lines]
    legend = _LINE * sum(1 + name.count("\n") for name in names)
    high, step, above = (1.25, 1.8, 0.3) if several else (2.5, 2.5, 0.7)
    figure, places, columns = panels(
        len(charts), left=0.62, bottom=0.55 + legend, gap=0.62, high=high, step=step,
        above=above + legend, margin=0.13,
    )  # fmt: skip
    handles: dict[str, Artist] = {}
    for index, (axes, chart) in enumerate(zip(places, charts, strict=True)):
        _chart(axes, chart, handles)
        if several:
            label_inside(axes, 0.0, 1.04, chart.panel)
        if not several or index + columns >= len(charts):
            axes.set_xlabel(chart.x_label, size=TEXT, color=INK)
    _legend(figure, [handles[label] for label in lines], names, legend)
    text = " ".join(chart.text for chart in charts)
    return Drawn(first.name, first.title, text, figure, first.note, charts)


def _chart(axes: Axes, chart: Chart, handles: dict[str, Artist]) -> None:
    bands = sum(line.style != PUBLISHED for line in chart.series) <= _BANDS
    for line in chart.series:
        handles.setdefault(line.label, _line(axes, chart, line, band=bands))
    _scales(axes, chart)
    quiet(axes)


def _legend(figure: Figure, handles: Sequence[Artist], names: Sequence[str], high: float) -> None:
    width, height = figure.get_size_inches()
    legend = figure.legend(
        handles,
        names,
        loc="upper left",
        bbox_to_anchor=(0.62 / width, (high + 0.13) / height),
        fontsize=TEXT - 0.5,
        frameon=False,
        labelcolor=INK,
        borderpad=0.0,
        borderaxespad=0.0,
        labelspacing=0.25,
        handlelength=2.6,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _line(axes: Axes, chart: Chart, line: Series, *, band: bool) -> Artist:
    if band and line.low is not None and line.high is not None:
        axes.fill_between(
            line.x, line.low, line.high, color=colour(line.style), alpha=0.2, linewidth=0
        )
    lengths = dash(line.style if line.dash is None else line.dash)
    (made,) = axes.plot(
        line.x,
        line.y,
        color=colour(line.style),
        linewidth=1.4,
        linestyle=(0, tuple(length / 1.4 for length in lengths)) if lengths else "-",
        drawstyle="steps-mid" if chart.stepped else "default",
        marker="o" if line.points else None,
        markersize=3.5,
    )
    return made


def _scales(axes: Axes, chart: Chart) -> None:
    if chart.log_x:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if _short(chart) else (1.0,)))
    else:
        axes.xaxis.set_major_locator(
            MaxNLocator(nbins=6, integer=not chart.stepped, steps=[1, 2, 5, 10])
        )
    if chart.log_y:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    if chart.x_range:
        axes.set_xlim(*chart.x_range)
    if chart.y_range:
        axes.set_ylim(*chart.y_range)


def _short(chart: Chart) -> bool:
    """Whether a logarithmic axis spans so little that it needs more than powers of ten."""
    first = min(float(np.min(line.x)) for line in chart.series)
    last = max(float(np.max(line.x)) for line in chart.series)
    return last < 200 * first


def label_inside(axes: Axes, x: float, y: float, text: str, *, size: float = TEXT) -> None:
    """A label in axes coordinates; what people typed is never a formula."""
    axes.text(
        x, y, text, transform=axes.transAxes, size=size, color=INK, parse_math=False, va="bottom"
    )


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
