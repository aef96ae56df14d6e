"""The settings that a report shows: which keys tell them apart, their names and their order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nnexp.report.labels import said
from nnexp.study.searched import POINT

if TYPE_CHECKING:
    from mlflow.entities import Run

_IDLE = ("reg.lmbda", "reg.lmbda_l1", "reg.max_norm")


def searched_keys(runs: Iterable[Run], columns: Mapping[str, list[object]]) -> list[str]:
    """The keys that searches tried values of: a setting is told by all of them.

    Each trial has values of its own in all, so that any of them would tell the trials apart.
    """
    points = [json.loads(run.data.tags[POINT]) for run in runs if POINT in run.data.tags]
    keys = dict.fromkeys(key for point in points for key in point)
    return [key for key in keys if len(set(map(str, columns.get(key, ())))) > 1]


def most_trained_first(
    settings: Mapping[str, tuple[str, ...]], runs: pd.DataFrame
) -> dict[str, tuple[str, ...]]:
    """By the number of their runs, as a search trains the better ones with more seeds, then by
    their best validation accuracy."""
    trained, best = runs["setting"].value_counts(), pd.Series(0.0, index=list(settings))
    if "best/validation_accuracy" in runs:
        best = runs.groupby("setting")["best/validation_accuracy"].mean().fillna(0.0)
    return {
        name: settings[name] for name in sorted(settings, key=lambda s: (-trained[s], -best[s]))
    }


def ordered(keys: Sequence[str], asked: str | None) -> list[str]:
    """The size of the training set first, the key that is asked about last.

    Settings that differ in nothing but that key then stand one below the other.
    """
    last = next((k for k in keys if k == asked), None)
    if last is None:
        last = next((k for k in keys if k != "data.n_train"), None)
    return sorted(keys, key=lambda k: (k == last, k != "data.n_train"))


def setting_names(runs: pd.DataFrame, keys: Sequence[str]) -> pd.Series[str]:
    """`1,000 images, no dropout` …: the values of the telling keys in words."""
    if not keys:
        return pd.Series("all runs", index=runs.index)
    rows = runs[list(keys)].itertuples(index=False, name=None)
    names = [_name(dict(zip(keys, row, strict=True))) for row in rows]
    return pd.Series(names, index=runs.index)


def _name(values: Mapping[str, object]) -> str:
    """Without the λ, or the norm, of no regularization."""
    idle = _IDLE if values.get("reg.name") == "none" else ()
    return ", ".join(said(key, value) for key, value in values.items() if key not in idle)


def in_order(runs: pd.DataFrame, keys: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """By the values of the keys; `none`, the plain case, before the others."""
    if not keys:
        return {"all runs": ()}
    rows = runs.drop_duplicates("setting")

    def rank(row: pd.Series[str]) -> list[tuple[float, str]]:
        found = []
        for value in (row[key] for key in keys):
            text = "" if str(value) == "none" else str(value)
            plain = isinstance(value, int | float | np.number) and not isinstance(value, bool)
            found.append((float(value) if plain else 0.0, text))
        return found

    ranked = sorted((row for _, row in rows.iterrows()), key=rank)
    return {str(row["setting"]): tuple(said(key, row[key]) for key in keys) for row in ranked}
