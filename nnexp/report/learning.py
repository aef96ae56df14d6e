"""Curves over the epochs, and against the size of the training set: mean with band over seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.config.plurals import some
from nnexp.report.bands import stopped_at_once
from nnexp.report.chart import Chart, Series, line_of, thinned
from nnexp.report.labels import FINAL, Measure, own_metrics
from nnexp.report.palette import PUBLISHED
from nnexp.report.report_data import Material
from nnexp.study.metric import Metric

_WIDE = 4.0
_FAR = 100.0
"""Costs whose highest values differ by such a factor are drawn by logarithm."""
_LONG = 40.0
"""Where settings train for so many times more epochs than others, epochs are drawn by logarithm."""


def learning_charts(material: Material) -> list[tuple[Chart, ...]]:
    """What there is of: held-out accuracy, gap, training cost, held-out cost, metrics of one's own.

    Each is one chart, or small multiples with one scale.
    """
    part, own = material.held_out, own_metrics(material.runs)
    wanted = [
        Measure(f"{part}/accuracy", f"Accuracy on the {part} data"),
        Measure(f"gap/{part}", f"Gap: training minus {part} accuracy"),
        Measure("train/cost", "Cost on the training data"),
        Measure(f"{part}/cost_network2", f"Cost on the {part} data"),
        Measure("train/accuracy", "Accuracy on the training data"),
        *(Measure(f"{part}/{name}", f"{name} on the {part} data") for name in own),
    ]
    made = [over_epochs(material, measure) for measure in wanted if material.is_curve(measure.name)]
    # Runs of one epoch have values before and after it: nothing to draw a line through.
    return [charts for charts in made if charts]


def over_epochs(material: Material, measure: Measure) -> tuple[Chart, ...]:
    """One metric of every setting from its first epoch on, the published curves behind."""
    metric, title = measure.name, measure.heading
    log_x = _log_epochs(material, metric)
    last = max(_last_epochs(material, metric), default=0.0)
    panels = {
        panel: lines
        for panel, settings in material.panels.items()
        if (lines := _lines(material, metric, settings, last=last, log_x=log_x))
    }
    limits = _limits([line for lines in panels.values() for line in lines])
    log_y = "cost" in metric and _far_apart([line for lines in panels.values() for line in lines])
    title += " (logarithmic)" if log_y else ""
    return tuple(
        Chart(
            name=metric.replace("/", "_").removesuffix("_network2"),
            title=title,
            x_label="epoch (logarithmic)" if log_x else "epoch",
            y_label=title,
            series=tuple(lines),
            note=_note(material),
            y_range=limits
            if metric.endswith("accuracy") or (len(panels) > 1 and not log_y)
            else None,
            log_x=log_x,
            log_y=log_y,
            panel=panel,
        )
        for panel, lines in panels.items()
    )


def _lines(
    material: Material, metric: str, settings: Sequence[str], *, last: float, log_x: bool
) -> list[Series]:
    lines = [
        line
        for setting in ("", *settings)
        for line in published_lines(material, metric, setting, named=True, last=last)
    ]
    for setting in settings:
        band = material.band(metric, setting)
        band = band[band.index > 0]
        if len(band) == 1:
            continue
        name, style = material.lines[setting], material.style[setting]
        lines.append(line_of(band, name, style, scale=Metric(metric).scale, log_x=log_x))
    return [line for line in lines if len(line.x)]


def _log_epochs(material: Material, metric: str) -> bool:
    lasts = _last_epochs(material, metric)
    return bool(lasts and max(lasts) > max(_WIDE * min(lasts), _LONG))


def _last_epochs(material: Material, metric: str) -> list[float]:
    """Of the settings that have the metric."""
    bands = [material.band(metric, setting) for setting in material.drawn]
    lasts = [float(band.index.max()) for band in bands if len(band)]
    return [last for last in lasts if last > 0.0]


def _note(material: Material) -> str:
    seeds = material.runs.groupby("setting").size()
    said = "one run each" if seeds.max() == 1 else "mean over seeds and the range of all of them"
    left_out = len(material.settings) - len(material.drawn)
    if left_out:
        said += f"; {len(material.drawn)} of {len(material.settings)} settings, evenly by rank"
    if "early" in set(material.runs.get("stop.name", [])):
        said += "; a mean ends where its first run stops"
        if short := stopped_at_once(material.runs):
            said += f" ({some(short, 'run')} that stopped after one measured epoch left out)"
    return said


def _far_apart(lines: Sequence[Series]) -> bool:
    """Whether one setting, such as one that diverged, would press the others onto the axis."""
    values = [v[np.isfinite(v)] for v in (line.y for line in lines)]
    tops = [float(v.max()) for v in values if len(v)]
    ends = [v for line in lines for v in (line.low, line.y) if v is not None]
    positive = all((v[np.isfinite(v)] > 0.0).all() for v in ends)
    return bool(tops) and positive and max(tops) > _FAR * min(tops)


def _limits(lines: Sequence[Series]) -> tuple[float, float] | None:
    """From the lowest value to the highest: where a curve comes from is seen too."""
    ends = [v for line in lines for v in (line.low, line.high, line.y) if v is not None]
    values = np.concatenate(ends) if ends else np.empty(0)
    if not np.isfinite(values).any():
        return None
    bottom, top = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.06 * (top - bottom) or 0.5
    return float(f"{bottom - room:.4g}"), float(f"{top + room:.4g}")


def published_lines(
    material: Material,
    metric: str,
    setting: str,
    *,
    named: bool = False,
    first: float = 0.0,
    last: float = float("inf"),
) -> list[Series]:
    """The published curves that belong to a setting (or, for an empty one, to none)."""
    lines = []
    for known in material.published:
        if known.setting != setting or metric not in known.curves:
            continue
        steps, values = known.curves[metric]
        inside = (steps >= max(first, 1.0)) & (steps <= last)
        steps, values = steps[inside], values[inside] * Metric(metric).scale
        kept = thinned(steps)
        label = f"published: {setting}" if named and setting else known.name
        lines.append(Series(label, steps[kept], values[kept], style=PUBLISHED))
    return lines


SIZE = "data.n_train"


def size_charts(material: Material) -> list[Chart]:
    """Test accuracy and gap against the number of images, one line for each other setting."""
    if material.runs.get(SIZE) is None or material.runs[SIZE].nunique() < 3:
        return []
    wanted = [(FINAL, "size", "Test accuracy (%)"), ("gap/final", "size_gap", "Gap (points)")]
    return [
        _against(material, metric, name, title)
        for metric, name, title in wanted
        if metric in material.runs and material.runs[metric].notna().any()
    ]


def _against(material: Material, metric: str, name: str, title: str) -> Chart:
    others = [i for i, key in enumerate(material.keys) if key != SIZE]
    group = material.runs["setting"].map(
        {s: ", ".join(values[i] for i in others) for s, values in material.settings.items()}
    )
    lines = []
    for style, label in enumerate(dict.fromkeys(group)):
        part = material.runs[group == label].astype({SIZE: float, metric: float})
        band = part.groupby(SIZE)[metric].agg(["mean", "min", "max", "count"])
        lines.append(line_of(band, label or "mean", style, scale=Metric(metric).scale, points=True))
    return Chart(
        name=name,
        title=f"{title} against the size of the training set",
        x_label="training images (logarithmic)",
        y_label=title,
        series=tuple(lines),
        note="mean over seeds and the range of all of them",
        log_x=True,
    )
