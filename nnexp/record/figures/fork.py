"""`fork.png`: a run that went another way, and the run that it comes from."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from nnexp.record.figures.style import BLUE, GREY, INK, fit_height, new_figure, place, quiet

_HEIGHT = 3.5
_SETS = ("test", "validation", "train")
_SHOWN = 0.05
"""The share of the run before which costs may lie above the frame."""


def fork_figure(fork: pd.DataFrame, parent: pd.DataFrame, at: int, *, title: str) -> Figure:
    """Cost and accuracy of both, of the test data where both were watched, else of others.

    Args:
        fork, parent: column `step` (completed epochs) and the metrics by name.
        at: completed epochs at which they part.
        title: what was changed.
    """
    figure = new_figure(_HEIGHT, f"Another way from epoch {at}", title)
    for left, quantity in ((0.75, "data_cost"), (4.7, "accuracy")):
        names = [f"{name}/{quantity}" for name in _SETS]
        shown = [name for name in names if name in fork and name in parent]
        if not shown:
            continue
        metric = shown[0]
        axes = place(figure, left, 0.55, 3.1, _HEIGHT - 0.65)
        for frame, label, colour, style in (
            (parent, "parent", GREY, "--"),
            (fork[fork["step"] >= at], "fork", BLUE, "-"),
        ):
            points = frame[["step", metric]].dropna()
            axes.plot(points["step"], points[metric], style, color=colour, label=label, lw=1.8)
        axes.axvline(at, color=INK, linewidth=0.8)
        last = max(int(fork["step"].max()), int(parent["step"].max()), 1)
        settled = pd.concat(f.loc[f["step"] >= _SHOWN * last, metric] for f in (fork, parent))
        fit_height(axes, settled.dropna().to_numpy(float))
        axes.set_xlim(0, last)
        label = metric.replace("/", " ").replace("data_cost", "cost, without penalty")
        axes.set_ylabel(label, size=10, color=INK)
        axes.set_xlabel("epochs", size=10, color=INK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        if quantity == "accuracy":
            axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:g} %"))
        quiet(axes)
        axes.legend(frameon=False, fontsize=9, labelcolor=INK, handlelength=1.8)
    return figure
