"""`curves.png` and `fork.png`: cost and accuracy after each epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from nnexp.record.figures.style import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    fit_height,
    new_figure,
    place,
    quiet,
)

_SETS = ("train", "validation", "test")
_HEIGHT, _WIDTH, _LEFT, _MIDDLE = 3.5, 3.1, 0.75, 4.7
"""Inches: of the axes, which stand side by side, and where each begins."""
_LONG = 5
"""Runs of fewer epochs are shown whole."""
_START = 0.04
"""The share of a longer run that may lie outside the frame."""
_SHOWN = 0.05
"""The share of a forked run before which costs may lie above the frame."""


def curves_figure(
    curves: pd.DataFrame,
    *,
    title: str,
    test_accuracy: float | None = None,
    test_step: int | None = None,
) -> Figure:
    """Cost and accuracy side by side, for the training, validation and test data there are.

    Args:
        curves: column `step` (completed epochs) and any of `train/cost`, `train/accuracy`,
            `validation/…`, `test/…`; rows may hold NaN. Accuracies are fractions.
        title: the run's setting.
        test_accuracy: the final one, a fraction; shown as a diamond.
        test_step: the epoch that it belongs to; default the last.
    """
    has_accuracy = any(_points(curves, f"{name}/accuracy")[0].size for name in _SETS)
    heading = "Cost and accuracy" if has_accuracy else "Cost"
    figure = new_figure(_HEIGHT, heading, title)
    quantities = {"cost": _LEFT, "accuracy": _MIDDLE} if has_accuracy else {"cost": _LEFT}
    for quantity, left in quantities.items():
        width = _WIDTH if has_accuracy else 7.0
        axes = place(figure, left, 0.55, width, _HEIGHT - 0.65)
        _lines(axes, curves, quantity, has_accuracy)
        shares = quantity == "accuracy"
        if shares and test_accuracy is not None and np.isfinite(test_accuracy):
            _final(axes, test_accuracy, _last(curves) if test_step is None else test_step)
        axes.set_ylabel(quantity, size=10, color=INK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
        axes.set_xlim(0, max(_last(curves), 1))
        _finish(axes, handlelength=1.6, shares=shares)
    return figure


def _last(curves: pd.DataFrame) -> int:
    return int(curves["step"].max()) if len(curves) else 0


def _points(curves: pd.DataFrame, column: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Steps and values of a column, where there is a finite value."""
    if column not in curves:
        return np.empty(0), np.empty(0)
    steps = curves["step"].to_numpy(dtype=float)
    values = curves[column].to_numpy(dtype=float)
    there = np.isfinite(values)
    return steps[there], values[there]


def _lines(axes: Axes, curves: pd.DataFrame, quantity: str, zoom: bool) -> None:
    """One line for each data set; with `zoom`, limits that leave the steep start outside.

    The untrained network (step 0) and the first epochs would squeeze everything learnt later
    into a corner: their lines come in from outside the frame.
    """
    last_step = _last(curves)
    begin = max(1.0, _START * last_step) if zoom and last_step >= _LONG else 0.0
    settled: list[NDArray[Any]] = []
    for name in _SETS:
        steps, values = _points(curves, f"{name}/{quantity}")
        if not values.size:
            continue
        last = f"{values[-1]:.3g}" if quantity == "cost" else f"{100 * values[-1]:.2f} %"
        axes.plot(
            steps, values, color=COLOURS[name], linewidth=1.8, label=f"{name}  {last}",
            marker="o" if values.size == 1 else None, markersize=4, solid_capstyle="round",
        )  # fmt: skip
        settled.append(values[steps >= begin] if (steps >= begin).any() else values)
    if settled:
        fit_height(axes, np.concatenate(settled))


def _final(axes: Axes, accuracy: float, step: int) -> None:
    low, high = axes.get_ylim()
    margin = 0.06 * (high - low)
    axes.set_ylim(min(low, accuracy - margin), max(high, accuracy + margin))
    axes.plot(
        [step], [accuracy], linestyle="none", marker="D", markersize=8, color=COLOURS["test"],
        markeredgecolor="white", markeredgewidth=1.2, clip_on=False, zorder=5,
        label=f"final test  {100 * accuracy:.2f} %",
    )  # fmt: skip
    axes.axhline(accuracy, color=GREY, linewidth=0.8, linestyle=(0, (1, 3)), zorder=1)


def fork_figure(fork: pd.DataFrame, parent: pd.DataFrame, at: int, *, title: str) -> Figure:
    """`fork.png`: a run that went another way, and the run that it comes from.

    Cost and accuracy of both, of the test data where both were watched, else of others.

    Args:
        fork, parent: column `step` (completed epochs) and the metrics by name.
        at: completed epochs at which they part.
        title: what was changed.
    """
    figure = new_figure(_HEIGHT, f"Another way from epoch {at}", title)
    for left, quantity in ((_LEFT, "data_cost"), (_MIDDLE, "accuracy")):
        names = [f"{name}/{quantity}" for name in ("test", "validation", "train")]
        metric = next((name for name in names if name in fork and name in parent), None)
        if metric is None:
            continue
        axes = place(figure, left, 0.55, _WIDTH, _HEIGHT - 0.65)
        for frame, label, colour, style in (
            (parent, "parent", GREY, "--"),
            (fork[fork["step"] >= at], "fork", BLUE, "-"),
        ):
            points = frame[["step", metric]].dropna()
            axes.plot(points["step"], points[metric], style, color=colour, label=label, lw=1.8)
        axes.axvline(at, color=INK, linewidth=0.8)
        last = max(_last(fork), _last(parent), 1)
        settled = pd.concat(f.loc[f["step"] >= _SHOWN * last, metric] for f in (fork, parent))
        fit_height(axes, settled.dropna().to_numpy(float))
        axes.set_xlim(0, last)
        said = metric.replace("/", " ").replace("data_cost", "cost, without penalty")
        axes.set_ylabel(said, size=10, color=INK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        _finish(axes, handlelength=1.8, shares=quantity == "accuracy")
    return figure


def _finish(axes: Axes, *, handlelength: float, shares: bool) -> None:
    """What is alike in all curves: epochs below, `shares` in percent, a legend."""
    axes.set_xlabel("epochs", size=10, color=INK)
    if shares:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:g} %"))
    quiet(axes)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=9, labelcolor=INK, handlelength=handlelength)
