"""A comparison as a figure for a paper: every run a dot, the means with their intervals, as PDF."""

from __future__ import annotations

import io
import math

from matplotlib.figure import Figure

from nnexp.record.figures.style import GREY, INK, quiet
from nnexp.record.palette import COLOURS
from nnexp.study.compare import Comparison
from nnexp.study.metric import Metric

WIDTH, ROW, FRAME = 5.0, 0.3, 0.9
"""Inches: of the figure, of a setting, and around them."""


def figure(comparison: Comparison) -> bytes:
    """The settings of a comparison, the best on top. The same comparison gives the same bytes."""
    metric = Metric(comparison.metric)
    drawn = Figure(figsize=(WIDTH, FRAME + ROW * len(comparison.settings)), layout="constrained")
    axes = drawn.add_subplot()
    ranked = comparison.ranked[::-1]
    for row, setting in enumerate(ranked):
        values = [metric.scale * value for value in setting.values.values()]
        summary = setting.summary
        axes.plot(values, [row] * len(values), "o", color=GREY, markersize=3, alpha=0.6)
        if math.isfinite(summary.low) and summary.n > 1:
            ends = [metric.scale * summary.low, metric.scale * summary.high]
            axes.plot(ends, [row, row], color=COLOURS[0], linewidth=2.0)
        axes.plot([metric.scale * summary.mean], [row], "D", color=COLOURS[0], markersize=5)
    axes.set_yticks(
        range(len(ranked)), [comparison.named(s) for s in ranked], color=INK, fontsize=8
    )
    unit = f" ({metric.unit.strip()})" if metric.unit.strip() else ""
    axes.set_xlabel(f"{comparison.metric}{unit}", color=INK, fontsize=8)
    axes.set_ylim(-0.6, len(ranked) - 0.4)
    quiet(axes)
    buffer = io.BytesIO()
    undated = {"CreationDate": None, "Creator": None, "Producer": None}
    drawn.savefig(buffer, format="pdf", metadata=undated)
    return buffer.getvalue()
