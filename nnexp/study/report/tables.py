"""The tables of a report: settings with intervals, published against ours, failed runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from nnexp.study.report.material import Material
from nnexp.study.statistics import summarize

METRICS = (
    ("final/test_accuracy", "test accuracy (%)", 100.0),
    ("best/validation_accuracy", "best validation accuracy (%)", 100.0),
    ("gap/best", "gap, best (points)", 100.0),
    ("gap/final", "gap, final (points)", 100.0),
    ("train/accuracy", "training accuracy (%)", 100.0),
    ("neuron/activation", "output a", 1.0),
    ("train/cost", "training cost", 1.0),
    ("time/train_seconds", "training (s)", 1.0),
)

AGAINST = (
    ("gap/best", "gap, best training - best test (points)", 100.0),
    ("gap/final", "gap at the end (points)", 100.0),
    ("test/accuracy", "test accuracy at the end (%)", 100.0),
    ("train/accuracy", "training accuracy at the end (%)", 100.0),
    ("test/cost_network2", "test cost at the end", 1.0),
)


@dataclass(frozen=True)
class TextTable:
    """A table as rows of text."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def settings_table(material: Material) -> TextTable:
    """Of each setting n, and of each metric mean and 95 % interval."""
    shown = [m for m in METRICS if m[0] in material.runs and material.runs[m[0]].notna().any()]
    rows = []
    for setting in material.settings:
        group = material.runs[material.runs["setting"] == setting]
        cells = [setting, str(len(group))]
        for metric, _, scale in shown:
            cells.append(_interval(group[metric].dropna().astype(float) * scale))
        rows.append(tuple(cells))
    return TextTable(
        "Settings",
        ("setting", "n", *(title for _, title, _ in shown)),
        tuple(rows),
        "mean over runs with its 95 % interval (docs/statistics.md)",
    )


def published_table(material: Material) -> TextTable | None:
    """Published, ours, difference, for every published run of a recorded setting."""
    rows = []
    for _, printed in material.published.iterrows():
        group = material.runs[material.runs["setting"] == printed.get("setting")]
        if group.empty:
            continue
        for metric, title, scale in AGAINST:
            if metric not in group or metric not in printed or pd.isna(printed[metric]):
                continue
            ours = group[metric].dropna().astype(float) * scale
            if ours.empty:
                continue
            value = float(printed[metric]) * scale
            spread = f" (sd {ours.std():.2f})" if len(ours) > 1 else ""
            difference = float(ours.mean()) - value
            rows.append(
                (
                    str(printed["setting"]),
                    title,
                    f"{value:.2f}",
                    f"{ours.mean():.2f}{spread}",
                    f"{difference:+.2f}",
                )
            )
    if not rows:
        return None
    head = ("setting", "", "published", "ours", "difference")
    return TextTable("Published and ours", head, tuple(rows), "one published run; ours: the mean")


def failed_table(material: Material) -> TextTable | None:
    """Failed runs and why."""
    if material.failed.empty:
        return None
    rows = tuple(
        (str(row["run_id"])[:8], str(row["name"]), str(row["reason"]))
        for _, row in material.failed.iterrows()
    )
    return TextTable("Failed runs", ("run", "", "reason"), rows)


def commands(material: Material) -> Sequence[str]:
    """The command that trains each setting again, one per setting (its first seed)."""
    tags = material.runs.drop_duplicates("setting")
    return [str(c) for c in tags["command"]] if "command" in tags else []


def _interval(values: pd.Series[float]) -> str:
    if values.empty:
        return ""
    summary = summarize(values.to_numpy())
    if len(values) == 1:
        return _text(summary.mean)
    return f"{_text(summary.mean)} ({_text(summary.low)} to {_text(summary.high)})"


def _text(value: float) -> str:
    """Two decimals, or for small numbers two digits."""
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0.0 else f"{value:.2g}"
