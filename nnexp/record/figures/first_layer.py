"""`first_layer.png`: what each unit of the first layer looks for."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from nnexp.nn.parameters import Parameters
from nnexp.record.figures.style import DIVERGING, GREY, frame, mosaic, new_figure, place, visible

_UNITS = 30
_LEAST = 0.9
"""Inches: so high are the images together at least, as the colour bar stands beside them."""


def first_layer_figure(
    parameters: Parameters, image_shape: tuple[int, int], *, title: str
) -> Figure:
    """The weights into each unit of the first hidden layer, as an image of the input's shape.

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
    columns = min(6, len(shown))
    gap = (round(0.22 * max(height, width)), round(0.16 * width))
    rows = -(-len(shown) // columns)
    sheet_width = 6.7 * columns / 6
    inches = sheet_width / (columns * (width + gap[1])) * (height + gap[0]) * rows
    which = (
        f"{n_units} units" if n_units <= _UNITS else f"the {_UNITS} strongest of {n_units} units"
    )
    drawn, inches = inches, max(inches, _LEAST)
    figure = new_figure(inches + 0.1, f"First-layer weights: {which}", title)
    axes = place(figure, 0.2, 0.02 + inches - drawn, sheet_width, drawn)
    axes.axis("off")
    # The largest few weights would fade all others: the scale ends at the 99.5th percentile.
    finite = np.abs(weights[shown])[np.isfinite(weights[shown])]
    limit = float(np.percentile(finite, 99.5)) if finite.size else 1.0
    limit = limit or 1.0
    sheet = mosaic(tiles, columns, gap)
    image = axes.imshow(
        sheet, cmap=DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest", aspect="auto"
    )
    # Without a hidden layer the units are the classes.
    name = "class {}" if len(parameters.weights) == 1 else "unit {}"
    for number, unit in enumerate(shown):
        top = (number // columns) * (height + gap[0])
        left = (number % columns) * (width + gap[1])
        axes.add_patch(frame(left, top, width, height))
        axes.text(
            left,
            top + height + 0.02 * max(height, width),
            name.format(unit),
            va="top",
            size=8.5,
            color=GREY,
        )
    _colour_bar(figure, image, 0.25 + sheet_width, inches)
    return figure


def _colour_bar(figure: Figure, image: AxesImage, left: float, height: float) -> None:
    """Beside images that are `height` inches high."""
    bar_height = min(2.6, height - 0.3)
    bottom = max(0.15, height - bar_height - 0.05)
    bar = place(figure, left, bottom, 0.14, bar_height)
    scale = figure.colorbar(image, cax=bar, extend="both")
    scale.outline.set_visible(False)  # type: ignore[operator, unused-ignore]
    bar.tick_params(labelsize=9, colors=GREY, length=3)
    bar.yaxis.set_major_locator(MaxNLocator(nbins=5))
