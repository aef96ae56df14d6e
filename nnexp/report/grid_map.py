"""Two numeric keys swept over a grid at every size: where the best setting lies.

By the validation accuracy at the end: what is chosen is not chosen on test data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from nnexp.config.plurals import some
from nnexp.config.varying_keys import short
from nnexp.record.figures.style import INK, SEQUENTIAL, quiet
from nnexp.report.labels import FINAL
from nnexp.report.learning import SIZE
from nnexp.report.plots import TEXT, Drawn, label_inside, panels
from nnexp.report.report_data import Material
from nnexp.study.compare import compare
from nnexp.study.metric import Metric, plain_zero
from nnexp.study.statistics import Summary, summarize
from nnexp.study.text_table import TextTable

CHOSEN_BY = Metric("validation/accuracy")
_FEWEST = 3
"""Values of a key that make a grid worth a map."""
_RANGE = 2.0
"""Points below the best at which a cell is white."""


@dataclass(frozen=True)
class Grid:
    """The settings of one size: a value of the first key a column, of the second a row."""

    size: int
    keys: tuple[str, str]
    columns: tuple[float, ...]
    rows: tuple[float, ...]
    means: NDArray[np.float64]
    """Percent, shape (rows, columns)."""
    level: NDArray[np.bool_]
    """Which are the best, or not resolved from it."""
    best: tuple[int, int]
    """Its row and column."""
    validation: Summary
    test: Summary
    """Of the best setting: the test accuracy of the same runs."""


def grids(material: Material) -> list[Grid]:
    """One for each size; none where the settings are no whole grid of two numeric keys."""
    keys = [key for key in material.keys if key != SIZE]
    runs = material.runs
    if len(keys) != 2 or CHOSEN_BY.name not in runs or runs[CHOSEN_BY.name].isna().any():
        return []
    if not all(pd.api.types.is_numeric_dtype(runs[key]) for key in keys):
        return []
    values = {key: sorted(set(runs[key].astype(float))) for key in keys}
    across, down = sorted(keys, key=lambda key: -len(values[key]))
    if len(values[down]) < _FEWEST:
        return []
    sizes = sorted(map(int, runs[SIZE].unique()))
    if len(material.settings) != len(sizes) * len(values[across]) * len(values[down]):
        return []
    spans = (tuple(values[across]), tuple(values[down]))
    return [_grid(runs[runs[SIZE] == size], size, (across, down), spans) for size in sizes]


def _grid(
    runs: pd.DataFrame,
    size: int,
    keys: tuple[str, str],
    values: tuple[tuple[float, ...], tuple[float, ...]],
) -> Grid:
    columns, rows = values
    found = compare(runs, list(keys), CHOSEN_BY.name)
    first = found.ranked[0]
    means, level = np.empty((len(rows), len(columns))), np.zeros((len(rows), len(columns)), bool)
    best = (0, 0)
    for setting in found.settings:
        x, y = (float(dict(setting.levels)[short(key)]) for key in keys)
        at = rows.index(y), columns.index(x)
        means[at] = CHOSEN_BY.scale * setting.summary.mean
        pair = found.pair(first, setting)
        level[at] = setting is first or pair is None or not pair.resolved
        best = at if setting is first else best
    chosen = runs[(runs[keys[0]] == columns[best[1]]) & (runs[keys[1]] == rows[best[0]])]
    test = summarize(chosen[FINAL].dropna().to_numpy(float), bounds=Metric(FINAL).bounds)
    return Grid(size, keys, columns, rows, means, level, best, first.summary, test)


def grid_map(found: Sequence[Grid]) -> Drawn | None:
    """A panel for each size: how far below the best each setting is."""
    if not found:
        return None
    figure, places, across = panels(
        len(found), left=0.5, bottom=0.55, gap=0.55, high=1.2, step=1.75, above=0.35
    )
    told = []
    for index, (axes, grid) in enumerate(zip(places, found, strict=True)):
        _panel(axes, grid)
        label_inside(axes, 0.0, 1.04, some(grid.size, "image"), size=TEXT)
        if index % across == 0:
            axes.set_ylabel(short(grid.keys[1]), size=TEXT - 1.0, color=INK)
        if index + across >= len(found):
            axes.set_xlabel(short(grid.keys[0]), size=TEXT - 1.0, color=INK)
        told.append(f"{some(grid.size, 'image')}: {_where(grid)}")
    return Drawn(
        "best_map",
        f"{CHOSEN_BY.name}: points below the best setting of each size",
        f"The best setting by {CHOSEN_BY.name}. {'; '.join(told)}.",
        figure,
        "the best in bold, with its accuracy (%); framed: not resolved from it",
    )


def _panel(axes: Axes, grid: Grid) -> None:
    top = grid.means[grid.best]
    axes.imshow(
        grid.means - top, cmap=SEQUENTIAL, vmin=-_RANGE, vmax=0.0, aspect="auto", origin="lower"
    )
    for row, column in product(range(len(grid.rows)), range(len(grid.columns))):
        below = grid.means[row, column] - top
        best = (row, column) == grid.best
        text = f"{top:.1f}" if best else plain_zero(f"{below:.1f}").replace("-", "−")
        dark = below > -0.45 * _RANGE
        axes.text(column, row, text, ha="center", va="center", size=TEXT - 3.0,
                  color="white" if dark else INK, weight="bold" if best else "normal")  # fmt: skip
        if grid.level[row, column]:
            axes.add_patch(_frame(column, row))
    axes.set_xticks(range(len(grid.columns)), [f"{value:g}" for value in grid.columns])
    axes.set_yticks(range(len(grid.rows)), [f"{value:g}" for value in grid.rows])
    quiet(axes, grid=False)
    axes.tick_params(length=0, labelsize=TEXT - 1.5)


def _frame(column: int, row: int) -> Rectangle:
    return Rectangle(
        (column - 0.46, row - 0.44), 0.92, 0.88, fill=False, edgecolor=INK, linewidth=0.9
    )


def best_table(found: Sequence[Grid]) -> TextTable | None:
    """A row for each size: the best setting, what it reaches, and what is not resolved from it."""
    if not found:
        return None
    names = [short(key) for key in found[0].keys]
    rows = [
        (
            f"{grid.size:,}",
            f"{grid.columns[grid.best[1]]:g}",
            f"{grid.columns[grid.best[1]] / grid.size:.1g}",
            f"{grid.rows[grid.best[0]]:g}",
            CHOSEN_BY.with_interval(grid.validation.mean, grid.validation.interval),
            Metric(FINAL).with_interval(grid.test.mean, grid.test.interval),
            f"{int(grid.level.sum()) - 1} of {grid.level.size - 1}",
            _span(grid.columns, np.any(grid.level, axis=0)),
            _span(grid.rows, np.any(grid.level, axis=1)),
        )
        for grid in found
    ]
    head = (
        *("images", names[0], f"{names[0]} / n", names[1], "validation accuracy (%)"),
        *("test accuracy (%)", "not resolved from it", f"{names[0]} among them"),
        f"{names[1]} among them",
    )
    note = (
        "the best mean validation accuracy at the end, with 95 % intervals; test accuracy of the "
        "same runs; resolved: among all pairs of settings of that size (Holm)"
    )
    return TextTable("The best setting of each size", head, tuple(rows), note)


def grid_answers(found: Sequence[Grid]) -> list[str]:
    """Where the best setting of each size lies, in a sentence."""
    if not found:
        return []
    parts = [f"{_where(grid)} for {some(grid.size, 'image')}" for grid in found]
    return [f"Best on {CHOSEN_BY.name}: {'; '.join(parts)}."]


def _where(grid: Grid) -> str:
    x, y = grid.columns[grid.best[1]], grid.rows[grid.best[0]]
    return f"{short(grid.keys[0])} {x:g} with {short(grid.keys[1])} {y:g}"


def _span(values: Sequence[float], there: Iterable[bool]) -> str:
    held = [value for value, one in zip(values, there, strict=True) if one]
    return f"{held[0]:g}" if len(held) == 1 else f"{held[0]:g} to {held[-1]:g}"
