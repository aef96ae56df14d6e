"""Forks in a report: runs that went another way from an epoch, against those they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from mlflow.entities import Run

from nnexp.config.compose import schema_keys
from nnexp.config.plurals import some
from nnexp.record.store import Store
from nnexp.record.tags import number as tagged
from nnexp.report.chart import Chart, Series, finite, thinned
from nnexp.report.labels import FINAL, MEASURES
from nnexp.report.palette import PUBLISHED
from nnexp.report.plots import Drawn, Section, draw
from nnexp.report.report_data import Material
from nnexp.study.frames import curves_of, select
from nnexp.study.metric import Metric
from nnexp.study.text_table import TextTable

DRAWN = 8
"""So many runs are drawn with their forks, the latest; the table holds all."""
_LINES = 6
"""So many forks of one run are told apart."""
_SETS = ("test", "validation", "train")
_SAID = {"data_cost": "cost", "accuracy": "accuracy (%)"}
_ACCURACY = next(measure for measure in MEASURES if measure.name == FINAL)


@dataclass(frozen=True)
class Fork:
    """A recorded fork and the run, or the fork, that it comes from."""

    run: Run
    parent: Run
    setting: str
    """Of the run that it comes from, perhaps by way of other forks."""

    @property
    def at(self) -> int:
        """Completed epochs at which they part."""
        return tagged(self.run.data.tags, "nnexp.fork_at", 0)

    @property
    def name(self) -> str:
        """What it is called in a picture: `3b33b7aa, from epoch 4: reg.lmbda 0.0 → 5.0`."""
        return f"{_short(self.run)}, from epoch {self.at}: {self.what}"

    @property
    def what(self) -> str:
        """What was changed."""
        ours, theirs = self.run.data.params, self.parent.data.params
        apart = [
            f"{key} {theirs[key]} → {ours[key]}"
            for key in schema_keys()
            if key in ours and key in theirs and ours[key] != theirs[key]
            if key.partition(".")[0] not in ("tracking", "sweep", "size")
        ]
        return ", ".join(apart)


def read_forks(store: Store, material: Material) -> list[Fork]:
    """The finished forks of a report's runs, the latest first; forks of forks among them."""
    found = [
        run
        for name in material.names
        for run in select(store, name, None, "fork")
        if run.info.status == "FINISHED"
    ]
    known = {str(run.info.run_id): run for run in material.kept}
    settings = dict(zip(material.runs["run_id"], material.runs["setting"], strict=True))
    forks = list[Fork]()
    # A fork is recorded after what it comes from.
    for run in reversed(found):
        parent = run.data.tags.get("nnexp.fork_of", "")
        if parent in known:
            run_id = str(run.info.run_id)
            known[run_id], settings[run_id] = run, settings[parent]
            forks.append(Fork(run, known[parent], settings[parent]))
    return forks[::-1]


def fork_sections(store: Store, forks: Sequence[Fork]) -> list[Section]:
    """A picture for each run that has forks: its curves, and theirs from where they part."""
    families: dict[str, list[Fork]] = {}
    for fork in forks:
        families.setdefault(str(fork.parent.info.run_id), []).append(fork)
    drawn = [_drawn(store, family) for family in list(families.values())[:DRAWN]]
    figures = tuple(figure for figure in drawn if figure is not None)
    if not figures:
        return []
    lead = (
        "A fork repeats a recorded run up to an epoch and goes another way from there. It is one "
        "run with no other seeds, counts in no table of settings, and is not among the results "
        "that this page carries."
    )
    if len(families) > DRAWN:
        lead += f" Of {len(families)} runs with forks the latest {DRAWN} are drawn."
    return [Section("Another way from an epoch", figures, lead)]


def _drawn(store: Store, family: Sequence[Fork]) -> Drawn | None:
    parent, shown = family[0].parent, family[:_LINES]
    curves = curves_of(store, [parent, *(fork.run for fork in shown)])
    curves["value"] = finite(curves["value"])
    kind = "Fork" if "nnexp.fork_of" in parent.data.tags else "Run"
    its = "its fork" if len(family) == 1 else f"its {some(len(family), 'fork')}"
    title = f"{kind} {_short(parent)} ({family[0].setting}) and {its}"
    charts = [
        chart
        for quantity in ("accuracy", "data_cost")
        if (chart := _chart(curves, shown, quantity, title)) is not None
    ]
    if not charts:
        return None
    left_out = len(family) - len(shown)
    note = "costs without what a regularizer adds"
    note += f"; the latest {len(shown)} of {len(family)} forks" if left_out else ""
    # Their lines are of no setting: the page's one legend has no place for them.
    return replace(draw(*charts), charts=(), note=note)


def _chart(curves: pd.DataFrame, family: Sequence[Fork], quantity: str, title: str) -> Chart | None:
    """Of the test data where it was watched, else of others."""
    parent = family[0].parent
    for part in _SETS:
        metric = f"{part}/{quantity}"
        before = _line(curves, parent, metric, "as it was recorded", PUBLISHED)
        if len(before.x) < 2:
            continue
        lines = [_line(curves, f.run, metric, f.name, n, f.at) for n, f in enumerate(family)]
        return Chart(
            f"fork_{_short(parent)}",
            title,
            "epoch",
            quantity,
            (before, *(line for line in lines if len(line.x))),
            panel=f"{part} {_SAID[quantity]}",
        )
    return None


def _line(
    curves: pd.DataFrame, run: Run, metric: str, label: str, style: int, first: int = 1
) -> Series:
    """A metric of a run from an epoch on."""
    part = curves[(curves["run_id"] == run.info.run_id) & (curves["metric"] == metric)]
    part = part[part["step"] >= first].sort_values("step")
    part = part.iloc[thinned(part["step"].to_numpy(np.float64))]
    values = part["value"].to_numpy(np.float64) * Metric(metric).scale
    return Series(label, part["step"].to_numpy(np.float64), values, style=style)


def fork_table(forks: Sequence[Fork]) -> TextTable | None:
    """What each fork changed where, and what it came to beside the run it comes from."""
    if not forks:
        return None
    rows = [_row(fork) for fork in forks]
    head = (
        "fork", "of", "setting", "changed", "from epoch", "test accuracy (%)", "of its run (%)",
        "difference (points)",
    )  # fmt: skip
    note = "one run each; python -m nnexp show FORK says more"
    return TextTable("Forks", head, tuple(rows), note, texts=4)


def _row(fork: Fork) -> tuple[str, ...]:
    now, before = _accuracy(fork.run), _accuracy(fork.parent)
    apart = "" if now is None or before is None else _ACCURACY.text(now - before, sign=True)
    return (
        _short(fork.run),
        _short(fork.parent),
        fork.setting,
        fork.what,
        str(fork.at),
        "" if now is None else _ACCURACY.text(now),
        "" if before is None else _ACCURACY.text(before),
        apart,
    )


def _accuracy(run: Run) -> float | None:
    """Of the weights that it ends with: with early stopping the best ones."""
    metrics = run.data.metrics
    value: float | None = metrics.get("best/test_accuracy", metrics.get("test/accuracy"))
    return value


def _short(run: Run) -> str:
    return str(run.info.run_id)[:8]
