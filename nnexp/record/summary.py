"""Summary runs: of each setting of a sweep the mean over its seeds, with an interval, as one run.

MLflow's UI then shows settings as curves with bounds: every metric of the runs is the metric of the
same name here, and of costs, accuracies and gaps `…_low`, `…_high` are the ends of the 95 %
interval of the mean at every epoch: Student's t, n − 1 degrees of freedom (docs/statistics.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from nnexp.config.rounding import settled
from nnexp.config.run_names import setting_names_of
from nnexp.config.schema import Config
from nnexp.record.description import NOTED, owner_tags
from nnexp.record.mlflow_private import COLOUR, DELETED
from nnexp.record.palette import next_colour
from nnexp.record.store import Store
from nnexp.record.store_sql import curves_of_ids, database
from nnexp.record.sweep import Recorded, runs_where
from nnexp.record.untrained_runs import params_without_seed, record_at_once

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.95

MOST_VALUES = {"database": 5_000_000, "server": 500_000}
"""Values that are read or written for the summaries of a sweep: a minute of the store's time."""

_BOUNDED = ("/cost", "accuracy")
"""Counts and parts of the cost have no bounds of their own: they would double what is written."""


@dataclass(frozen=True)
class Setting:
    """The finished runs of a sweep that differ in their seed only."""

    config: Config
    """Of one of them, its seed set to 0."""
    seeds: tuple[int, ...]
    runs: tuple[Recorded, ...]

    @property
    def key(self) -> str:
        """What the summary is made of; another one has another key."""
        text = "\n".join(sorted(run.run_id for run in self.runs))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def settings_over_seeds(configs: Sequence[Config], runs: Sequence[Recorded]) -> list[Setting]:
    """The settings of a sweep of which at least two seeds have finished."""
    groups: dict[str, list[int]] = {}
    for k, (config, run) in enumerate(zip(configs, runs, strict=True)):
        if run.status == "FINISHED":
            groups.setdefault(repr(replace(config, seed=0)), []).append(k)
    return [
        Setting(
            replace(configs[group[0]], seed=0),
            tuple(configs[k].seed for k in group),
            tuple(runs[k] for k in group),
        )
        for group in groups.values()
        if len({configs[k].seed for k in group}) > 1
    ]


def record_summaries(
    store: Store, experiment_id: str, parent: str, settings: Sequence[Setting]
) -> str:
    """Make the summary runs under a parent those of its settings: new ones, none twice.

    Of so many values that it would take long none is made; what is returned then says so.
    """
    from mlflow.exceptions import MlflowException

    wanted = {setting.key: setting for setting in settings}
    colours, others = [], set[str]()
    for run in list(runs_where(store, [experiment_id], "tags.`nnexp.kind` = 'summary'")):
        tags = run.data.tags
        ours = tags.get("nnexp.summary_of") == parent
        whole = run.info.status == "FINISHED"
        if ours and not (whole and wanted.pop(tags.get("nnexp.summary_key", ""), None)):
            store.client.delete_run(run.info.run_id)
        else:
            colours.append(tags.get(COLOUR, ""))
            others.add(str(run.info.run_name).rpartition(" of ")[0])
    most = MOST_VALUES["server" if database(store) is None else "database"]
    if (values := sum(map(_values_of, wanted.values()))) > most:
        return (
            f"the means over seeds are no runs in the store: {values:,} values would be read and "
            f"written, more than {most:,}; compare and report have them"
        )
    ids = [run.run_id for setting in wanted.values() for run in setting.runs]
    metrics = {name for s in wanted.values() for run in s.runs for name in run.metrics}
    long = curves_of_ids(store, ids, sorted(metrics - {"step"}))
    of_run = {run.run_id: key for key, setting in wanted.items() for run in setting.runs}
    found = dict(iter(means(long.assign(setting=long["run_id"].map(of_run))).groupby("setting")))
    told = setting_names_of([setting.config for setting in settings])
    names = {s.key: f"{name} mean" for s, name in zip(settings, told, strict=True)}
    for key, setting in wanted.items():
        if key in found:
            colours.append(next_colour(colours))
            name = f"{names[key]} of {len(setting.seeds)} seeds"
            # What comes last in a name the UI cuts off.
            name = f"{_said(setting.seeds)} {name}" if names[key] in others else name
            try:
                _record(store, experiment_id, parent, setting, found[key], name, colours[-1])
            except MlflowException as error:
                if DELETED not in str(error):
                    raise
                # On another machine the same sweep has just ended: it has put ours into the bin,
                # as it would half ones, and makes its own.
                return ""
    return ""


