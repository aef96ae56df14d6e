"""The figures of a report: as the chapter draws them where it does, else the same for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnexp.record.figures.style import GREY, INK, new_figure, place, quiet
from nnexp.study.report.material import Material, band
from nnexp.study.statistics import summarize

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8A8A00")
"""Okabe and Ito's colours, told apart by everyone; then they repeat with other dashes."""
DASHES = ("-", "--", ":", "-.")

PUBLISHED = "#9A9A9A"


@dataclass(frozen=True)
class Drawn:
    """A figure with its name and what it shows in words, for those who cannot see it."""

    name: str
    figure: Figure
    text: str


@dataclass(frozen=True)
class Panel:
    """A figure of the chapter: one metric, or training and test accuracy together."""

    title: str
    metrics: tuple[str, ...]
    images: int
    first: int
    last: int
    limits: tuple[float, float] | None = None


_BOTH = ("test/accuracy", "train/accuracy")
_FULL = Panel("Accuracy (%)", _BOTH, 50_000, 0, 30, (90.0, 100.0))

CHAPTER: dict[str, tuple[Panel, ...]] = {
    "overfitting": (
        Panel("Cost on the training data", ("train/cost",), 1000, 200, 400),
        Panel("Accuracy (%) on the test data", ("test/accuracy",), 1000, 200, 400),
        Panel("Cost on the test data", ("test/cost_network2",), 1000, 0, 400),
        Panel("Accuracy (%) on the training data", ("train/accuracy",), 1000, 0, 400),
        _FULL,
    ),
    "regularized": (
        Panel("Cost on the training data", ("train/cost",), 1000, 0, 400),
        Panel("Accuracy (%) on the test data", ("test/accuracy",), 1000, 0, 400),
        Panel("Cost on the test data", ("test/cost_network2",), 1000, 0, 400),
        Panel("Accuracy (%) on the training data", ("train/accuracy",), 1000, 0, 400),
        _FULL,
    ),
}


def figures(material: Material) -> list[Drawn]:
    """All figures that an experiment has the values for."""
    drawn = [
        _chapter(material, number, panel)
        for number, panel in enumerate(CHAPTER.get(material.name, ()), 1)
        if _has(material, panel)
    ]
    metrics = set(material.curves["metric"])
    held_out = "test" if "test/accuracy" in metrics else "validation"
    for metric, title in (
        (f"{held_out}/accuracy", f"Accuracy (%) on the {held_out} data"),
        ("train/cost", "Cost on the training data"),
    ):
        if metric in metrics:
            drawn.append(_learning(material, metric, title))
    if {f"{held_out}/accuracy", "train/accuracy"} <= metrics:
        drawn.append(_gap(material, held_out))
    final = "final/test_accuracy"
    if material.runs[final].notna().any():
        drawn.append(_final(material, final))
        if material.runs["data.n_train"].nunique() > 2:
            drawn.append(_against_size(material, final))
    return drawn


def _has(material: Material, panel: Panel) -> bool:
    there = set(material.curves["metric"])
    sizes = set(material.runs["data.n_train"].astype(int))
    return set(panel.metrics) <= there and panel.images in sizes


def _chapter(material: Material, number: int, panel: Panel) -> Drawn:
    heading = f"{panel.title}: {panel.images:,} images"
    runs = material.runs[material.runs["data.n_train"].astype(int) == panel.images]
    published = material.published
    figure = new_figure(3.6, heading, f"epochs {panel.first} to {panel.last}")
    axes = place(figure, 0.75, 0.55, 7.0, 2.95)
    for index, metric in enumerate(panel.metrics):
        scale = 100.0 if metric.endswith("accuracy") else 1.0
        if not published.empty:
            ids = published[published["data.n_train"].astype(float) == panel.images]["run_id"]
            _grey(axes, material, list(ids), metric, panel, scale, label=index == 0)
        ours = material.curves[
            material.curves["run_id"].isin(runs["run_id"]) & (material.curves["metric"] == metric)
        ]
        ours = ours[(ours["step"] >= max(panel.first, 1)) & (ours["step"] <= panel.last)]
        grouped = ours.groupby("step")["value"].agg(["mean", "min", "max"]) * scale
        label = metric.partition("/")[0] if len(panel.metrics) > 1 else f"ours, {len(runs)} seeds"
        _band(axes, grouped, COLOURS[index], "-", label)
    if panel.limits:
        axes.set_ylim(*panel.limits)
    axes.set_xlim(panel.first, panel.last)
    _finish(axes, "epoch", panel.title)
    text = f"{heading}, epochs {panel.first} to {panel.last}: mean and range of {len(runs)} runs"
    return Drawn(f"chapter{number}", figure, text)


def _grey(
    axes: Axes,
    material: Material,
    ids: Sequence[str],
    metric: str,
    panel: Panel,
    scale: float,
    *,
    label: bool,
) -> None:
    curves = material.published_curves
    for run_id in ids:
        one = curves[(curves["run_id"] == run_id) & (curves["metric"] == metric)]
        one = one[(one["step"] >= panel.first) & (one["step"] <= panel.last)].sort_values("step")
        said = "published" if label and run_id == ids[0] else None
        axes.plot(one["step"], one["value"] * scale, color=PUBLISHED, linewidth=1.6, label=said)


