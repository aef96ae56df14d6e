"""Settings of recorded runs against each other: summaries, paired differences, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config.compose import schema_keys
from nnexp.config.distinct import ASIDE, distinct_keys
from nnexp.errors import UserError
from nnexp.study.difference import (
    Difference,
    PairedDifference,
    paired_difference,
    unpaired_difference,
)
from nnexp.study.published import agrees
from nnexp.study.statistics import Summary, binomial_error, holm, seeds_needed, summarize

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

ALPHA = 0.05
"""The chance, over all pairs of a table, of calling a difference resolved that is none."""

EXAMPLES = 10_000
"""Test images of the data sets that `_EXAMPLES_OF` names, and by default validation images."""

_EXAMPLES_OF = ("mnist", "fashion_mnist")

_FOLLOWS = ("reg.lmbda", "reg.lmbda_l1", "data.n_train", "size")
"""Keys that go with others by default: λ with n, `size` with `data.n_train`."""


_PROVENANCE = {
    "source": "versions of the numeric source",
    "data": "data sets",
    "environment": "numeric environments (library versions, processors)",
}
"""Columns that all runs of a comparison should agree in."""


@dataclass(frozen=True)
class Setting:
    """The runs of one setting."""

    name: str
    summary: Summary
    failed: int
    values: dict[Any, float]
    """By seed (or whatever pairs)."""
    published: float | None = None


@dataclass(frozen=True)
class Pair:
    """One setting against another: A − B."""

    a: str
    b: str
    difference: Difference
    paired: bool
    p: float
    """Of the t test that goes with the interval, corrected by Holm over all pairs of the table."""
    resolved: bool
    """Whether the interval excludes zero and, of several pairs, p is small enough too."""
    more_seeds: int | None
    """About how many more would resolve it, at α divided by the number of pairs (Bonferroni)."""


@dataclass(frozen=True)
class Comparison:
    """All settings, all pairs, and what a reader has to know."""

    metric: str
    by: tuple[str, ...]
    settings: tuple[Setting, ...]
    pairs: tuple[Pair, ...]
    warnings: tuple[str, ...]
    mixed: tuple[str, ...]
    """Keys in which runs of one setting differ. Then pairs say nothing of the settings."""
    binomial: float | None
    """Standard error of one accuracy because only 10,000 images were looked at; None where it is
    no accuracy, or of another number of images."""


# Sums and squares of what a record holds may overflow, as its values do that are shown.
@np.errstate(over="ignore", invalid="ignore")
def compare(
    frame: pd.DataFrame,
    by: Sequence[str],
    metric: str,
    *,
    pair: str = "seed",
    published: pd.DataFrame | None = None,
) -> Comparison:
    """Group recorded runs by keys and set the groups against each other.

    `frame` is one of `study.frames.runs`. Runs are paired where they agree in `pair`. A run that
    is recorded twice counts once, the latest.

    Raises:
        UserError: a key or metric that no run has, or fewer than one finished run.
    """
    keys = _columns(frame, by)
    if metric not in frame:
        known = ", ".join(sorted(c for c in frame.columns if "/" in c)) or "none"
        raise UserError(f"--metric {metric}: no run has it; recorded: {known}")
    if pair not in frame:
        raise UserError(f"--pair {pair}: no run has it; allowed: a config key, such as seed")
    warnings: list[str] = []
    names = frame[keys].astype(str).agg(", ".join, axis=1)
    finished = frame[(frame["status"] == "FINISHED") & np.isfinite(frame[metric].astype(float))]
    # The same config on the same data again: with another source or environment, or without reuse.
    same = [k for k in (*_config_keys(), "data") if k in finished]
    twice = finished.duplicated(same, keep="first")
    if twice.any():
        warnings.append(f"{int(twice.sum())} runs are recorded twice: the latest of each counts")
        finished = finished[~twice]
    settings = []
    for name in _ordered(frame[keys], names):
        group = finished[names.loc[finished.index] == name]
        failed = int(((names == name) & (frame["status"] == "FAILED")).sum())
        if group.empty:
            warnings.append(f"{name}: no finished runs ({failed} failed)")
            continue
        values = _by_pair(group, pair, metric, name, warnings)
        print_value = _published(published, keys, group, metric)
        summary = summarize(list(values.values()))
        settings.append(Setting(name, summary, failed, values, print_value))
    if not settings:
        raise UserError("compare: no finished runs; train some, or widen --where")
    pairs = _pairs(settings, pair)
    warnings += _warnings(finished, names, keys, pair, metric, settings)
    mean = float(np.mean([s.summary.mean for s in settings]))
    error = None
    if _of_so_many(finished, metric) and 0.0 <= mean <= 1.0:
        error = binomial_error(mean, EXAMPLES)
    mixed = tuple(_mixed(finished, names, keys, pair))
    if mixed:
        which = f"runs of one setting differ in {', '.join(mixed)} too"
        it = "them" if len(mixed) > 1 else "it"
        warnings.insert(0, f"{which}: add {it} to --by, or narrow with --sweep or --where")
    return Comparison(
        metric, tuple(by), tuple(settings), tuple(pairs), tuple(warnings), mixed, error
    )


def _of_so_many(finished: pd.DataFrame, metric: str) -> bool:
    """Whether a metric is an accuracy that all runs measured on `EXAMPLES` held-out images."""
    if not metric.endswith("accuracy") or metric.startswith("train"):
        return False
    if "data.name" not in finished or not finished["data.name"].isin(_EXAMPLES_OF).all():
        return False
    return "validation" not in metric or set(finished["data.n_validation"]) == {EXAMPLES}


def _columns(frame: pd.DataFrame, by: Sequence[str]) -> list[str]:
    if frame.empty:
        raise UserError("compare: no runs are recorded there; see python -m nnexp runs")
    keys: list[str] = []
    for word in by:
        columns = [c for c in GROUP_KEYS.get(word, [word]) if c in frame]
        if not columns:
            known = ", ".join([*GROUP_KEYS, "or any config key such as train.eta"])
            raise UserError(f"--by {word}: no run has it; allowed: {known}")
        varying = [c for c in columns if frame[c].nunique(dropna=False) > 1]
        keys += varying or columns[:1]
    return keys


def _ordered(values: pd.DataFrame, names: pd.Series[str]) -> list[str]:
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


def _by_pair(
    group: pd.DataFrame, pair: str, metric: str, name: str, warnings: list[str]
) -> dict[Any, float]:
    values: dict[Any, float] = {}
    for _, row in group.iterrows():
        if row[pair] in values:
            warnings.append(f"{name}: several runs with {pair} {row[pair]}: their settings differ")
            # Which of them goes with which run of another setting is not known: keys of their own.
            return {(name, k): float(v) for k, v in enumerate(group[metric])}
        values[row[pair]] = float(row[metric])
    return dict(sorted(values.items()))


def _pairs(settings: Sequence[Setting], pair: str) -> list[Pair]:
    found: list[tuple[Setting, Setting, Difference, bool]] = []
    for a, b in combinations(settings, 2):
        if min(len(a.values), len(b.values)) < 2:
            continue  # one run says nothing about the spread that a difference is judged by
        common = [k for k in a.values if k in b.values]
        if len(common) >= 2:
            difference: Difference = paired_difference(
                [a.values[k] for k in common], [b.values[k] for k in common]
            )
            found.append((a, b, difference, True))
        else:
            difference = unpaired_difference(list(a.values.values()), list(b.values.values()))
            found.append((a, b, difference, False))
    # Without a spread to judge by (one run a side) nothing can be resolved.
    corrected = holm([1.0 if isnan(d.t_p) else d.t_p for _, _, d, _ in found]) if found else []
    pairs = []
    for (a, b, difference, paired), p in zip(found, corrected, strict=True):
        stands = len(found) == 1 or p <= ALPHA
        resolved = difference.resolved and stands
        more = None
        if not resolved and isinstance(difference, PairedDifference):
            more = seeds_needed(
                difference.mean, difference.sd, difference.n, level=1.0 - ALPHA / len(found)
            )
        pairs.append(Pair(a.name, b.name, difference, paired, p, resolved, more))
    return pairs


def _published(
    published: pd.DataFrame | None, keys: Sequence[str], group: pd.DataFrame, metric: str
) -> float | None:
    """The value of the published run that is of the group's setting, trained for as long."""
    if published is None or published.empty or metric not in published:
        return None
    ours = group.iloc[0].to_dict()
    needed = [*keys, *(k for k in ("train.epochs",) if k in published)]
    for _, run in published[published[metric].notna()].iterrows():
        if agrees(run.to_dict(), ours, needed):
            return float(run[metric])
    return None


