"""What a report is made of: runs and curves of an experiment, grouped into settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nnexp.config.compose import schema_keys
from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.study.frames import curves_of, frame_of, select

CURVES = (
    "train/cost",
    "train/accuracy",
    "validation/cost",
    "validation/accuracy",
    "test/cost",
    "test/cost_network2",
    "test/accuracy",
)

_SIDE = ("tracking.", "sweep.", "monitor.", "data.root")


@dataclass(frozen=True)
class Material:
    """An experiment as a report shows it."""

    name: str
    runs: pd.DataFrame
    """Finished runs, one row each, with a column `setting`."""
    failed: pd.DataFrame
    curves: pd.DataFrame
    """Columns run_id, metric, step, value, setting."""
    published: pd.DataFrame
    published_curves: pd.DataFrame
    keys: tuple[str, ...]
    """The config keys that tell the settings apart."""
    settings: tuple[str, ...]
    """Their names, in order."""


def gather(store: Store, name: str, where: str | None) -> Material:
    """Read an experiment from the store.

    Raises:
        UserError: no such experiment, or no finished run in it.
    """
    selected = select(store, name, where)
    everything = frame_of(selected)
    finished = everything[everything["status"] == "FINISHED"]
    if finished.empty:
        raise UserError(f"report {name}: no finished runs are recorded; train some first")
    finished = finished.drop_duplicates("fingerprint", keep="first").copy()
    finished["final/test_accuracy"] = _final_accuracy(finished)
    keys = telling_keys(finished)
    finished["setting"] = setting_names(finished, keys)
    order = finished.sort_values([*keys, "run_id"]) if keys else finished
    kept = [run for run in selected if run.info.run_id in set(finished["run_id"])]
    curves = curves_of(store, kept, CURVES).merge(finished[["run_id", "setting"]], on="run_id")
    elsewhere = select(store, name, None, "published")
    published = frame_of(elsewhere)
    if not published.empty:
        known = [key for key in keys if key in published]
        whole = bool(keys) and len(known) == len(keys)
        published["setting"] = setting_names(published, keys) if whole else ""
    return Material(
        name=name,
        runs=finished,
        failed=everything[everything["status"] == "FAILED"],
        curves=curves,
        published=published,
        published_curves=curves_of(store, elsewhere, CURVES),
        keys=tuple(keys),
        settings=tuple(dict.fromkeys(order["setting"])),
    )


def _final_accuracy(runs: pd.DataFrame) -> pd.Series[float]:
    """Of the weights that each run ends with: with early stopping the best ones."""
    nothing = pd.Series(np.nan, index=runs.index)
    best: pd.Series[float] = runs.get("best/test_accuracy", nothing)
    last: pd.Series[float] = runs.get("test/accuracy", nothing)
    return best.astype(float).fillna(last.astype(float))


def telling_keys(runs: pd.DataFrame) -> list[str]:
    """Config keys that differ between runs, beside the seed; echoes of one another left out."""
    candidates = [
        key
        for key in schema_keys()
        if key in runs
        and key != "seed"
        and not key.startswith(_SIDE)
        and runs[key].astype(str).nunique() > 1
    ]
    # `size` stands for `data.n_train`; choices of a group for what follows from them.
    candidates.sort(key=lambda k: (k == "size", "." in k and not k.endswith((".name", "n_train"))))
    kept: list[str] = []
    for key in candidates:
        known = runs[kept].astype(str).drop_duplicates() if kept else runs.iloc[:1]
        finer = runs[[*kept, key]].astype(str).drop_duplicates()
        if len(finer) > (len(known) if kept else 1):
            kept.append(key)
    return kept


def setting_names(runs: pd.DataFrame, keys: Sequence[str]) -> pd.Series[str]:
    """`crossentropy, 1k` …: the values of the telling keys in words."""
    if not keys:
        return pd.Series("all runs", index=runs.index)
    columns = [runs[key].map(lambda value, key=key: _said(key, value)) for key in keys]
    joined = columns[0]
    for column in columns[1:]:
        joined = joined + ", " + column
    return joined


def _said(key: str, value: object) -> str:
    if key == "data.n_train":
        number = int(float(str(value)))
        return f"{number:,} images"
    if key.endswith(".name") or key == "rng":
        group = key.removesuffix(".name")
        return f"no {group}" if value == "none" else str(value)
    if isinstance(value, float | np.floating):
        return f"{key} {value:g}"
    return f"{key} {value}"


def band(curves: pd.DataFrame, setting: str, metric: str) -> pd.DataFrame:
    """Mean, least and greatest value over the runs of a setting, by step."""
    part = curves[(curves["setting"] == setting) & (curves["metric"] == metric)]
    return part.groupby("step")["value"].agg(["mean", "min", "max", "count"])
