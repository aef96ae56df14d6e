"""`confusion.png`: which class is taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnexp.record.figures.style import GREY, INK, PAPER, SEQUENTIAL, new_figure, place

_COUNTED = 20
"""Up to so many classes the counts are written into the cells."""


def confusion_counts(
    labels: NDArray[np.integer[Any]], predicted: NDArray[np.integer[Any]], n_classes: int
) -> NDArray[np.int64]:
    """How often each class was taken for each.

    Args:
        labels: the true classes, shape (N,), each in 0 … n_classes - 1.
        predicted: the predicted ones, likewise.
        n_classes: how many classes there are.

    Returns:
        Shape (n_classes, n_classes); row = true class, column = predicted class.
    """
    pairs = labels.astype(np.int64) * n_classes + predicted.astype(np.int64)
    counts = np.bincount(pairs, minlength=n_classes * n_classes)
    return counts.astype(np.int64).reshape(n_classes, n_classes)


def confusion_figure(counts: NDArray[np.int64], *, title: str) -> Figure:
    """The matrix with counts; mistakes stand out by colour, right answers stay grey.

    Args:
        counts: from `confusion_counts`.
        title: the run's setting.
    """
    n_classes = len(counts)
    total, wrong = int(counts.sum()), int(counts.sum() - np.trace(counts))
    share = f" ({100 * wrong / total:.2f} %)" if total else ""
    height = 6.1
    figure = new_figure(height, f"Confusion: {wrong:,} of {total:,} wrong{share}", title)
    axes = place(figure, 0.95, 0.6, 5.3, 5.3)
    mistakes = counts.astype(np.float64)
    np.fill_diagonal(mistakes, np.nan)
    axes.set_facecolor("#ECECEC")
    # A root lets one mistake be seen beside fifty, without a logarithm's trouble with zero.
    norm = PowerNorm(0.5, vmin=0.0, vmax=max(1.0, float(np.nanmax(mistakes, initial=1.0))))
    axes.imshow(mistakes, cmap=SEQUENTIAL, norm=norm, interpolation="nearest")
    if n_classes <= _COUNTED:
        _write_counts(axes, counts, norm)
        axes.set_xticks(range(n_classes), [str(k) for k in range(n_classes)])
        axes.set_yticks(range(n_classes), [str(k) for k in range(n_classes)])
        _write_margin(axes, counts)
    axes.set_xlabel("predicted class", size=10.5, color=INK)
    axes.set_ylabel("true class", size=10.5, color=INK)
    axes.tick_params(length=0, labelsize=11, colors=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    edges = np.arange(n_classes + 1) - 0.5
    ends = (-0.5, n_classes - 0.5)
    axes.hlines(edges, *ends, color=PAPER, linewidth=1.5, clip_on=False)
    axes.vlines(edges, *ends, color=PAPER, linewidth=1.5, clip_on=False)
    return figure


def _write_counts(axes: Axes, counts: NDArray[np.int64], norm: PowerNorm) -> None:
    size = 10.5 if len(counts) <= 12 else 7.0
    for (row, column), count in np.ndenumerate(counts):
        if row == column:
            axes.text(column, row, f"{count}", ha="center", va="center", size=size, color=GREY)
        elif count:
            colour = PAPER if float(norm(float(count))) > 0.7 else INK
            axes.text(column, row, f"{count}", ha="center", va="center", size=size, color=colour)


def _write_margin(axes: Axes, counts: NDArray[np.int64]) -> None:
    """To the right of each row, the share of the class that was missed."""
    right = len(counts) - 0.35
    axes.text(right, -0.75, "missed", ha="left", va="center", size=9.5, color=GREY)
    for row, of_class in enumerate(counts.sum(axis=1)):
        if of_class:
            missed = 100 * (1 - counts[row, row] / of_class)
            axes.text(right, row, f"{missed:.1f} %", va="center", size=10, color=INK)
