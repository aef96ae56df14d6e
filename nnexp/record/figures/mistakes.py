"""`mistakes.png`: the test images that the network gets most wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnexp.record.figures.style import (
    GREY,
    INK,
    VERMILION,
    frame,
    mosaic,
    new_figure,
    place,
    visible,
)

_ROWS, _COLUMNS = 5, 6


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
    """The worst mistakes as images, with what they are, what they are taken for, and how surely.

    Args:
        images: pixels 0 to 255, shape (N, height · width).
        labels: the true classes, shape (N,).
        probabilities: shape (N, n_classes).
        image_shape: (height, width).
        title: the run's setting.
    """
    worst = most_wrong(labels, probabilities, _ROWS * _COLUMNS)
    tiles = visible(images[worst].astype(float), image_shape)
    _, height, width = tiles.shape
    rows = max(1, -(-len(worst) // _COLUMNS))
    # Room under each image for its two numbers.
    gap = (round(0.36 * max(height, width)), round(0.22 * width))
    inches = 7.6 / (_COLUMNS * (width + gap[1])) * (height + gap[0]) * rows
    n_wrong = int((probabilities.argmax(axis=1) != labels).sum())
    heading = f"Mistakes: the worst {len(worst)} of {n_wrong:,}" if n_wrong else "Mistakes: none"
    note = "true class → predicted class and its probability"
    figure = new_figure(inches + 0.35, heading, title)
    axes = place(figure, 0.2, 0.02, 7.6, inches + 0.3)
    axes.axis("off")
    if not len(worst):
        axes.text(0.5, 0.5, "no test image is misclassified", ha="center", size=12, color=GREY)
        return figure
    sheet = mosaic(tiles, _COLUMNS, gap)
    axes.imshow(sheet, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest", aspect="auto")
    scale = sheet.shape[0] / inches
    axes.set_ylim(sheet.shape[0] - 0.5, -0.5 - 0.3 * scale)
    axes.text(-0.5, -0.5 - 0.12 * scale, note, size=9.5, color=GREY, va="bottom")
    for place_, index in enumerate(worst):
        top = (place_ // _COLUMNS) * (height + gap[0])
        left = (place_ % _COLUMNS) * (width + gap[1])
        axes.add_patch(frame(left, top, width, height))
        predicted = int(probabilities[index].argmax())
        y = top + height + 0.04 * max(height, width)
        axes.text(left, y, f"{labels[index]} → {predicted}", va="top", size=11, color=INK)
        axes.text(
            left + width, y, f"{100 * probabilities[index, predicted]:.1f} %",
            va="top", ha="right", size=10, color=VERMILION,
        )  # fmt: skip
    return figure