def _style(index: int) -> tuple[str, str]:
    return COLOURS[index % len(COLOURS)], DASHES[index // len(COLOURS) % len(DASHES)]


def _learning(material: Material, metric: str, title: str) -> Drawn:
    figure = new_figure(*_room(material, 3.4), title, "mean over seeds, and their range")
    axes = place(figure, 0.75, 0.55 + _legend_height(material), 7.0, 2.8)
    scale = 100.0 if metric.endswith("accuracy") else 1.0
    for index, setting in enumerate(material.settings):
        grouped = band(material.curves, setting, metric) * scale
        grouped = grouped[grouped.index > 0]
        colour, dash = _style(index)
        _band(axes, grouped, colour, dash, setting)
    if scale == 100.0:
        _useful_limits(axes, material, metric)
    _finish(axes, "epoch", title, below=True)
    text = f"{title} over the epochs, for {len(material.settings)} settings"
    return Drawn(metric.replace("/", "_"), figure, text)


def _useful_limits(axes: Axes, material: Material, metric: str) -> None:
    """Leave the steep first epochs out of the frame, so that settings can be told apart."""
    values = material.curves[material.curves["metric"] == metric]
    last = values["step"].max()
    late = values[values["step"] >= max(1, last * 0.1)]["value"] * 100.0
    low, high = float(late.quantile(0.01)), float(late.max())
    if high > low:
        axes.set_ylim(low - 0.1 * (high - low), high + 0.08 * (high - low))


def _gap(material: Material, held_out: str) -> Drawn:
    title = f"Gap: training minus {held_out} accuracy (points)"
    figure = new_figure(*_room(material, 3.4), title, "mean over seeds, and their range")
    axes = place(figure, 0.75, 0.55 + _legend_height(material), 7.0, 2.8)
    wide = material.curves.pivot_table(
        index=["run_id", "setting", "step"], columns="metric", values="value"
    ).reset_index()
    wide["gap"] = 100.0 * (wide["train/accuracy"] - wide[f"{held_out}/accuracy"])
    for index, setting in enumerate(material.settings):
        part = wide[(wide["setting"] == setting) & (wide["step"] > 0)]
        colour, dash = _style(index)
        _band(axes, part.groupby("step")["gap"].agg(["mean", "min", "max"]), colour, dash, setting)
    _finish(axes, "epoch", "points", below=True)
    return Drawn("gap", figure, f"{title} over the epochs, by setting")


def _final(material: Material, metric: str) -> Drawn:
    rows = len(material.settings)
    title = "Final test accuracy (%)"
    height = 0.6 + 0.3 * rows
    figure = new_figure(height, title, "each run a dot; the mean with its 95 % interval")
    axes = place(figure, 3.0, 0.5, 4.8, height - 0.55)
    for index, setting in enumerate(material.settings):
        values = 100.0 * material.runs[material.runs["setting"] == setting][metric].to_numpy(float)
        y = rows - 1 - index
        axes.plot(values, np.full(len(values), y), "o", color="#BBBBBB", markersize=4, zorder=1)
        summary = summarize(values)
        colour, _ = _style(index)
        if np.isfinite(summary.low):
            axes.plot([summary.low, summary.high], [y, y], color=colour, linewidth=2.2, zorder=2)
        axes.plot([summary.mean], [y], "D", color=colour, markersize=6, zorder=3)
    axes.set_yticks(range(rows), [_short(s) for s in reversed(material.settings)])
    axes.set_ylim(-0.6, rows - 0.4)
    _finish(axes, "%", "", legend=False)
    return Drawn("final", figure, f"{title} of every run and setting, with intervals")


def _against_size(material: Material, metric: str) -> Drawn:
    title = "Test accuracy (%) against training-set size"
    figure = new_figure(3.4, title, "mean over seeds, and their range")
    axes = place(figure, 0.75, 0.55, 7.0, 2.75)
    others = [k for k in material.keys if k not in ("data.n_train", "size")]
    grouped = material.runs.groupby(others) if others else [("", material.runs)]
    for index, (name, part) in enumerate(grouped):
        by_size = (100.0 * part.groupby("data.n_train")[metric].agg(["mean", "min", "max"])).astype(
            float
        )
        colour, dash = _style(index)
        label = ", ".join(map(str, name)) if isinstance(name, tuple) else str(name)
        _band(axes, by_size, colour, dash, label or "mean")
        axes.plot(by_size.index, by_size["mean"], "o", color=colour, markersize=4)
    axes.set_xscale("log")
    _finish(axes, "training images", title)
    return Drawn("size", figure, title)


def _band(axes: Axes, grouped: object, colour: str, dash: str, label: str) -> None:
    frame: object = grouped
    assert hasattr(frame, "index")
    steps = frame.index.to_numpy(float)
    mean, low, high = (frame[c].to_numpy(float) for c in ("mean", "min", "max"))  # type: ignore[index]
    axes.fill_between(steps, low, high, color=colour, alpha=0.16, linewidth=0)
    axes.plot(steps, mean, dash, color=colour, linewidth=1.6, label=_short(label))


def _short(text: str) -> str:
    return text if len(text) <= 46 else text[:45] + "…"


def _legend_height(material: Material) -> float:
    return 0.2 * -(-len(material.settings) // 2)


def _room(material: Material, height: float) -> tuple[float]:
    return (height + _legend_height(material),)


def _finish(axes: Axes, x: str, y: str, *, legend: bool = True, below: bool = False) -> None:
    quiet(axes)
    axes.set_xlabel(x, size=9, color=INK)
    if y:
        axes.set_ylabel(y, size=9, color=INK)
    if not legend:
        axes.tick_params(axis="y", labelcolor=INK)
        return
    if below:
        axes.legend(
            loc="upper left",
            bbox_to_anchor=(0.0, -0.16),
            ncols=2,
            fontsize=8,
            frameon=False,
            labelcolor=GREY,
        )
    else:
        axes.legend(fontsize=8.5, frameon=False, labelcolor=GREY)
