"""The chapter's single neuron: cost, a, ∂C/∂w and σ′(z) over the epochs, and a table of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.report.chart import Chart, Series, line_of
from nnexp.report.labels import number, said
from nnexp.report.report_data import Material
from nnexp.study.text_table import TextTable

COST, OUTPUT = "train/cost", "neuron/activation"
GRADIENT, SLOPE = "neuron/gradient_w", "neuron/sigmoid_prime"
_START = ("init.weight", "init.bias")

NOT_COMPARABLE = (
    "The rates η of the two costs are not comparable: with x = 1 and y = 0 the quadratic cost has "
    "∂C/∂w = a σ′(z) and cross-entropy ∂C/∂w = a, without the factor σ′(z), which is at most 1/4. "
    "The same η makes larger steps with cross-entropy, so how low a cost ends says little. What "
    "can be compared is the shape: where on its way a neuron learns fastest."
)


def is_neuron(material: Material) -> bool:
    """Whether all of these are runs of the single neuron."""
    return material.is_curve(OUTPUT) and bool(material.runs[OUTPUT].notna().all())


def neuron_charts(material: Material) -> list[Chart]:
    """The cost of all starts, one chart for each cost and η; then the rest of all settings."""
    charts = []
    groups = _groups(material)
    for index, (title, settings) in enumerate(groups.items(), 1):
        # Called and coloured as in the other charts: the page has one legend for all.
        lines = [_line(material, COST, setting) for setting in settings]
        charts.append(
            Chart(
                f"neuron_cost{index}", f"Cost: {title}", "epoch", "cost C", tuple(lines),
                note="as the chapter draws it", x_range=(0.0, float(lines[0].x[-1])),
            )
        )  # fmt: skip
    for metric, name, title in (
        (OUTPUT, "neuron_output", "Output a (the target is 0)"),
        (GRADIENT, "neuron_gradient", "Gradient ∂C/∂w: how fast the weight learns"),
        (SLOPE, "neuron_slope", "σ′(z): the factor in the gradient of the quadratic cost"),
    ):
        if material.is_curve(metric):
            lines = [_line(material, metric, setting) for setting in material.drawn]
            charts.append(Chart(name, title, "epoch", title.partition(" (")[0], tuple(lines)))
    return charts


def _line(material: Material, metric: str, setting: str) -> Series:
    return line_of(material.band(metric, setting), setting, material.style[setting])


def _groups(material: Material) -> dict[str, list[str]]:
    """Settings by everything but their start; what learns slowly, the chapter's concern, first."""
    others = [i for i, key in enumerate(material.keys) if key not in _START]
    groups: dict[str, list[str]] = {}
    for setting, values in material.settings.items():
        title = ", ".join(values[i] for i in others) or "the neuron"
        groups.setdefault(title, []).append(setting)
    first = {str(run["setting"]): run for run in material.runs.to_dict("records")}

    def rank(title: str) -> tuple[bool, float]:
        run = first[groups[title][0]]
        return run["cost.name"] != "quadratic", -float(run["train.eta"])

    return {title: groups[title] for title in sorted(groups, key=rank)}


def _start(material: Material, setting: str) -> str:
    row = material.runs[material.runs["setting"] == setting].iloc[0]
    return "start " + ", ".join(said(key, row[key]) for key in _START)


def neuron_table(material: Material) -> TextTable:
    """How each setting starts, where its cost falls fastest, how far it comes."""
    rows = [_row(material, setting) for setting in material.settings]
    head = (
        "setting", "a at the start", "∂C/∂w at the start", "σ′(z) at the start",
        "cost falls fastest in epoch", "largest ∂C/∂w", "a at the end",
    )  # fmt: skip
    return TextTable("The neuron", head, tuple(rows), "a neuron has no seeds: one run each")


def neuron_answers(material: Material) -> list[str]:
    """For each start, where on its way each cost falls fastest."""
    starts: dict[str, list[str]] = {}
    for title, settings in _groups(material).items():
        for setting in settings:
            told = f"{_fastest(material, setting)} with {title}"
            starts.setdefault(_start(material, setting), []).append(told)
    return [
        f"{start[0].upper()}{start[1:]}: the cost falls fastest in epoch {'; '.join(told)}."
        for start, told in starts.items()
    ]


def _fastest(material: Material, setting: str) -> str:
    fall = -np.diff(_values(material, COST, setting))
    return f"{int(np.argmax(fall)) + 1}" if len(fall) else "-"


def _row(material: Material, setting: str) -> tuple[str, ...]:
    values = {m: _values(material, m, setting) for m in (OUTPUT, GRADIENT, SLOPE)}
    return (
        setting,
        *(number(values[m][0]) for m in (OUTPUT, GRADIENT, SLOPE)),
        _fastest(material, setting),
        number(float(np.max(values[GRADIENT]))),
        number(values[OUTPUT][-1]),
    )


def _values(material: Material, metric: str, setting: str) -> Sequence[float]:
    return material.band(metric, setting)["mean"].tolist()
