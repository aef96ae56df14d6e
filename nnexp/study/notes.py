"""What a reader of a comparison has to know: what is mixed, what goes together, what was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from nnexp.config.plurals import some
from nnexp.config.varying_keys import distinct_keys, short
from nnexp.study.grouping import Grouped, config_keys, levels_of, value_text
from nnexp.study.setting import Setting

_FOLLOWS = ("reg.lmbda", "reg.lmbda_l1", "data.n_train", "size")
"""Keys that go with others by default: λ with n, `size` with `data.n_train`."""

_PROVENANCE = {
    "source": "versions of the numeric source",
    "data": "data sets",
    "environment": "numeric environments (library versions, processors)",
}
"""Columns that all runs of a comparison should agree in."""

_TOLD = 4
"""So many settings are named; of so many values it is said which goes with which."""


def warnings(grouped: Grouped, settings: Sequence[Setting]) -> list[str]:
    """Mixed provenance, what goes with the keys, few runs, choices made on what is measured."""
    finished, keys, said = grouped.finished, grouped.keys, list[str]()
    for column, what in _PROVENANCE.items():
        if column == "data" and "data.name" in keys:
            continue  # It is what is compared.
        if (number := _different(finished, column)) > 1:
            said.append(f"runs of {number} different {what} are mixed")
    said += _beside(grouped)
    if len(settings) == 1:
        said.append(f"there is one setting, {settings[0].label}: nothing to compare it with")
    few = [s.label if len(keys) > 1 else s.levels[0][1] for s in settings if s.summary.n < 5]
    if len(few) > _TOLD:
        said.append(f"fewer than 5 runs in {len(few)} settings; intervals of so few are rough")
    elif few:
        # Labels of a report hold commas.
        between = "; " if any(", " in name for name in few) else ", "
        said.append(f"fewer than 5 runs: {between.join(few)}; intervals of so few are rough")
    return [*said, *_chosen(finished, grouped.metric)]


def left_out(frame: pd.DataFrame, lacking: int, metric: str) -> list[str]:
    """How many runs are in no setting, and why; `lacking` have ended without the metric.

    Failed ones have a column. One that was stopped and trained again is not left out.
    """
    said = [f"{some(lacking, 'run')} without {metric} left out"] if lacking else []
    open_ones = frame[~frame["status"].isin(("FINISHED", "FAILED"))]
    if "fingerprint" in frame:
        done = frame.loc[frame["status"] == "FINISHED", "fingerprint"]
        known = open_ones["fingerprint"].isin(done) & (open_ones["fingerprint"] != "")
        open_ones = open_ones[~known]
    stopped = int((open_ones["status"] == "KILLED").sum())
    going = len(open_ones) - stopped
    parts = [f"{stopped} KILLED (stopped, or given up by a search)"] if stopped else []
    if going:
        parts.append(f"{going} RUNNING (being trained, or the process is gone)")
    if parts:
        said.append(
            f"{some(len(open_ones), 'run')} that did not finish left out: {', '.join(parts)}"
        )
    return said


def unfinished(group: pd.DataFrame, keys: Sequence[str], metric: str, failed: int) -> str:
    """That a setting has nothing to be compared by."""
    label = " ".join(f"{k}={v}" for k, v in levels_of(group.iloc[0], keys))
    finished = (group["status"] == "FINISHED").any()
    without = f"no run has {metric}" if finished else "no finished runs"
    return f"{label}: {without}" + (f" ({failed} failed)" if failed else "")


def _different(finished: pd.DataFrame, column: str) -> int:
    """How many values a column of provenance has."""
    if column not in finished:
        return 0
    # Of compiled runs no environment is told, as none changes a bit.
    told = finished[finished[column] != ""]
    if column == "data" and "monitor.test" in told:
        # The digest of runs that are not to open the test files is of the training files alone.
        return max(told.groupby(told["monitor.test"] == "never")[column].nunique(), default=0)
    return int(told[column].nunique())


def mixed_keys(grouped: Grouped) -> list[str]:
    """The keys in which runs of one setting differ, but for those that only follow others."""
    found, given = list[str](), (*grouped.keys, grouped.pair)
    for _, group in grouped.finished.groupby(grouped.names):
        columns = {k: list(group[k]) for k in config_keys() if k in group and k not in given}
        found += distinct_keys(columns)
    return list(dict.fromkeys(found))


def _beside(grouped: Grouped) -> list[str]:
    """In which keys, each one value within a setting, the settings differ beside `keys`.

    A key of which each value of one of `keys` has exactly one follows it: that is a design, and the
    difference one of both together. Any other is told as what the difference may be due to.
    """
    firsts, keys = grouped.finished.groupby(grouped.names).first(), grouped.keys
    free = (*keys, grouped.pair, *_FOLLOWS)
    columns = {k: list(firsts[k]) for k in config_keys() if k in firsts and k not in free}
    # What else a choice brings with it is part of it.
    groups = {key.partition(".")[0] for key in keys if "." in key} - {"train", "data", "model"}
    beside = [key for key in distinct_keys(columns) if key.partition(".")[0] not in groups]
    said, loose = [], []
    for key in beside:
        leader = next((k for k in keys if _follows(firsts[key], firsts[k])), None)
        if leader == "setting":
            continue  # A label, made of the keys that vary.
        if leader is None:
            loose.append(short(key) if key.endswith(".name") else key)
        else:
            said.append(_together(firsts, key, leader))
    if loose:
        said.append(f"the settings differ in {', '.join(loose)} too: the difference may be theirs")
    return said


def _follows(values: pd.Series[Any], leaders: pd.Series[Any]) -> bool:
    """Whether each value of the leading key goes with exactly one value, and they vary with it."""
    pairs = set(zip(map(str, leaders), map(str, values), strict=True))
    return len(pairs) == len(set(map(str, leaders)))


def _together(firsts: pd.DataFrame, key: str, leader: str) -> str:
    pairs = dict.fromkeys(
        (value_text(key, row[key]), value_text(leader, row[leader])) for _, row in firsts.iterrows()
    )
    which = ", ".join(f"{value} with {led}" for value, led in pairs)
    told = f" ({which})" if len(pairs) <= _TOLD else ""
    return (
        f"the settings differ in {key} too, which follows {short(leader)}{told}: "
        "a difference is that of both together"
    )


def _chosen(finished: pd.DataFrame, metric: str) -> list[str]:
    """Where the metric's own data chose what is measured."""
    if metric in ("gap/best", "best/validation_accuracy"):
        data = "test" if metric == "gap/best" else "validation"
        return [f"{metric} takes the best epoch: chosen on the very {data} data it is judged on"]
    early = "stop.name" in finished and bool((finished["stop.name"] == "early").any())
    if metric.startswith("validation/") and early:
        return [f"stop=early chose its epoch on the validation data that {metric} is judged on"]
    return []
