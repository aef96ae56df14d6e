"""What a report is made of: runs and curves of an experiment, grouped into settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from mlflow.entities import Run

from nnexp.config.compose import schema_keys
from nnexp.config.varying_keys import ASIDE, distinct_keys
from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.record.sweep import PRUNED
from nnexp.record.tags import number
from nnexp.report.bands import bands_of, measured_often
from nnexp.report.chart import finite
from nnexp.report.labels import CURVES, FINAL, Measure, measures_of, own_metrics
from nnexp.report.published_curves import Beside, beside
from nnexp.report.settings import (
    LINES,
    Facet,
    facet_of,
    in_order,
    line_names,
    most_trained_first,
    ordered,
    panels_of,
    searched_keys,
    setting_names,
)
from nnexp.study.frames import curves_of, frame_of, select
from nnexp.study.grouping import config_keys
from nnexp.study.ledger import COUNTED
from nnexp.study.preset import asked_key
from nnexp.study.sweep_runs import reused_ids


@dataclass(frozen=True)
class Material:
    """An experiment, or several together, as a report shows it."""

    names: tuple[str, ...]
    where: str | None
    sweeps: tuple[str, ...]
    """The ids of the parents whose runs are shown; empty: all."""
    kept: tuple[Run, ...]
    """The finished runs, each fingerprint once."""
    runs: pd.DataFrame
    """One row each, with a column `setting`."""
    failed: pd.DataFrame
    whole: pd.DataFrame | None
    """All runs of the experiments, as the ledger of test data takes them; None with `where`."""
    unfinished: int
    published: tuple[Beside, ...]
    keys: tuple[str, ...]
    """The config keys that tell the settings apart; the one that is asked about comes last."""
    settings: Mapping[str, tuple[str, ...]]
    """Their names in order, with their values of the keys."""
    by_run: pd.Series[float]
    """The curves of the settings drawn, by metric, setting, run and step."""

    @property
    def name(self) -> str:
        """What the report is called."""
        return ", ".join(self.names)

    @property
    def headline(self) -> Measure:
        """What the report opens with: the first that every run has.

        Raises:
            UserError: no result has a finite value.
        """
        if not self.measures:
            raise UserError(f"report {self.name}: no finite value is recorded of any result")
        whole = (m for m in self.measures if self.runs[m.name].notna().all())
        return next(whole, self.measures[0])

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """What the runs have values of, the most telling first."""
        return _measures(self.runs)

    @cached_property
    def facet(self) -> Facet:
        """The keys whose values have charts of their own; none for one chart."""
        return facet_of(list(self.settings.values()))

    @cached_property
    def drawn(self) -> list[str]:
        """The settings that curves are drawn of: all, or some evenly over their ranking."""
        return list(self.settings) if self.facet else self.some(LINES)

    @cached_property
    def measured(self) -> frozenset[str]:
        """The metrics that at least one run of these was measured by more than once."""
        return measured_often(self.by_run)

    @cached_property
    def bands(self) -> pd.DataFrame:
        """By metric, setting drawn and step: mean, min, max and count over the setting's runs."""
        return bands_of(self.by_run)

    @cached_property
    def lines(self) -> dict[str, str]:
        """What the line of each setting is called in a chart."""
        return line_names(self.settings, self.facet)

    @cached_property
    def style(self) -> dict[str, int]:
        """The number that gives a setting its colour and dashes: the same in every panel."""
        names = dict.fromkeys(self.lines[s] for s in (*self.drawn, *self.settings))
        numbers = {name: n for n, name in enumerate(names)}
        return {setting: numbers[name] for setting, name in self.lines.items()}

    @property
    def panels(self) -> dict[str, list[str]]:
        """The settings that are drawn, by panel; without a facet all in one, called nothing."""
        return panels_of(self.settings, self.drawn, self.facet)

    def some(self, count: int) -> list[str]:
        """All settings, or `count` of them evenly over their ranking."""
        if len(self.settings) <= count or not self.measures:
            return list(self.settings)
        ranked = self.runs.groupby("setting")[self.headline.name].mean().sort_values()
        chosen = np.linspace(0, len(ranked) - 1, count).round().astype(int)
        names = set(ranked.index[chosen])
        return [setting for setting in self.settings if setting in names]

    def printed(self, setting: str, metric: str) -> list[float]:
        """The published values of a metric that belong to a setting."""
        known = (beside.final for beside in self.published if beside.setting == setting)
        return [final[metric] for final in known if metric in final]

    @property
    def held_out(self) -> str:
        """Test where the test data was watched during training, else validation; or nothing."""
        found = [part for part in ("test", "validation") if self.is_curve(f"{part}/accuracy")]
        return found[0] if found else ""

    def is_curve(self, metric: str) -> bool:
        """Whether a metric was measured more than once during training."""
        return metric in self.measured

    def band(self, metric: str, setting: str) -> pd.DataFrame:
        """By step, over the runs of a setting, as long as all of them train."""
        if (metric, setting) not in self.bands.index:
            return self.bands.iloc[:0].reset_index(drop=True)
        part = pd.DataFrame(self.bands.xs((metric, setting), level=("metric", "setting")))
        whole: pd.DataFrame = part[part["count"] == part["count"].max()]
        return whole


