"""All figures that an experiment has the values for, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.report.chapter import chapter_charts
from nnexp.report.final_plots import dots, slopes
from nnexp.report.grid_map import Grid, grid_map
from nnexp.report.labels import FINAL
from nnexp.report.learning import learning_charts, size_charts
from nnexp.report.networks import SETTINGS, Networks, confusion, weight_charts
from nnexp.report.neuron import NOT_COMPARABLE, is_neuron, neuron_charts
from nnexp.report.pairs import Shown
from nnexp.report.plots import Drawn, Section, draw
from nnexp.report.report_data import Material
from nnexp.study.compare import Comparison

CHAPTER = "As the chapter draws it"
BEST = "Where the best setting lies"
SIZES = "Against the size of the training set"
ENDS = "Settings, run by run"
WEIGHTS = "Weights"

LEADS = (CHAPTER, BEST, SIZES, ENDS)
"""The sections that an answer is best shown by, the first of them that there is."""

_DOTS = (FINAL, "gap/best", "epochs", "time/train_seconds")


def sections(
    material: Material,
    found: Comparison | None,
    pairs: Sequence[Shown],
    networks: Sequence[Networks],
    grids: Sequence[Grid],
) -> list[Section]:
    """Sections with figures; those without any are left out."""
    if is_neuron(material):
        charts = tuple(draw(chart) for chart in neuron_charts(material))
        return [Section("The neuron, epoch by epoch", charts, NOT_COMPARABLE)]
    weights = [draw(*charts) for charts in weight_charts(material, networks)]
    few = len(networks) < len(material.settings)
    some_of = f"{len(networks)} of the {len(material.settings)} settings are shown" if few else ""
    some_of += ", evenly by rank." if len(material.settings) > SETTINGS else "." if few else ""
    slope = slopes(found, pairs, material.headline) if found is not None else None
    made = [
        Section(CHAPTER, tuple(draw(c) for c in chapter_charts(material))),
        Section(BEST, _present([grid_map(grids)])),
        Section(SIZES, () if grids else tuple(map(draw, size_charts(material)))),
        Section("Learning curves", tuple(draw(*c) for c in learning_charts(material))),
        Section(ENDS, _present([*_dots(material), slope])),
        Section(WEIGHTS, tuple(weights), some_of),
        Section("What is confused", _present([confusion(networks)]), some_of),
    ]
    return [section for section in made if section.figures]


def _dots(material: Material) -> list[Drawn]:
    early = any(m.name == "epochs" for m in material.measures)
    return [
        dots(material, measure)
        for measure in material.measures
        if measure.name in _DOTS and (early or not measure.name.startswith("time/"))
    ]


def _present(figures: Sequence[Drawn | None]) -> tuple[Drawn, ...]:
    return tuple(figure for figure in figures if figure is not None)
