"""A run's figures: curves, confusion matrix, worst mistakes, weights."""

from __future__ import annotations

from nnexp.record.figures.confusion import confusion_counts
from nnexp.record.figures.mistakes import most_wrong
from nnexp.record.figures.run import Predictions, run_figures, save_figures

__all__ = ["Predictions", "confusion_counts", "most_wrong", "run_figures", "save_figures"]
