"""The chapter's own figures: the same metric, axes and ranges, to be laid side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nnexp.config.plurals import some
from nnexp.report.chart import Chart, line_of
from nnexp.report.learning import published_lines
from nnexp.report.report_data import Material
from nnexp.study.metric import Metric


@dataclass(frozen=True)
class Panel:
    """A figure of the chapter: one metric, or training and test accuracy together."""

    title: str
    metrics: tuple[str, ...]
    images: int
    first: int
    last: int
    limits: tuple[float, float] | None = None


def _four(first: int) -> tuple[Panel, ...]:
    """Those of 1,000 images; the first two from an epoch on."""
    return (
        Panel("Cost on the training data", ("train/cost",), 1000, first, 400),
        Panel("Accuracy (%) on the test data", ("test/accuracy",), 1000, first, 400),
        Panel("Cost on the test data", ("test/cost_network2",), 1000, 0, 400),
        Panel("Accuracy (%) on the training data", ("train/accuracy",), 1000, 0, 400),
    )


_FULL = Panel("Accuracy (%)", ("test/accuracy", "train/accuracy"), 50_000, 0, 30, (90.0, 100.0))

CHAPTER: dict[str, tuple[Panel, ...]] = {
    "overfitting": (*_four(200), _FULL),
    "regularized": (*_four(0), _FULL),
}


def chapter_charts(material: Material) -> list[Chart]:
    """Those that the runs have the values for."""
    panels = enumerate(CHAPTER.get(material.name, ()), 1)
    charts = [_chart(material, number, panel) for number, panel in panels]
    return [chart for chart in charts if chart is not None]


def _chart(material: Material, number: int, panel: Panel) -> Chart | None:
    runs = material.runs[material.runs["data.n_train"].astype(float) == panel.images]
    settings = [s for s in material.drawn if s in set(runs["setting"])]
    behind, ours = [], []
    for index, metric in enumerate(panel.metrics):
        what = metric.partition("/")[0] if len(panel.metrics) > 1 else ""
        for setting in settings:
            for line in published_lines(
                material, metric, setting, first=panel.first, last=panel.last
            ):
                label = f"{what} published".strip()
                behind.append(replace(line, label=label, dash=index))
            band = material.band(metric, setting)
            band = band[(band.index >= max(panel.first, 1)) & (band.index <= panel.last)]
            if len(band) < 2:
                continue
            runs_of = some(int(band["count"].max()), "seed")
            label = ", ".join(filter(None, [setting if len(settings) > 1 else "", what or "ours"]))
            # One of several lines is told from the others; alone it has its setting's colour.
            style = index if what else material.style[setting]
            ours.append(line_of(band, f"{label} ({runs_of})", style, scale=Metric(metric).scale))
    if not ours:
        return None
    title = f"{panel.title}: {panel.images:,} images"
    return Chart(
        name=f"chapter{number}",
        title=title,
        x_label="epoch",
        y_label=panel.title,
        series=(*behind, *ours),
        note="as the chapter draws it; mean and range over seeds",
        x_range=(panel.first, panel.last),
        y_range=panel.limits,
    )
