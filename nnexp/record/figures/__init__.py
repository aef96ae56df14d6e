"""A run's figures: curves, confusion matrix, worst mistakes, weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnexp.atomic_files import whole
from nnexp.nn.parameters import Parameters
from nnexp.record.figures.confusion import confusion_counts, confusion_figure
from nnexp.record.figures.curves import curves_figure
from nnexp.record.figures.images import first_layer_figure, mistakes_figure, most_wrong
from nnexp.record.figures.style import DPI
from nnexp.record.figures.weights import weights_figure

__all__ = ["Predictions", "confusion_counts", "most_wrong", "run_figures", "save_figures"]


@dataclass(frozen=True)
class Predictions:
    """The test images and what the trained network says about them."""

    images: NDArray[np.uint8]
    """Pixels 0 to 255, shape (N, n_in)."""
    labels: NDArray[np.integer[Any]]
    """True classes, shape (N,)."""
    probabilities: NDArray[np.floating[Any]]
    """Shape (N, n_outputs)."""


def run_figures(
    curves: pd.DataFrame,
    parameters: Parameters,
    *,
    title: str,
    test: Predictions | None = None,
    image_shape: tuple[int, int] | None = None,
    test_accuracy: float | None = None,
    test_step: int | None = None,
) -> dict[str, Figure]:
    """The figures of one run, by the name of their file.

    Args:
        curves: a row per evaluated epoch, as in `curves.csv`; see `curves_figure`.
        parameters: the network that the artifacts describe.
        title: the setting, which every figure names.
        test: test data and predictions; without them no confusion matrix and no mistakes.
        image_shape: (height, width), or None where the input is no image.
        test_accuracy: the final one, a fraction.
        test_step: the epoch it belongs to (with early stopping the restored one).

    Returns:
        `curves.png` and `weights.png` always; for networks with classes `confusion.png`; for
        images also `mistakes.png` and `first_layer.png`.
    """
    figures = {
        "curves.png": curves_figure(
            curves, title=title, test_accuracy=test_accuracy, test_step=test_step
        )
    }
    n_outputs = parameters.sizes[-1]
    if test is not None and n_outputs > 1:
        predicted = test.probabilities.argmax(axis=1)
        counts = confusion_counts(test.labels, predicted, n_outputs)
        figures["confusion.png"] = confusion_figure(counts, title=title)
        if image_shape is not None:
            figures["mistakes.png"] = mistakes_figure(
                test.images, test.labels, test.probabilities, image_shape, title=title
            )
    if image_shape is not None and n_outputs > 1:
        figures["first_layer.png"] = first_layer_figure(parameters, image_shape, title=title)
    figures["weights.png"] = weights_figure(parameters, title=title)
    return figures


def save_figures(directory: Path, figures: Mapping[str, Figure]) -> None:
    """Write each figure as a PNG under its name; equal figures give equal bytes.

    Args:
        directory: made if absent.
        figures: by file name.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        with whole(directory / name) as fresh:
            # Without this matplotlib writes its version into the file.
            figure.savefig(fresh, format="png", dpi=DPI, metadata={"Software": None})
