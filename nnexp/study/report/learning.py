"""Curves over the epochs: accuracies, costs and the gap, mean with band over seeds."""

from __future__ import annotations

import numpy as np

from nnexp.study.report.chart import Chart, Floats, Series, line_of, thinned
from nnexp.study.report.material import Material
from nnexp.study.report.palette import PUBLISHED

LATE = 0.1
"""Accuracy axes start where the curves are after this share of the epochs."""
_WIDE = 4.0
_LONG = 40.0
"""Where settings train for so many times more epochs than others, epochs are drawn by logarithm."""


def learning_charts(material: Material) -> list[Chart]:
    """What there is of: held-out accuracy, training cost, held-out cost, gap."""
    part = material.held_out
    wanted = [
        (f"{part}/accuracy", f"Accuracy on the {part} data (%)", 100.0),
        (f"gap/{part}", f"Gap: training minus {part} accuracy (points)", 100.0),
        ("train/cost", "Cost on the training data", 1.0),
        (f"{part}/cost_network2", f"Cost on the {part} data", 1.0),
        ("train/accuracy", "Accuracy on the training data (%)", 100.0),
    ]
    charts = [
        over_epochs(material, metric, title, scale)
        for metric, title, scale in wanted
        if material.is_curve(metric)
    ]
    # Runs of one epoch have values before and after it: nothing to draw a line through.
    return [chart for chart in charts if chart.series]


def over_epochs(material: Material, metric: str, title: str, scale: float) -> Chart:
    """One metric of every setting, the published curves behind."""
    log_x = _log_epochs(material, metric)
    last = max(_last_epochs(material, metric), default=0.0)
    lines = [
        line
        for setting in ("", *material.drawn)
        for line in published_lines(material, metric, setting, scale, named=True, last=last)
    ]
    for setting in material.drawn:
        band = material.band(metric, setting)
        band = band[band.index > 0]
        if len(band) == 1:
            continue
        lines.append(line_of(band, setting, material.style[setting], scale=scale, log_x=log_x))
    return Chart(
        name=metric.replace("/", "_").removesuffix("_network2"),
        title=title,
        x_label="epoch (logarithmic)" if log_x else "epoch",
        y_label=title,
        series=tuple(line for line in lines if len(line.x)),
        note=_note(material),
        y_range=_late_range(lines) if metric.endswith("accuracy") else None,
        log_x=log_x,
    )


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
    return said


def _late_range(lines: list[Series]) -> tuple[float, float] | None:
    """The steep first epochs lie outside, so that the lines can be told apart."""
    low: list[Floats] = []
    high: list[Floats] = []
    for line in lines:
        late = line.x >= line.x.max(initial=0.0) * LATE if len(line.x) else line.x > 0
        for values, ends in ((line.low, low), (line.high, high), (line.y, low), (line.y, high)):
            if values is not None and np.isfinite(values[late]).any():
                ends.append(values[late])
    if not low:
        return None
    bottom = float(np.nanquantile(np.concatenate(low), 0.01))
    top = float(np.nanmax(np.concatenate(high)))
    room = 0.06 * (top - bottom) or 0.5
    return round(bottom - room, 2), round(min(top + room, 100.0 + 0.3 * room), 2)


def published_lines(
    material: Material,
    metric: str,
    setting: str,
    scale: float,
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
        steps, values = steps[inside], values[inside] * scale
        kept = thinned(steps)
        label = f"published: {setting}" if named and setting else known.name
        lines.append(Series(label, steps[kept], values[kept], style=PUBLISHED))
    return lines
