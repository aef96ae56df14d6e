"""A chart as plain data: drawn once by matplotlib for paper, once by uPlot for the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nnexp.report.labels import number
from nnexp.report.palette import dash, variable

Floats = NDArray[np.float64]

POINTS = 200
"""A curve is drawn with at most so many of its values; a page of 200 runs has to open quickly."""
_TOLD = 6
"""An alternative text describes so many curves one by one."""
_HUGE = 1e300
"""MLflow gives infinity back as the greatest double."""


@dataclass(frozen=True)
class Series:
    """One line: x increasing, y its mean, `low` and `high` the ends of its band."""

    label: str
    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None
    style: int = 0
    """Number of the setting, which gives colour and dashes; `palette.PUBLISHED` is grey."""
    dash: int | None = None
    """Where the dashes are to be those of another number."""
    points: bool = False
    """Whether every value is marked."""


@dataclass(frozen=True)
class Chart:
    """Axes and lines."""

    name: str
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    note: str = ""
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    log_x: bool = False
    log_y: bool = False
    stepped: bool = False
    """A histogram: the line holds its value over the whole bin."""
    panel: str = ""
    """Of small multiples: the value that this one is of."""

    @property
    def text(self) -> str:
        """What is to be seen, for those who do not see it."""
        told = [_described(line, self) for line in self.series[:_TOLD]]
        if len(self.series) > _TOLD:
            told.append(f"{len(self.series) - _TOLD} more lines: see the table")
        title = f"{self.title}: {self.panel}" if self.panel else self.title
        return f"{title}, against {self.x_label}. " + "; ".join(told) + "."


def _described(line: Series, chart: Chart) -> str:
    there = np.isfinite(line.y)
    if not there.any():
        return f"{line.label}: no values"
    x, y = line.x[there], line.y[there]
    if chart.stepped:
        peak = int(np.argmax(y))
        return f"{line.label}: highest, {number(y[peak])}, at {number(round(float(x[peak]), 9))}"
    told = f"{line.label}: from {number(y[0])} at {_x(x[0])} to {number(y[-1])} at {_x(x[-1])}"
    for which, index in (("highest", int(np.argmax(y))), ("lowest", int(np.argmin(y)))):
        if 0 < index < len(y) - 1:
            told += f", {which} {number(y[index])} at {_x(x[index])}"
    return told


def _x(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else number(value)


def finite(values: Any) -> Floats:
    """As float64, with NaN for whatever is no finite number."""
    array = np.asarray(values, np.float64)
    return np.where(np.abs(array) < _HUGE, array, np.nan)


def thinned(steps: Sequence[float] | Floats, *, log: bool = False, most: int = POINTS) -> list[int]:
    """Indices of at most `most` of increasing steps, the first and the last among them."""
    array = np.asarray(steps, np.float64)
    if len(array) <= most:
        return list(range(len(array)))
    if log and array[0] > 0:
        wanted = np.geomspace(array[0], array[-1], most)
        return sorted(set(np.clip(np.searchsorted(array, wanted), 0, len(array) - 1).tolist()))
    return sorted(set(np.linspace(0, len(array) - 1, most).round().astype(int).tolist()))


def line_of(
    band: pd.DataFrame, label: str, style: int, *, scale: float = 1.0, log_x: bool = False,
    **more: Any,
) -> Series:  # fmt: skip
    """A line from a frame with the columns mean, min, max, count and the step as index."""
    band = band.iloc[thinned(band.index.to_numpy(np.float64), log=log_x)]
    mean, low, high = (finite(band[name]) * scale for name in ("mean", "min", "max"))
    line = Series(label, band.index.to_numpy(np.float64), mean, style=style, **more)
    several = len(band) > 0 and int(band["count"].max()) > 1
    return replace(line, low=low, high=high) if several else line


def plot_data(chart: Chart) -> dict[str, Any]:
    """What the page's script draws: one common x, every line with nulls where it has no value."""
    xs = np.unique(np.concatenate([line.x for line in chart.series]))
    return {
        "x": chart.x_label,
        "y": chart.y_label,
        "logx": chart.log_x,
        "logy": chart.log_y,
        "stepped": chart.stepped,
        "panel": chart.panel,
        "xr": chart.x_range,
        "yr": chart.y_range,
        "xs": rounded(xs),
        "lines": [
            {
                "label": line.label,
                "colour": variable(line.style),
                "dash": dash(line.style if line.dash is None else line.dash),
                "points": line.points,
                "y": _spread(xs, line.x, line.y),
                "low": None if line.low is None else _spread(xs, line.x, line.low),
                "high": None if line.high is None else _spread(xs, line.x, line.high),
            }
            for line in chart.series
        ],
    }


def _spread(xs: Floats, x: Floats, values: Floats) -> list[float | None]:
    full = np.full(len(xs), np.nan)
    full[np.searchsorted(xs, x)] = values
    return rounded(full)


def rounded(values: Floats, digits: int = 5) -> list[float | None]:
    """Five digits are more than a screen shows; NaN, which JSON does not know, is null."""
    return [float(f"{v:.{digits}g}") if np.isfinite(v) else None for v in values.tolist()]