def gather(
    store: Store, names: Sequence[str], where: str | None, sweeps: Sequence[str] = ()
) -> Material:
    """Read experiments from the store; with `sweeps`, ids of parents, only runs of these.

    Raises:
        UserError: no such experiment, or no finished run in any.
    """
    selected, everything, whole = _selected(store, names, where, sweeps)
    finished = everything[everything["status"] == "FINISHED"]
    if finished.empty:
        narrowed = f" with --where {where}" if where else ""
        raise UserError(
            f"report {' '.join(names)}: no finished runs are recorded{narrowed}; train some first"
        )
    # As `compare` does: the same config on the same data, perhaps of another source, counts once.
    same = [key for key in (*config_keys(), "data") if key in finished]
    finished = finished.drop_duplicates(same, keep="first").copy()
    by_id = {run.info.run_id: run for run in selected}
    columns = {key: list(finished[key]) for key in schema_keys() if key in finished}
    apart = distinct_keys(columns, size="data.n_train", aside=ASIDE)
    searched = searched_keys(by_id.values(), columns)
    keys = ordered(
        list(dict.fromkeys([*searched, *apart])), asked_key(names[0]) if len(names) == 1 else None
    )
    finished["setting"] = setting_names(finished, keys)
    kept = tuple(by_id[run_id] for run_id in finished["run_id"])
    finished[FINAL] = _final_accuracy(finished)
    finished["epochs"] = list(map(_epochs, kept))
    failed = everything[everything["status"] == "FAILED"].copy()
    failed["setting"] = setting_names(failed, keys) if len(failed) else []
    settings = in_order(finished, keys)
    if searched:
        settings = most_trained_first(settings, finished)
    first = finished.drop_duplicates("setting").set_index("setting")["run_id"]
    material = Material(
        names=tuple(names),
        where=where,
        sweeps=tuple(sweeps),
        kept=kept,
        runs=finished,
        failed=failed,
        whole=whole,
        unfinished=sum(map(_is_unfinished, selected)),
        published=beside(
            store,
            [run for name in names for run in select(store, name, None, "published")],
            {setting: by_id[first[setting]].data.params for setting in settings},
        ),
        keys=tuple(keys),
        settings=settings,
        by_run=pd.Series(dtype=float),
    )
    return replace(material, by_run=_by_run(store, material))


def _selected(
    store: Store, names: Sequence[str], where: str | None, sweeps: Sequence[str]
) -> tuple[list[Run], pd.DataFrame, pd.DataFrame | None]:
    """The runs of a report, a frame of them, and one of all runs if those were read."""
    named = [(name, run) for name in names for run in select(store, name, where)]
    runs = [run for _, run in named]
    everything = frame_of(runs, COUNTED).assign(experiment=[name for name, _ in named])
    whole = None if where else everything
    if sweeps:
        parents = [store.client.get_run(sweep) for sweep in sweeps]
        reused = {run_id for parent in parents for run_id in reused_ids(store, parent, whole)}
        runs = [
            run
            for run in runs
            if run.data.tags.get("nnexp.sweep") in sweeps or run.info.run_id in reused
        ]
        everything = frame_of(runs)
    return runs, everything.drop(columns=["epochs", "experiment"], errors="ignore"), whole


def _is_unfinished(run: Run) -> bool:
    return run.info.status not in ("FINISHED", "FAILED") and PRUNED not in run.data.tags


def _epochs(run: Run) -> int:
    return number(run.data.tags, "nnexp.epochs", number(run.data.params, "train.epochs"))


def _by_run(store: Store, material: Material) -> pd.Series[float]:
    """The curves of the settings drawn, by metric, setting, run and step."""
    runs = material.runs[material.runs["setting"].isin(material.drawn)]
    own = [f"{part}/{name}" for name in own_metrics(runs) for part in ("validation", "test")]
    ids = set(runs["run_id"])
    found = [run for run in material.kept if run.info.run_id in ids]
    curves = curves_of(store, found, [*CURVES, *own])
    curves["value"] = finite(curves["value"])
    curves = curves.merge(runs[["run_id", "setting"]], on="run_id")
    return _with_gaps(curves.set_index(["metric", "setting", "run_id", "step"])["value"])


def _measures(runs: pd.DataFrame) -> tuple[Measure, ...]:
    there = [m for m in measures_of(runs) if m.name in runs and runs[m.name].notna().any()]
    if runs["epochs"].nunique() == 1 or "early" not in set(runs.get("stop.name", [])):
        there = [m for m in there if m.name != "epochs"]
    if any(m.name == "best/validation_accuracy" for m in there):
        there = [m for m in there if m.name != "validation/accuracy"]
    return tuple(there)


def _with_gaps(by_run: pd.Series[float]) -> pd.Series[float]:
    """With the gaps between training and held-out accuracy as metrics of their own."""
    parts = [by_run]
    there = set(by_run.index.get_level_values("metric"))
    for part in ("validation", "test"):
        if {"train/accuracy", f"{part}/accuracy"} <= there:
            train, held_out = (by_run.xs(f"{p}/accuracy", level="metric") for p in ("train", part))
            gap = (train - held_out).dropna()
            parts.append(pd.concat({f"gap/{part}": gap}, names=["metric"]))
    return pd.concat(parts)


def _final_accuracy(runs: pd.DataFrame) -> pd.Series[float]:
    """Of the weights that each run ends with: with early stopping the best ones."""
    nothing = pd.Series(np.nan, index=runs.index)
    best: pd.Series[float] = runs.get("best/test_accuracy", nothing)
    last: pd.Series[float] = runs.get("test/accuracy", nothing)
    return best.astype(float).fillna(last.astype(float))
