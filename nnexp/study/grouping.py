"""How runs are grouped into settings: the words of `--by`, labels, and the order of settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config.compose import schema_keys
from nnexp.config.suggest import suggestion
from nnexp.config.varying_keys import ASIDE, distinct_keys, short, words_of
from nnexp.errors import UserError

GROUP_KEYS = {
    "cost": ["cost.name"],
    "reg": ["reg.name"],
    "size": ["data.n_train"],
    "dropout": ["dropout.hidden", "dropout.input"],
    "init": ["init.name"],
    "expand": ["expand.name"],
    "stop": ["stop.name"],
    "data": ["data.name"],
    "engine": ["train.engine"],
}
"""What the short words of `--by` group by."""

PLACES = ("experiment", "sweep")
"""Where a run is recorded: keys to group by that are no config keys."""

_ENDED = ("FINISHED", "FAILED")

_ID = 8
"""So much of a sweep's id is shown."""


@dataclass(frozen=True)
class Grouped:
    """Finished runs by setting, as they are compared."""

    finished: pd.DataFrame
    names: pd.Series[str]
    """Of each of these runs the name of its setting."""
    keys: Sequence[str]
    """What makes a setting, as columns."""
    pair: str
    metric: str


def columns_by(frame: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """The columns of a frame that the words of `--by` name, each once.

    Raises:
        UserError: there are no runs, or none has such a key.
    """
    if frame.empty:
        raise UserError("compare: no runs are recorded there; see python -m nnexp runs")
    keys: list[str] = []
    for word in by:
        columns = [c for c in GROUP_KEYS.get(word, [word]) if c in frame]
        if not columns:
            known = ", ".join([*GROUP_KEYS, *PLACES, "or any config key such as train.eta"])
            near = suggestion(word, [*GROUP_KEYS, *PLACES, *schema_keys()])
            raise UserError(f"--by {word}: no run has it; allowed: {known}{near}")
        varying = [c for c in columns if frame[c].nunique(dropna=False) > 1]
        keys += varying or columns[:1]
    return list(dict.fromkeys(keys))


def setting_names(frame: pd.DataFrame, keys: Sequence[str]) -> pd.Series[str]:
    """Of each run the name of its setting: its values, joined by commas."""
    return frame[list(keys)].astype(str).agg(", ".join, axis=1)


def varied(frame: pd.DataFrame) -> list[str]:
    """What tells the settings of runs apart, in the words of `--by`: its default.

    Of runs that have ended: that all runs of a setting failed is an answer too.
    Keys that only say again what others say are left out; so is what another experiment brings
    with it, where runs of several are compared.
    """
    ended = frame[frame["status"].isin(_ENDED)] if "status" in frame else frame
    named = ["experiment"] if "experiment" in frame else []
    columns = {k: list(ended[k]) for k in (*named, *config_keys()) if k in ended}
    return words_of(distinct_keys(columns, aside=ASIDE)) or ["cost"]


def config_keys() -> list[str]:
    """The keys that change what is trained."""
    return [key for key in schema_keys() if not key.startswith(ASIDE)]


def value_text(key: str, value: Any) -> str:
    """A value as it would be typed: `0.1`, `1000`, `l2`."""
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, float | np.floating):
        return f"{value:.12g}"
    return str(value)[:_ID] if key == "sweep" else str(value)


def levels_of(row: pd.Series[Any], keys: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Of one run the keys, as shown, with their values."""
    return tuple((short(key), value_text(key, row[key])) for key in keys)


def ordered(values: pd.DataFrame, names: pd.Series[str]) -> list[str]:
    """Settings by their keys' values: numbers by size, `none` before any other word.

    A categorical column has an order of its own.
    """

    def rank(value: Any) -> tuple[bool, float, str]:
        if isinstance(value, int | float | np.number):
            return False, float(value), ""
        return True, float(value != "none"), str(value)

    coded = values.apply(lambda c: c.cat.codes if isinstance(c.dtype, pd.CategoricalDtype) else c)
    rows = zip(names, coded.itertuples(index=False), strict=True)
    ranks = {str(name): [rank(value) for value in row] for name, row in rows}
    return sorted(ranks, key=ranks.__getitem__)


def wanted_levels(typed: str) -> set[str]:
    """`reg=l2 size=1k`, or with commas, as the parts of a label: `reg=l2`, `size=1000`."""
    parts = [part for part in re.split(r"[,\s]+(?=[\w.]+=)", typed.strip()) if part]
    return {_level(part) for part in parts}


def _level(part: str) -> str:
    key, _, value = part.partition("=")
    key, value = short(key.strip()), value.strip()
    if key == "size" and re.fullmatch(r"\d+(\.\d+)?k", value):
        return f"size={float(value[:-1]) * 1000:.12g}"
    try:
        return f"{key}={float(value):.12g}"
    except ValueError:
        return f"{key}={value}"