def _said(seeds: Sequence[int]) -> str:
    """Seeds as a part of a name: `seeds0-4`, `seeds0,2`, of many with a gap `seeds0…9`."""
    first, *_, last = ordered = sorted(seeds)
    if len(ordered) == 2 and last - first > 1:
        return f"seeds{first},{last}"
    return f"seeds{first}{'-' if last - first == len(ordered) - 1 else '…'}{last}"


def _values_of(setting: Setting) -> int:
    """About how many values are read of the runs of a setting, and written: means and bounds."""
    train, monitor = setting.config.train, setting.config.monitor
    curves = sum(name.startswith(("train/", "validation/")) for name in setting.runs[0].metrics)
    return curves * (train.epochs // monitor.every + 1) * (len(setting.runs) + 3)


def means(long: pd.DataFrame) -> pd.DataFrame:
    """Means over runs with their intervals.

    Args:
        long: columns `setting`, `run_id`, `metric`, `step`, `value`.

    Returns:
        Columns `setting`, `metric`, `step`, `mean`, `low`, `high`. Curves go as far as all runs of
        a setting do. What every run has one value of (the best epoch, the gap) is given at the last
        step of the curves, whenever it was measured.
    """
    long = long[~long["metric"].str.startswith("time/")]
    n = long.groupby("setting")["run_id"].nunique()
    size = long.groupby(["setting", "metric"])["value"].transform("size")
    single = size <= long["setting"].map(n)
    last = long[~single].groupby(["setting", "run_id"])["step"].max().groupby("setting").min()
    step = long["step"].where(~single, long["setting"].map(last).fillna(0)).astype(np.int64)
    groups = long.assign(step=step).groupby(["setting", "metric", "step"])["value"]
    found = groups.agg(["mean", "std", "count"]).reset_index()
    found = found[found["count"] == found["setting"].map(n)]
    t = stdtrit(found["count"] - 1, (1.0 + LEVEL) / 2.0)
    half = t * found["std"] / np.sqrt(found["count"])
    return found.assign(low=found["mean"] - half, high=found["mean"] + half)


def _record(
    store: Store,
    experiment_id: str,
    parent: str,
    setting: Setting,
    curves: pd.DataFrame,
    name: str,
    colour: str,
) -> None:
    tags = {
        "nnexp.kind": "summary",
        "nnexp.summary_of": parent,
        "nnexp.summary_key": setting.key,
        "nnexp.seeds": " ".join(map(str, sorted(setting.seeds))),
        "mlflow.parentRunId": parent,
        COLOUR: colour,
        "mlflow.note.content": _note(setting, curves),
        **owner_tags(),
    }
    params = {**params_without_seed(setting.config), "n_seeds": str(len(setting.seeds))}
    record_at_once(store, experiment_id, name, tags, _values(curves), params)


def _values(curves: pd.DataFrame) -> Iterator[tuple[str, int, float]]:
    columns = (curves[name] for name in ("metric", "step", "mean", "low", "high"))
    for metric, step, mean, low, high in zip(*columns, strict=True):
        yield metric, int(step), float(mean)
        if metric.startswith("gap/") or metric.endswith(_BOUNDED):
            yield f"{metric}_low", int(step), float(low)
            yield f"{metric}_high", int(step), float(high)


def _note(setting: Setting, curves: pd.DataFrame) -> str:
    seeds = ", ".join(map(str, sorted(setting.seeds)))
    last = curves.sort_values("step").drop_duplicates("metric", keep="last").set_index("metric")
    said = [
        f"{name} **{settled(row['mean']):.2%}** ({row['low']:.2%} to {row['high']:.2%})"
        for name, row in last.iterrows()
        if name in NOTED
    ]
    return (
        f"Mean of {len(setting.seeds)} runs (seeds {seeds}) and its 95 % interval (Student's t "
        f"over seeds), whose ends are the metrics `…_low` and `…_high`. {'; '.join(said)}"
    ).strip()
