"""Expanded training data as pictures: some digits, and what becomes of them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnexp.record.figures.style import mosaic, new_figure, place, visible


def expanded_figure(
    versions: NDArray[np.uint8], image_shape: tuple[int, int], *, title: str
) -> Figure:
    """A row per digit: the image as it is, then its versions.

    Args:
        versions: shape (digits, 1 + versions, height * width).
        image_shape: (height, width).
        title: the run's setting.
    """
    columns = versions.shape[1]
    tiles = visible(versions.astype(np.float64), image_shape)
    sheet = mosaic(tiles, columns, (3, 3))
    inches_wide = 7.6
    inches = inches_wide * sheet.shape[0] / sheet.shape[1]
    heading = "Expanded training data: each image, then versions of it"
    figure = new_figure(inches + 0.1, heading, title)
    axes = place(figure, 0.2, 0.05, inches_wide, inches)
    axes.imshow(sheet, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest", aspect="auto")
    axes.axis("off")
    return figure
