"""The settings that a report shows: which keys tell them apart, their names, order and panels.

Where there are more settings than lines can be told apart, charts are small multiples, a panel a
value.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from mlflow.entities import Run

from nnexp.report.labels import said
from nnexp.study.searched import POINT

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


LINES = 8
"""More lines in one chart cannot be told apart."""
PANELS = 12

Facet = tuple[int, ...]
"""The keys that charts are split by, as their numbers among the values of a setting."""


def facet_of(settings: Sequence[Sequence[str]]) -> Facet:
    """The key that charts are split by, or two keys if one alone does not do.

    None at all where all settings fit into one chart, or nothing gives at most `PANELS` of at most
    `LINES` lines, each called the same in every panel. Rather not the last key, which is asked
    about: its values belong side by side. Of the others those with the fewest panels and lines.
    """
    if len(settings) <= LINES:
        return ()
    telling = _telling(settings)
    for count in (1, 2):
        found = []
        for keys in combinations(telling, count):
            rest = [at for at in telling if at not in keys]
            panels = Counter(_part(values, keys) for values in settings)
            most = max(panels.values())
            names = len({_part(values, rest) for values in settings})
            if 2 <= len(panels) <= PANELS and names <= LINES:
                found.append((telling[-1] in keys, max(len(panels), most), keys))
        if found:
            return min(found)[-1]
    return ()


def panels_of(
    settings: Mapping[str, Sequence[str]], drawn: Sequence[str], facet: Facet
) -> dict[str, list[str]]:
    """The settings that are drawn, by the values that their panel is of; all in one without."""
    if not facet:
        return {"": list(drawn)}
    panels: dict[str, list[str]] = {}
    for setting in drawn:
        panels.setdefault(", ".join(_part(settings[setting], facet)), []).append(setting)
    return panels


def line_names(settings: Mapping[str, Sequence[str]], facet: Facet) -> dict[str, str]:
    """What the line of each setting is called: its values but for those of its panel."""
    if not facet:
        return {setting: setting for setting in settings}
    rest = [at for at in _telling(list(settings.values())) if at not in facet]
    return {setting: ", ".join(_part(values, rest)) for setting, values in settings.items()}


def _telling(settings: Sequence[Sequence[str]]) -> list[int]:
    """The keys that are needed to tell settings apart, without one that follows from the others.

    A λ that was chosen for each of the other keys' combinations says nothing more of a line.
    """
    kept = list(range(len(settings[0])))
    for at in list(kept):
        rest = [other for other in kept if other != at]
        if rest and len({_part(values, rest) for values in settings}) == len(settings):
            kept = rest
    return kept


def _part(values: Sequence[str], keys: Sequence[int]) -> tuple[str, ...]:
    return tuple(values[at] for at in keys)