def _warnings(
    finished: pd.DataFrame,
    names: pd.Series[Any],
    keys: Sequence[str],
    pair: str,
    metric: str,
    settings: Sequence[Setting],
) -> list[str]:
    said = []
    for column, what in _PROVENANCE.items():
        if column == "data" and "data.name" in keys:
            continue  # It is what is compared.
        # Of compiled runs no environment is told, as none changes a bit.
        found = set(finished[column]) - {""} if column in finished else set()
        if len(found) > 1:
            said.append(f"runs of {len(found)} different {what} are mixed")
    if beside := _beside(finished, names, keys, pair):
        said.append(f"the settings differ in {', '.join(beside)} too: the difference may be theirs")
    if len(settings) == 1:
        said.append(f"there is one setting, {settings[0].name}: nothing to compare it with")
    few = [s.name for s in settings if s.summary.n < 5]
    if few:
        said.append(f"fewer than 5 runs: {', '.join(few)}; intervals of so few are rough")
    return [*said, *_chosen(finished, metric)]


def _mixed(
    finished: pd.DataFrame, names: pd.Series[Any], keys: Sequence[str], pair: str
) -> list[str]:
    """The keys in which runs of one setting differ, but for those that only follow others."""
    found: list[str] = []
    for _, group in finished.groupby(names.loc[finished.index]):
        columns = {
            k: list(group[k]) for k in _config_keys() if k in group and k not in (*keys, pair)
        }
        found += distinct_keys(columns)
    return list(dict.fromkeys(found))


