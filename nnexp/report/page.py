"""The report as one HTML file that needs no network, with its figures as PNG and SVG beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nnexp.atomic_files import write_whole
from nnexp.errors import UserError
from nnexp.record.check_seals import warnings_of
from nnexp.record.store import Store
from nnexp.report.effects import effects_table, interaction_tables
from nnexp.report.figures import sections
from nnexp.report.findings import answers, warnings
from nnexp.report.forks import fork_sections, fork_table, read_forks
from nnexp.report.grid_map import best_table, grid_answers, grids
from nnexp.report.images import image_sections
from nnexp.report.networks import read_networks, weight_answer, weight_table
from nnexp.report.neuron import is_neuron, neuron_table
from nnexp.report.page_folder import check_is_ours, figures_of, remove_unused, save_figures
from nnexp.report.pairs import Shown, command_of, compared, shown
from nnexp.report.plots import Drawn, Section
from nnexp.report.provenance import provenance, training_commands
from nnexp.report.render import render
from nnexp.report.report_data import Material, gather
from nnexp.report.results_inside import Carried, carried
from nnexp.report.search import search_answer, search_sections, search_table
from nnexp.report.tables import (
    claims_tables,
    failed_table,
    pairs_table,
    published_table,
    settings_table,
)
from nnexp.study.compare import Comparison
from nnexp.study.exchange.page import with_results
from nnexp.study.preset import question_of
from nnexp.study.searched import searches
from nnexp.study.text_table import TextTable

FEW_NETWORKS = 6
"""Of so many settings the opening lines say how their weights are."""
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
    forks: int
    """So many forks of these runs are shown."""
    proof: Carried

    @property
    def figures(self) -> list[Drawn]:
        """Those of all sections."""
        return [drawn for section in self.sections for drawn in section.figures]


# As in a comparison: what a record holds may be huge.
@np.errstate(over="ignore", invalid="ignore")
def write_report(
    store: Store,
    names: Sequence[str],
    folder: Path,
    where: str | None,
    command: str,
    sweeps: Sequence[str] = (),
) -> Report:
    """Write `index.html` and the figures into a folder.

    Raises:
        UserError: no such experiment, nothing to report, or the folder cannot be written.
    """
    page = folder / "index.html"
    check_is_ours(page)
    report = make_report(store, names, where, command, sweeps)
    proof = report.proof.content
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = figures_of(page)
        files = save_figures(folder, report.figures)
        text = render(report, command, _question(report.material), files)
        text = with_results(text, proof) if proof else text
        write_whole(page, text.encode())
        remove_unused(folder, before, files)
    except OSError as error:
        raise UserError(
            f"--out {folder}: cannot be written ({error}); allowed: a folder"
        ) from error
    return report


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
    forks = read_forks(store, material)
    checked = [*([] if proof.whole else material.kept), *(fork.run for fork in forks)]
    changed = warnings_of(store, [str(run.info.run_id) for run in checked])
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
        fork_table(forks),
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
            *fork_sections(store, forks),
        ),
        afterwards=tuple(t for t in afterwards if t is not None),
        trained_by=tuple(training_commands(store, material)),
        changed=tuple(changed),
        about_weights=about_weights,
        forks=len(forks),
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
