"""What the figures share: size, colours that everyone can tell apart, quiet axes."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from nnexp.record.palette import COLOURS as PALETTE

WIDTH = 8.0
"""Inches; with `DPI` 880 pixels, so that text of 9 points is still easy to read at 800."""
DPI = 110

BLUE, VERMILION, GREEN, _, ORANGE = PALETTE[:5]
COLOURS = {"train": BLUE, "validation": ORANGE, "test": GREEN}

INK, GREY, PALE, PAPER = "#222222", "#666666", "#E3E3E3", "#FFFFFF"

DIVERGING = LinearSegmentedColormap.from_list("blue-white-vermilion", [BLUE, PAPER, VERMILION])
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "white-vermilion", [PAPER, "#F8C9A6", "#EE944F", VERMILION, "#9C4500"]
)

_STRIP = 4
"""Images that are longer in one direction by more than this are stretched in the other."""

_LINE = 0.19
"""Inches from one line of the header to the next."""


def new_figure(height: float, heading: str, setting: str) -> Figure:
    """A figure with a header: the heading in bold and the run's setting below it.

    Args:
        height: inches left for the content; the header comes on top.
        heading: what the figure shows.
        setting: what was trained; long ones are wrapped.

    Returns:
        The figure; the content has the lowest `height` inches, see `place`.
    """
    lines = textwrap.wrap(setting, width=112) if setting else []
    header = 0.42 + _LINE * len(lines)
    total = height + header
    figure = Figure(figsize=(WIDTH, total), dpi=DPI, facecolor=PAPER)
    left = 0.2 / WIDTH
    # Settings are typed by people: a "$" in them is no formula.
    figure.text(
        left, 1 - 0.13 / total, heading, va="top", size=12.5, weight="bold", color=INK,
        parse_math=False,
    )  # fmt: skip
    for number, line in enumerate(lines):
        y = 1 - (0.38 + _LINE * number) / total
        figure.text(left, y, line, va="top", size=9.5, color=GREY, parse_math=False)
    return figure


def place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the lower left corner."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, bottom / high, width / wide, height / high))


def fit_height(axes: Axes, values: NDArray[np.floating[Any]]) -> None:
    """Limits a little beyond the least and the greatest of some values."""
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low) or 0.05 * (abs(high) or 1.0)
    axes.set_ylim(low - margin, high + margin)


def quiet(axes: Axes, *, grid: bool = True) -> None:
    """Thin grey axes, a pale grid behind the data."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#AAAAAA")
    axes.tick_params(labelsize=9, colors=GREY, length=3, color="#AAAAAA")
    if grid:
        axes.grid(True, color=PALE, linewidth=0.7)
        axes.set_axisbelow(True)


def visible(images: NDArray[np.floating[Any]], shape: tuple[int, int]) -> NDArray[np.floating[Any]]:
    """Images, shape (n, height, width); the pixels of narrow strips longer one way.

    One row of pixels, such as a signal, would be a hair's breadth, and one column a page long.
    """
    height, width = shape
    tiles = images.reshape(-1, height, width)
    tiles = np.repeat(tiles, max(1, round(width / (_STRIP * height))), axis=1)
    return np.repeat(tiles, max(1, round(height / (_STRIP * width))), axis=2)


def mosaic(
    tiles: NDArray[np.floating[Any]], columns: int, gap: tuple[int, int]
) -> NDArray[np.floating[Any]]:
    """Lay images out row by row in one image; one drawn image is many times faster than thirty.

    Args:
        tiles: shape (n, height, width).
        columns: images in a row.
        gap: rows of pixels below each image, columns of pixels to its right.

    Returns:
        Shape (rows · (height + gap[0]), columns · (width + gap[1])); NaN where there is no image.
    """
    n, height, width = tiles.shape
    rows = -(-n // columns)
    sheet = np.full((rows, height + gap[0], columns, width + gap[1]), np.nan)
    for index in range(n):
        sheet[index // columns, :height, index % columns, :width] = tiles[index]
    return sheet.reshape(rows * (height + gap[0]), columns * (width + gap[1]))


def frame(left: float, top: float, width: float, height: float) -> Rectangle:
    """A thin frame around an image that starts at pixel (left, top) of a mosaic."""
    corner = (left - 0.5, top - 0.5)
    return Rectangle(corner, width, height, fill=False, edgecolor="#BBBBBB", linewidth=0.6)
