"""Figures of small images on one sheet: what units look for, mistakes, expanded training data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from nnexp.nn.parameters import Parameters
from nnexp.record.figures.style import (
    DIVERGING,
    GREY,
    INK,
    VERMILION,
    frame,
    mosaic,
    new_figure,
    place,
    visible,
)

_UNITS = 30
_LEAST = 0.9
"""Inches: so high are the images together at least, as the colour bar stands beside them."""

_ROWS, _COLUMNS = 5, 6

_GREYS = {"cmap": "gray_r", "vmin": 0, "vmax": 255}


def first_layer_figure(
    parameters: Parameters, image_shape: tuple[int, int], *, title: str
) -> Figure:
    """`first_layer.png`: the weights into each unit of the first layer, as an image of the input.

    Args:
        parameters: the trained network, with height · width inputs.
        image_shape: (height, width).
        title: the run's setting.

    Of more than thirty units the thirty with the largest norms are shown. Blue is negative,
    vermilion positive; all images share one scale, symmetric about zero. Unit k is row k of W1.
    """
    weights = parameters.weights[0].astype(np.float64)
    n_units = len(weights)
    norms = np.nan_to_num(np.linalg.norm(weights, axis=1))
    shown = np.sort(np.argsort(-norms, kind="stable")[:_UNITS])
    tiles = visible(weights[shown], image_shape)
    _, height, width = tiles.shape
    columns = min(_COLUMNS, len(shown))
    gap = (round(0.22 * max(height, width)), round(0.16 * width))
    rows = -(-len(shown) // columns)
    sheet_width = 6.7 * columns / 6
    drawn = sheet_width / (columns * (width + gap[1])) * (height + gap[0]) * rows
    inches = max(drawn, _LEAST)
    which = f"{n_units} units"
    if n_units > _UNITS:
        which = f"the {_UNITS} strongest of {which}"
    figure = new_figure(inches + 0.1, f"First-layer weights: {which}", title)
    axes = place(figure, 0.2, 0.02 + inches - drawn, sheet_width, drawn)
    # The largest few weights would fade all others: the scale ends at the 99.5th percentile.
    finite = np.abs(weights[shown])[np.isfinite(weights[shown])]
    limit = (float(np.percentile(finite, 99.5)) if finite.size else 0.0) or 1.0
    image = _draw(axes, mosaic(tiles, columns, gap), cmap=DIVERGING, vmin=-limit, vmax=limit)
    # Without a hidden layer the units are the classes.
    name = "class" if len(parameters.weights) == 1 else "unit"
    for unit, (left, top) in zip(shown, _framed(axes, tiles, columns, gap), strict=True):
        below = top + height + 0.02 * max(height, width)
        axes.text(left, below, f"{name} {unit}", va="top", size=8.5, color=GREY)
    _colour_bar(figure, image, 0.25 + sheet_width, inches)
    return figure


def most_wrong(
    labels: NDArray[np.integer[Any]], probabilities: NDArray[np.floating[Any]], limit: int
) -> NDArray[np.int64]:
    """The misclassified examples, the most confident mistake first.

    Args:
        labels: the true classes, shape (N,).
        probabilities: shape (N, n_classes); the prediction is the most probable class.
        limit: how many at most.

    Returns:
        Indices into `labels`, ordered by the probability of the predicted class minus that of
        the true one, largest first; equal ones in the order of the data.
    """
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    margin = probabilities[wrong, predicted[wrong]] - probabilities[wrong, labels[wrong]]
    return wrong[np.argsort(-margin, kind="stable")][:limit].astype(np.int64)


def mistakes_figure(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer[Any]],
    probabilities: NDArray[np.floating[Any]],
    image_shape: tuple[int, int],
    *,
    title: str,
) -> Figure:
    """`mistakes.png`: the worst as images, what they are, what they are taken for, how surely.

    Args:
        images: pixels 0 to 255, shape (N, height · width).
        labels: the true classes, shape (N,).
        probabilities: shape (N, n_classes).
        image_shape: (height, width).
        title: the run's setting.
    """
    predicted = probabilities.argmax(axis=1)
    worst = most_wrong(labels, probabilities, _ROWS * _COLUMNS)
    tiles = visible(images[worst].astype(float), image_shape)
    _, height, width = tiles.shape
    rows = max(1, -(-len(worst) // _COLUMNS))
    # Room under each image for its two numbers.
    gap = (round(0.36 * max(height, width)), round(0.22 * width))
    inches = 7.6 / (_COLUMNS * (width + gap[1])) * (height + gap[0]) * rows
    n_wrong = int((predicted != labels).sum())
    heading = f"Mistakes: the worst {len(worst)} of {n_wrong:,}" if n_wrong else "Mistakes: none"
    figure = new_figure(inches + 0.35, heading, title)
    axes = place(figure, 0.2, 0.02, 7.6, inches + 0.3)
    if not n_wrong:
        axes.axis("off")
        axes.text(0.5, 0.5, "no test image is misclassified", ha="center", size=12, color=GREY)
        return figure
    sheet = mosaic(tiles, _COLUMNS, gap)
    _draw(axes, sheet, **_GREYS)
    scale = sheet.shape[0] / inches
    axes.set_ylim(sheet.shape[0] - 0.5, -0.5 - 0.3 * scale)
    note = "true class → predicted class and its probability"
    axes.text(-0.5, -0.5 - 0.12 * scale, note, size=9.5, color=GREY, va="bottom")
    for index, (left, top) in zip(worst, _framed(axes, tiles, _COLUMNS, gap), strict=True):
        taken, below = int(predicted[index]), top + height + 0.04 * max(height, width)
        axes.text(left, below, f"{labels[index]} → {taken}", va="top", size=11, color=INK)
        axes.text(
            left + width, below, f"{100 * probabilities[index, taken]:.1f} %",
            va="top", ha="right", size=10, color=VERMILION,
        )  # fmt: skip
    return figure


def expanded_figure(
    versions: NDArray[np.uint8], image_shape: tuple[int, int], *, title: str
) -> Figure:
    """`expanded.png`: a row per digit, the image as it is, then its versions.

    Args:
        versions: shape (digits, 1 + versions, height * width).
        image_shape: (height, width).
        title: the run's setting.
    """
    tiles = visible(versions.astype(np.float64), image_shape)
    sheet = mosaic(tiles, versions.shape[1], (3, 3))
    inches = 7.6 * sheet.shape[0] / sheet.shape[1]
    heading = "Expanded training data: each image, then versions of it"
    figure = new_figure(inches + 0.1, heading, title)
    _draw(place(figure, 0.2, 0.05, 7.6, inches), sheet, **_GREYS)
    return figure


def _draw(axes: Axes, sheet: NDArray[np.floating[Any]], **colours: Any) -> AxesImage:
    """Draw a mosaic, pixel by pixel, without anything around it."""
    axes.axis("off")
    return axes.imshow(sheet, interpolation="nearest", aspect="auto", **colours)


def _framed(
    axes: Axes, tiles: NDArray[np.floating[Any]], columns: int, gap: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Frame each image of a drawn mosaic; the left and the upper pixel of each."""
    n, height, width = tiles.shape
    for number in range(n):
        left = (number % columns) * (width + gap[1])
        top = (number // columns) * (height + gap[0])
        axes.add_patch(frame(left, top, width, height))
        yield left, top


def _colour_bar(figure: Figure, image: AxesImage, left: float, height: float) -> None:
    """Beside images that are `height` inches high."""
    bar_height = min(2.6, height - 0.3)
    bottom = max(0.15, height - bar_height - 0.05)
    bar = place(figure, left, bottom, 0.14, bar_height)
    scale = figure.colorbar(image, cax=bar, extend="both")
    scale.outline.set_visible(False)  # type: ignore[operator, unused-ignore]
    bar.tick_params(labelsize=9, colors=GREY, length=3)
    bar.yaxis.set_major_locator(MaxNLocator(nbins=5))
