"""The report as one HTML file that needs no network, with its figures as PNG and SVG beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nnexp.atomic_files import write_whole
from nnexp.errors import UserError
from nnexp.record.check_seals import warnings_of
from nnexp.record.palette import COLOURS
from nnexp.record.store import Store
from nnexp.report.chart import plot_data
from nnexp.report.effects import effects_table, interaction_tables
from nnexp.report.figure import Drawn, Section
from nnexp.report.figures import LEADS, WEIGHTS, sections
from nnexp.report.findings import answers, warnings
from nnexp.report.grid_map import best_table, grid_answers, grids
from nnexp.report.images import image_sections
from nnexp.report.interactive import plays
from nnexp.report.networks import read_networks, weight_answer, weight_table
from nnexp.report.neuron import is_neuron, neuron_table
from nnexp.report.pairs import Shown, command_of, compared, shown
from nnexp.report.palette import ON_DARK
from nnexp.report.provenance import provenance, training_commands
from nnexp.report.report_data import Material, gather
from nnexp.report.results_inside import Carried, carried
from nnexp.report.search import SEARCH, search_answer, search_sections, search_table
from nnexp.report.svg import inline, png_file, svg_file
from nnexp.report.tables import (
    claims_tables,
    commands,
    failed_table,
    pairs_table,
    published_table,
    settings_table,
)
from nnexp.study.compare import Comparison
from nnexp.study.exchange.page import MARK, with_results
from nnexp.study.preset import question_of
from nnexp.study.searched import searches
from nnexp.study.text_table import TextTable

HERE = Path(__file__).parent
FEW_NETWORKS = 6
"""Of so many settings the opening lines say how their weights are."""
_TITLE, _HEAD = b": report</title>", 8192
"""What stands in so many bytes at the beginning of a report."""
WEIGHED = "distribute the weights"
"""A preset that asks so is about the networks, and not about what they reach."""


@dataclass(frozen=True)
class Report:
    """Everything that a page, or a README, shows."""

    material: Material
    answers: tuple[str, ...]
    warnings: tuple[str, ...]
    tables: tuple[TextTable, ...]
    sections: tuple[Section, ...]
    afterwards: tuple[TextTable, ...]
    """Tables below the figures."""
    trained_by: tuple[str, ...]
    """The commands that trained the runs."""
    changed: tuple[str, ...]
    """Lines on runs whose records are not what was recorded."""
    about_weights: bool
    """Whether the question is how weights are, and not what is reached with them."""
    proof: Carried


@dataclass(frozen=True)
class Written:
    """A report on disk."""

    page: Path
    figures: int
    answers: tuple[str, ...]
    changed: tuple[str, ...]
    """Lines on runs whose records are not what was recorded."""


# As in a comparison: what a record holds may be huge.
@np.errstate(over="ignore", invalid="ignore")
def write_report(
    store: Store,
    names: Sequence[str],
    folder: Path,
    where: str | None,
    command: str,
    sweeps: Sequence[str] = (),
) -> Written:
    """Write `index.html` and the figures into a folder.

    Raises:
        UserError: no such experiment, nothing to report, or the folder cannot be written.
    """
    page = folder / "index.html"
    _check_is_ours(page)
    report = make_report(store, names, where, command, sweeps)
    proof = report.proof.content
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pictures = [
            (section.title, section.lead, [_saved(folder, d) for d in section.figures])
            for section in report.sections
        ]
        text = _render(report, pictures, command)
        text = with_results(text, proof) if proof else text
        write_whole(page, text.encode())
    except OSError as error:
        raise UserError(
            f"--out {folder}: cannot be written ({error}); allowed: a folder"
        ) from error
    count = sum(len(section.figures) for section in report.sections)
    return Written(page, count, report.answers, report.changed)


def _check_is_ours(page: Path) -> None:
    """A report takes the place of an earlier one, and of no other page."""
    with suppress(OSError):
        if page.is_file() and _TITLE not in page.read_bytes()[:_HEAD]:
            raise UserError(
                f"--out {page.parent}: the index.html there is no report, and is left alone; "
                "allowed: another folder"
            )


def make_report(
    store: Store, names: Sequence[str], where: str | None, command: str, sweeps: Sequence[str] = ()
) -> Report:
    """Gather, compare, draw; with `sweeps`, ids of parents, only runs of these.

    Raises:
        UserError: no such experiment, or no finished run in any.
    """
    material = gather(store, names, where, sweeps)
    proof = carried(store, material)
    # Records that a page carries have been checked.
    ids = [] if proof.whole else [str(run.info.run_id) for run in material.kept]
    changed = warnings_of(store, ids)
    found = compared(material, material.headline)
    pairs = shown(material, found)
    networks, left_out = read_networks(store, material)
    maps = grids(material)
    searched = searches(store, material.names, material.sweeps)
    about_weights = WEIGHED in _question(material) and len(networks) <= FEW_NETWORKS
    said = [*grid_answers(maps), *answers(material, material.headline, found, pairs)]
    said = list(map(search_answer, searched)) or said
    if about_weights:
        said = [*weight_answer(networks), *said[:1]]
    tables = [
        *map(search_table, searched),
        best_table(maps),
        *_tables(material, found, pairs),
        weight_table(networks) if "reg.name" in material.keys else None,
    ]
    afterwards = [
        *claims_tables(store, material),
        failed_table(material),
        provenance(store, material),
    ]
    return Report(
        material=material,
        answers=tuple(said),
        warnings=(*warnings(material, found), *left_out, *changed),
        tables=tuple(replace(t, command=t.command or command) for t in tables if t is not None),
        sections=(
            *search_sections(searched),
            *sections(material, found, pairs, networks, maps),
            *image_sections(store, material, found),
        ),
        afterwards=tuple(t for t in afterwards if t is not None),
        trained_by=tuple(training_commands(store, material)),
        changed=tuple(changed),
        about_weights=about_weights,
        proof=proof,
    )


def _tables(
    material: Material, found: Comparison | None, pairs: Sequence[Shown]
) -> list[TextTable | None]:
    """Of settings, and of what the keys that tell them apart do."""
    measure = material.headline
    paired = [pair for pair in pairs if pair.pair.paired]
    corrected = len(found.pairs) if found is not None else 0
    command = command_of(material, measure) if found is not None else ""
    return [
        published_table(material),
        neuron_table(material) if is_neuron(material) else None,
        settings_table(material),
        effects_table(found, material, measure, command),
        *interaction_tables(found, material, measure, command),
        pairs_table(paired, measure, corrected, command),
    ]


def _question(material: Material) -> str:
    return " ".join(map(question_of, material.names)).replace("`", "").strip()


def _saved(folder: Path, drawn: Drawn) -> dict[str, Any]:
    write_whole(folder / f"{drawn.name}.png", png_file(drawn))
    write_whole(folder / f"{drawn.name}.svg", svg_file(drawn))
    return {
        "title": drawn.title,
        "note": drawn.note,
        "svg": Markup(inline(drawn)),
        "text": drawn.text,
        "plots": [(chart.text, chart.panel, plot_data(chart)) for chart in drawn.charts],
    }


def _render(report: Report, pictures: list[Any], command: str) -> str:
    environment = Environment(
        loader=PackageLoader("nnexp.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["interval"] = _interval
    environment.filters["anchor"] = _anchor
    material = report.material
    playthings = plays(material)
    return environment.get_template("page.html.j2").render(
        title=material.name,
        question=_question(material),
        report=report,
        runs=len(material.runs),
        settings=len(material.settings),
        failed=len(material.failed),
        unfinished=material.unfinished,
        where=material.where,
        first=_lead(pictures, about_weights=report.about_weights),
        contents=_contents(report, pictures),
        sections=[section for section in pictures if section[2]],
        command=command,
        commands=commands(material),
        light=list(enumerate(COLOURS)),
        dark=list(enumerate(ON_DARK)),
        plays=playthings,
        proof=report.proof,
        mark=Markup(MARK),
        style=_static("page.css"),
        play_style=_static("play.css"),
        script=_static("page.js"),
        scripts={play.name: _static(f"{play.name}.js") for play in playthings},
        plot_style=_static("vendor/uPlot.min.css"),
        plot_script=_static("vendor/uPlot.iife.min.js"),
        plot_licence=_static("vendor/LICENSE"),
    )


def _anchor(title: str) -> str:
    """A heading as an id within the page."""
    return re.sub(r"\W+", "-", title.lower()).strip("-")


def _lead(pictures: list[Any], *, about_weights: bool) -> Any:
    """Take out the figure that shows the answer, if there is any.

    How a search went; the chapter's own, or against the size of the training set; else the end of
    every run.
    """
    titles = {title: figures for title, _, figures in pictures if figures}
    searched = [title for title in titles if title.startswith(SEARCH)]
    for title in (*searched, *([WEIGHTS] if about_weights else []), *LEADS, *titles):
        if title in titles:
            return titles[title].pop(0)
    return None


def _contents(report: Report, pictures: list[Any]) -> list[str]:
    """The headings of the page, in their order."""
    tables = [table.title for table in (*report.tables, *report.afterwards)]
    return [*(title for title, _, figures in pictures if figures), *tables, "Commands"]


def _interval(cell: str) -> Markup:
    """`1.2 (1.1 to 1.3)`: what stands in brackets comes below, smaller."""
    value, bracket, rest = cell.partition(" (")
    small = Markup("<small>({})</small>").format(rest.removesuffix(")")) if bracket else ""
    return Markup("{} {}").format(value, small)


def _static(name: str) -> Markup:
    return Markup((HERE / name).read_text(encoding="utf-8"))
