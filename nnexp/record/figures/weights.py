"""`weights.png`: how the weights and biases of each layer are distributed."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator
from numpy.typing import NDArray

from nnexp.nn.parameters import Parameters
from nnexp.record.figures.style import BLUE, GREY, INK, VERMILION, new_figure, place, quiet

_COLUMNS = 4
_FEW = 12
"""A network of at most so many weights and biases shows each of them, not a histogram."""


def weights_figure(parameters: Parameters, *, title: str) -> Figure:
    """A histogram of each layer's weights, its biases below, with their standard deviations.

    Args:
        parameters: the trained network.
        title: the run's setting.

    A network of a few numbers, such as the single neuron, shows them one by one.
    """
    numbers = sum(array.size for array in (*parameters.weights, *parameters.biases))
    if numbers <= _FEW:
        return _each(parameters, title)
    n_layers = len(parameters.weights)
    columns = min(_COLUMNS, n_layers)
    rows = -(-n_layers // columns)
    height, margin, between = 3.7, 0.75, 0.55
    figure = new_figure(height * rows, "Weights and biases of each layer", title)
    width = (7.8 - margin - between * (columns - 1)) / columns
    pairs = zip(parameters.weights, parameters.biases, strict=True)
    for layer, (weight, bias) in enumerate(pairs):
        left = margin + layer % columns * (width + between)
        bottom = (rows - 1 - layer // columns) * height
        histogram = place(figure, left, bottom + 1.2, width, height - 1.55)
        n_out, n_in = weight.shape
        histogram.set_title(
            f"layer {layer + 1}: {n_in} → {n_out}", size=10.5, color=INK, loc="left"
        )
        _histogram(histogram, _finite(weight))
        _ticks(place(figure, left, bottom + 0.4, width, 0.42), _finite(bias))
        if layer % columns == 0:
            histogram.set_ylabel("weights in each bin", size=10, color=INK)
    return figure


def _finite(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    flat = values.astype(np.float64).ravel()
    return flat[np.isfinite(flat)]


def _std(values: NDArray[np.float64]) -> str:
    return f"{values.std():.3g}" if values.size else "unknown"


def _histogram(axes: Axes, values: NDArray[np.float64]) -> None:
    """Counts on a logarithmic scale, so that the tails show."""
    if not values.size:
        axes.text(0.5, 0.5, "no finite weight", ha="center", size=10, color=GREY)
        quiet(axes)
        return
    bins = int(np.clip(np.sqrt(values.size), 12, 60))
    # Floating point numbers have to lie between the edges of a bin, which they do not where all
    # weights are alike and huge; and a range must not be infinite.
    with np.errstate(over="ignore"):
        span = float(values.max() - values.min())
    if not np.isfinite(span) or (span or 1.0) < bins * np.spacing(np.abs(values).max()):
        text = f"weights {values.min():.3g} to {values.max():.3g}"
        axes.text(0.5, 0.5, text, ha="center", size=10, color=GREY)
        quiet(axes)
        return
    # One outline: bars would be a patch each, which takes long to draw.
    counts, edges = np.histogram(values, bins)
    axes.stairs(counts, edges, fill=True, color=BLUE, label=f"weights, std {_std(values)}")
    axes.set_yscale("log")
    # Room for the legend above the bars.
    axes.set_ylim(0.7, 0.7 * (axes.get_ylim()[1] / 0.7) ** 1.25)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    quiet(axes)
    _legend(axes, "upper left", (0.0, 1.0))


def _ticks(axes: Axes, values: NDArray[np.float64]) -> None:
    """One tick for each bias."""
    axes.plot(
        values, np.zeros(values.shape), linestyle="none", marker="|", markersize=11,
        color=VERMILION, label=f"biases, std {_std(values)}",
    )  # fmt: skip
    axes.set_ylim(-0.7, 1.6)
    axes.yaxis.set_major_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
    axes.margins(x=0.08)
    quiet(axes, grid=False)
    axes.spines["left"].set_visible(False)
    _legend(axes, "lower left", (0.0, 0.62))


def _legend(
    axes: Axes, corner: Literal["upper left", "lower left"], anchor: tuple[float, float]
) -> None:
    axes.legend(
        frameon=False, fontsize=9, labelcolor=INK, loc=corner, bbox_to_anchor=anchor,
        handlelength=0.9, handleheight=0.7, handletextpad=0.5, borderaxespad=0.1,
    )  # fmt: skip


def _each(parameters: Parameters, title: str) -> Figure:
    """One bar for each number, from zero."""
    bars: list[tuple[str, float, str]] = []
    pairs = zip(parameters.weights, parameters.biases, strict=True)
    for layer, (weight, bias) in enumerate(pairs, start=1):
        suffix = f" {layer}" if len(parameters.weights) > 1 else ""
        for kind, colour, array in (("weight", BLUE, weight), ("bias", VERMILION, bias)):
            flat = array.astype(np.float64).ravel()
            for number, value in enumerate(flat.tolist(), start=1):
                which = f" ({number})" if flat.size > 1 else ""
                bars.append((f"{kind}{suffix}{which}", value, colour))
    height = 0.9 + 0.38 * len(bars)
    figure = new_figure(height, "Weights and biases", title)
    axes = place(figure, 1.2, 0.45, 6.2, height - 0.6)
    values = np.nan_to_num([value for _, value, _ in bars])
    axes.barh(range(len(bars)), values, height=0.55, color=[colour for _, _, colour in bars])
    axes.axvline(0.0, color=GREY, linewidth=1.0)
    axes.set_yticks(range(len(bars)), [name for name, _, _ in bars])
    axes.invert_yaxis()
    axes.margins(x=0.16)
    for row, (_, value, _) in enumerate(bars):
        text, right = f"{value:.4g}".replace("-", "−"), value >= 0
        axes.annotate(
            text, (float(values[row]), row), xytext=(5 if right else -5, 0),
            textcoords="offset points", va="center", ha="left" if right else "right",
            size=10, color=INK,
        )  # fmt: skip
    quiet(axes)
    axes.tick_params(axis="y", labelsize=10, colors=INK, length=0)
    axes.set_xlabel("value", size=10, color=INK)
    return figure
