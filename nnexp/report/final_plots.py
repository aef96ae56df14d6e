"""How runs ended: every run a dot, and slopes from one setting to another, paired by seed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from nnexp.config.plurals import some
from nnexp.record.figures.style import GREY, INK, quiet
from nnexp.record.palette import COLOURS
from nnexp.report.labels import Measure
from nnexp.report.pairs import Shown
from nnexp.report.palette import PUBLISHED_COLOUR, colour
from nnexp.report.plots import TEXT, WIDTH, Drawn, inches, label_inside, new_picture, panels
from nnexp.report.report_data import Material
from nnexp.study.bootstrap import Interval
from nnexp.study.compare import Comparison, Setting
from nnexp.study.statistics import summarize

ROWS = 24
"""So many settings are shown run by run; the tables hold all."""
PANELS = 8
_ROW = 0.36
_MANY = 8
"""Names of more settings stand beside the rows, which are low then, if none is too long."""
_LOW_ROW = 0.2
_LETTER, _LONGEST = 0.056, 58
"""Inches of a letter; names of more letters would leave no room beside them."""
_WIDEST = 66
"""So many letters of a name that stands above its row fit into the width."""
_LINE = 0.17
"""Inches from one line above a slope to the next; there is room for two and the change."""
_MARKERS = "Dos^vP*X"


def dots(material: Material, measure: Measure) -> Drawn:
    """Every run a dot, its setting's mean with the 95 % interval; the published value as a line."""
    measured = set(material.runs.dropna(subset=[measure.name])["setting"])
    settings = [setting for setting in material.some(ROWS) if setting in measured]
    longest = max(map(len, settings))
    beside = len(settings) > _MANY and longest <= _LONGEST
    row_height, left = (_LOW_ROW, 0.3 + _LETTER * longest) if beside else (_ROW, 0.2)
    height = row_height * len(settings)
    figure = new_picture(height + 0.6)
    axes = inches(figure, left, 0.5, WIDTH - left - 0.2, height)
    told, several = [], False
    for row, setting in enumerate(reversed(settings)):
        runs = material.runs[material.runs["setting"] == setting][measure.name]
        values = measure.scale * runs.dropna().to_numpy(np.float64)
        low, high = measure.bounds
        summary = summarize(values, bounds=Interval(measure.scale * low, measure.scale * high))
        hue = colour(material.style[setting])
        axes.plot(values, np.full(len(values), row), "o", color=GREY, markersize=3, alpha=0.6)
        several = several or len(values) > 1
        if np.isfinite(summary.low):
            axes.plot([summary.low, summary.high], [row, row], color=hue, linewidth=2.2)
        marker = _MARKERS[material.style[setting] % len(_MARKERS)]
        axes.plot([summary.mean], [row], marker, color=hue, markersize=6)
        for value in material.printed(setting, measure.name):
            at = [measure.scale * value] * 2
            axes.plot(at, [row - 0.3, row + 0.2], color=PUBLISHED_COLOUR, linewidth=2.5)
        if beside:
            x, y = (0.2 - left) / (WIDTH - left - 0.2), (row + 0.25) / len(settings)
            label_inside(axes, x, y, setting, size=TEXT - 1.5)
        else:
            size = (TEXT - 0.5) * min(1.0, _WIDEST / longest)
            label_inside(axes, 0.0, (row + 0.62) / len(settings), setting, size=size)
        told.append(f"{setting} {measure.text(summary.mean / measure.scale)}")
    axes.set_ylim(-0.5 if beside else -0.4, len(settings) - (0.5 if beside else 0.4))
    axes.margins(x=0.06)
    quiet(axes)
    axes.spines["left"].set_visible(False)
    axes.yaxis.set_visible(False)
    axes.set_xlabel(measure.unit.strip() if beside else measure.heading, size=TEXT, color=INK)
    printed = any(measure.name in known.final for known in material.published if known.setting)
    note = "each run a dot"
    note += "; the mean with its 95 % interval" if several else ""
    note += "; the published value a grey bar" if printed else ""
    text = f"{measure.title}, mean of every setting: {'; '.join(reversed(told))}."
    name = measure.name.replace("/", "_")
    return Drawn(f"dots_{name}", f"{measure.title}: every run", text, figure, note)


def slopes(comparison: Comparison, pairs: Sequence[Shown], measure: Measure) -> Drawn | None:
    """For pairs of settings that differ in one key, a line for each seed, and their mean."""
    settings = {setting.name: setting for setting in comparison.settings}
    paired = [p for p in pairs if p.pair.paired]
    if not paired:
        return None
    chosen = paired[:PANELS]
    wide = 30 if len(chosen) > 1 else 62
    above = max(len(textwrap.wrap(panel.rest, wide)) for panel in chosen)
    figure, places, _ = panels(
        len(chosen), left=0.55, bottom=0.42, gap=0.62, high=1.22,
        step=2.15 + _LINE * max(0, above - 2), margin=0.15,
    )  # fmt: skip
    told = []
    for axes, panel in zip(places, chosen, strict=True):
        a, b = settings[panel.pair.a], settings[panel.pair.b]
        told.append(_panel(axes, panel, b, a, measure, wide))
    left_out = len(paired) - len(chosen)
    note = "a thin line for each seed; the mean thick"
    note += f"; {some(left_out, 'more pair')} in the table" if left_out else ""
    return Drawn(
        "slopes",
        f"{measure.heading}: the same seed under two settings",
        f"{measure.title}, from one setting to another: {'; '.join(told)}.",
        figure,
        note,
    )


def _panel(
    axes: Axes, panel: Shown, before: Setting, after: Setting, measure: Measure, wide: int
) -> str:
    seeds = [seed for seed in before.values if seed in after.values]
    ends = np.array([[before.values[s], after.values[s]] for s in seeds])
    for pair in ends:
        axes.plot([0, 1], measure.scale * pair, color=GREY, linewidth=0.8, alpha=0.7)
    mean = ends.mean(axis=0)
    hue = COLOURS[2] if mean[1] > mean[0] else COLOURS[1]
    axes.plot([0, 1], measure.scale * mean, "o-", color=hue, linewidth=2.4, markersize=5)
    axes.set_xticks(
        [0, 1], ["\n".join(textwrap.wrap(t, wide // 2)[:2]) for t in (panel.b, panel.a)]
    )
    axes.set_xlim(-0.25, 1.25)
    axes.margins(y=0.12)
    quiet(axes)
    axes.tick_params(axis="x", labelcolor=INK)
    lines = [*textwrap.wrap(panel.rest, wide), measure.change(mean[1] - mean[0])]
    label_inside(axes, 0.0, 1.04, "\n".join(lines), size=TEXT - 0.5)
    where = f" with {panel.rest}" if panel.rest else ""
    return f"{panel.b} {measure.text(mean[0])} to {panel.a} {measure.text(mean[1])}{where}"
