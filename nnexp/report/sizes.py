"""Accuracy against the size of the training set."""

from __future__ import annotations

from nnexp.report.chart import Chart, line_of
from nnexp.report.labels import FINAL
from nnexp.report.report_data import Material

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
        lines.append(line_of(band, label or "mean", style, scale=100.0, points=True))
    return Chart(
        name=name,
        title=f"{title} against the size of the training set",
        x_label="training images (logarithmic)",
        y_label=title,
        series=tuple(lines),
        note="mean over seeds and the range of all of them",
        log_x=True,
    )
