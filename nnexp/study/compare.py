"""Settings of recorded runs against each other: summaries, paired differences, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config.compose import schema_keys
from nnexp.errors import UserError
from nnexp.study.difference import (
    Difference,
    PairedDifference,
    paired_difference,
    unpaired_difference,
)
from nnexp.study.statistics import Summary, binomial_error, holm, seeds_needed, summarize

GROUP_KEYS = {
    "cost": ["cost.name"],
    "reg": ["reg.name"],
    "size": ["size"],
    "dropout": ["dropout.hidden", "dropout.input"],
    "init": ["init.name"],
    "expand": ["expand.name"],
    "stop": ["stop.name"],
    "data": ["data.name"],
}
"""What the short words of `--by` group by."""

EXAMPLES = 10_000
"""Test and validation images that an accuracy is measured on."""

_FOLLOWS = ("reg.lmbda", "reg.lmbda_l1", "reg.lmbda_over_n", "data.n_train", "size", "train.epochs")
"""Keys that go with others by default, and are no sign of settings mixed by mistake."""


@dataclass(frozen=True)
class Setting:
    """The runs of one setting."""

    name: str
    summary: Summary
    failed: int
    values: dict[int, float]
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
    """Permutation test, corrected by Holm over all pairs of the table."""
    more_seeds: int | None
    """About how many more would resolve it, where it is not."""


@dataclass(frozen=True)
class Comparison:
    """All settings, all pairs, and what a reader has to know."""

    metric: str
    by: tuple[str, ...]
    settings: tuple[Setting, ...]
    pairs: tuple[Pair, ...]
    warnings: tuple[str, ...]
    binomial: float | None
    """Standard error of one accuracy because only 10,000 images were looked at."""


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
    twice = finished.duplicated("fingerprint", keep="first")
    if twice.any():
        warnings.append(f"{int(twice.sum())} runs are recorded twice: the latest of each counts")
        finished = finished[~twice]
    settings = []
    for name in dict.fromkeys(names.sort_index(ascending=False)):
        group = finished[names.loc[finished.index] == name]
        failed = int(((names == name) & (frame["status"] == "FAILED")).sum())
        if group.empty:
            warnings.append(f"{name}: no finished runs ({failed} failed)")
            continue
        values = _by_pair(group, pair, metric, name, warnings)
        print_value = _published(published, keys, name, metric)
        summary = summarize(list(values.values()))
        settings.append(Setting(name, summary, failed, values, print_value))
    if not settings:
        raise UserError("compare: no finished runs; train some, or widen --where")
    pairs = _pairs(settings, pair)
    warnings += _warnings(finished, names, keys, pair, metric, settings)
    accuracy = metric.endswith("accuracy")
    mean = float(np.mean([s.summary.mean for s in settings]))
    error = binomial_error(mean, EXAMPLES) if accuracy and not metric.startswith("train") else None
    return Comparison(metric, tuple(by), tuple(settings), tuple(pairs), tuple(warnings), error)


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


def _by_pair(
    group: pd.DataFrame, pair: str, metric: str, name: str, warnings: list[str]
) -> dict[int, float]:
    values: dict[Any, float] = {}
    for _, row in group.iterrows():
        if row[pair] in values:
            warnings.append(f"{name}: several runs with {pair} {row[pair]}: their settings differ")
            return {k: float(v) for k, v in enumerate(group[metric])}
        values[row[pair]] = float(row[metric])
    return dict(sorted(values.items()))


def _pairs(settings: Sequence[Setting], pair: str) -> list[Pair]:
    found: list[tuple[Setting, Setting, Difference, bool]] = []
    for a, b in combinations(settings, 2):
        common = [k for k in a.values if k in b.values]
        if len(common) >= 2:
            difference: Difference = paired_difference(
                [a.values[k] for k in common], [b.values[k] for k in common]
            )
            found.append((a, b, difference, True))
        else:
            difference = unpaired_difference(list(a.values.values()), list(b.values.values()))
            found.append((a, b, difference, False))
    corrected = holm([d.permutation_p for _, _, d, _ in found]) if found else []
    pairs = []
    for (a, b, difference, paired), p in zip(found, corrected, strict=True):
        more = None
        if not difference.resolved and isinstance(difference, PairedDifference):
            more = seeds_needed(difference.mean, difference.sd, difference.n)
        pairs.append(Pair(a.name, b.name, difference, paired, p, more))
    return pairs


def _published(
    published: pd.DataFrame | None, keys: Sequence[str], name: str, metric: str
) -> float | None:
    if published is None or published.empty or metric not in published:
        return None
    if any(key not in published for key in keys):
        return None
    same = published[published[list(keys)].astype(str).agg(", ".join, axis=1) == name]
    return float(same[metric].iloc[0]) if len(same) == 1 else None


def _warnings(
    finished: pd.DataFrame,
    names: pd.Series[Any],
    keys: Sequence[str],
    pair: str,
    metric: str,
    settings: Sequence[Setting],
) -> list[str]:
    said = []
    for column, what in (("source", "versions of the numeric source"), ("data", "data sets")):
        if column in finished and finished[column].nunique() > 1:
            said.append(f"runs of {finished[column].nunique()} different {what} are mixed")
    for key in _config_keys():
        if key in keys or key == pair or key in _FOLLOWS or key not in finished:
            continue
        inside = finished.groupby(names.loc[finished.index])[key].nunique(dropna=False)
        if (inside > 1).any():
            said.append(f"{key} differs within a setting: add it to --by, or narrow with --where")
    few = [s.name for s in settings if s.summary.n < 5]
    if few:
        said.append(f"fewer than 5 runs: {', '.join(few)}; intervals of so few are rough")
    if metric.startswith("best/test") or metric == "gap/best":
        said.append(f"{metric} takes the best epoch: chosen on the very test data it is judged on")
    return said


def _config_keys() -> list[str]:
    side = ("tracking.", "sweep.", "monitor.", "data.root")
    return [key for key in schema_keys() if not key.startswith(side)]