def _beside(
    finished: pd.DataFrame, names: pd.Series[Any], keys: Sequence[str], pair: str
) -> list[str]:
    """The keys, each one value within a setting, in which the settings differ beside `keys`."""
    firsts = finished.groupby(names.loc[finished.index]).first()
    free = (*keys, pair, *_FOLLOWS)
    columns = {k: list(firsts[k]) for k in _config_keys() if k in firsts and k not in free}
    return [key for key in distinct_keys(columns) if key.partition(".")[0] not in _groups(keys)]


def _groups(keys: Sequence[str]) -> set[str]:
    """The choices that `keys` belong to: what else a choice brings with it is part of it."""
    return {key.partition(".")[0] for key in keys if "." in key} - {"train", "data", "model"}


def _chosen(finished: pd.DataFrame, metric: str) -> list[str]:
    """Where the metric's own data chose what is measured."""
    if metric == "gap/best":
        return [f"{metric} takes the best epoch: chosen on the very test data it is judged on"]
    if metric == "best/validation_accuracy":
        return [
            f"{metric} takes the best epoch: chosen on the very validation data it is judged on"
        ]
    early = "stop.name" in finished and bool((finished["stop.name"] == "early").any())
    if metric.startswith("validation/") and early:
        return [f"stop=early chose its epoch on the validation data that {metric} is judged on"]
    return []


def _config_keys() -> list[str]:
    return [key for key in schema_keys() if not key.startswith(ASIDE)]
