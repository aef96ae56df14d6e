"""Settings of recorded runs against each other: summaries, differences, effects, warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config.compose import schema_keys
from nnexp.config.plurals import some
from nnexp.config.suggest import suggestion
from nnexp.config.varying_keys import short
from nnexp.errors import UserError
from nnexp.study import grouping, notes
from nnexp.study.bootstrap import within
from nnexp.study.decision_rule import ALPHA, FIXED, Rule
from nnexp.study.effects import (
    Design,
    Effect,
    Interaction,
    design_of,
    effects_of,
    interactions_of,
)
from nnexp.study.metric import Metric
from nnexp.study.published import agrees
from nnexp.study.sequential import confidence_sequence
from nnexp.study.setting import Pair, Setting, pairs_of
from nnexp.study.statistics import Summary, binomial_error, summarize

__all__ = ["ALPHA", "Comparison", "Pair", "Setting", "compare"]

EXAMPLES = 10_000
"""Test images of the data sets that `_EXAMPLES_OF` names, and by default validation images."""

_EXAMPLES_OF = ("mnist", "fashion_mnist")

NO_METRICS = {*schema_keys(), "seconds"}
"""Columns of numbers that are no results of a run: a seed has no mean."""

_NAMED = 8
"""So many settings are named where none fits."""


@dataclass(frozen=True)
class Comparison:
    """All settings, what is set against what, and what a reader has to know."""

    metric: str
    by: tuple[str, ...]
    keys: tuple[str, ...]
    """The keys of `by`, as they are shown."""
    settings: tuple[Setting, ...]
    """By the values of their keys; `ranked` has them by the metric."""
    pairs: tuple[Pair, ...]
    """All pairs; or each setting against the one of `against`."""
    design: Design
    effects: tuple[Effect, ...]
    """Of each factor, all pairs of its values; none where settings are mixed."""
    interactions: tuple[Interaction, ...]
    """Every difference of differences, resolved or not."""
    warnings: tuple[str, ...]
    mixed: tuple[str, ...]
    """Keys in which runs of one setting differ. Then pairs say nothing of the settings."""
    binomial: float | None
    """Standard error of one accuracy because only 10,000 images were looked at; None where it is
    no accuracy, or of another number of images."""
    against: Setting | None = None
    """The baseline, where one is given."""
    rule: Rule = FIXED
    """What pairs, effects and interactions are judged by."""

    @property
    def head(self) -> str:
        """Of a column of settings: a single key with its values, or `setting` with labels."""
        return self.keys[0] if len(self.keys) == 1 else "setting"

    def named(self, setting: Setting) -> str:
        """A setting in such a column."""
        return setting.levels[0][1] if len(self.keys) == 1 else setting.label

    @property
    def ranked(self) -> list[Setting]:
        """The best setting first; of metrics of which neither way is better, the highest."""
        sign = Metric(self.metric).sign
        return sorted(self.settings, key=lambda s: -sign * s.summary.mean)

    @property
    def central(self) -> Effect | None:
        """Of two experiments over what else varies, the effect of the one against the other."""
        mine = [e for e in self.effects if "experiment" in e.factor.split(", ")]
        return mine[0] if len(mine) == 1 and len(self.design.factors) > 1 else None

    def pair(self, a: Setting, b: Setting) -> Pair | None:
        """Two settings against each other, whichever is A; None where runs are too few."""
        return self._pairs.get(frozenset((a.name, b.name)))

    @cached_property
    def _pairs(self) -> dict[frozenset[str], Pair]:
        return {frozenset((p.a, p.b)): p for p in self.pairs}


# Sums and squares of what a record holds may overflow, as its values do that are shown.
@np.errstate(over="ignore", invalid="ignore")
def compare(
    frame: pd.DataFrame,
    by: Sequence[str],
    metric: str,
    *,
    pair: str = "seed",
    published: pd.DataFrame | None = None,
    against: str | None = None,
    rule: Rule = FIXED,
) -> Comparison:
    """Group recorded runs by keys and set the groups against each other.

    `frame` is one of `study.frames.runs`, perhaps of several experiments, with a column
    `experiment`. Runs are paired where they agree in `pair`. A run that is recorded twice counts
    once, the latest. With `against`, a setting's label (`reg=none size=1k`) or value (`none`), all
    others are set against that one only, and p is corrected for so many. `rule` is what differences
    are judged by.

    Raises:
        UserError: a key or metric that no run has, fewer than one finished run, or no such setting.
    """
    keys = grouping.columns_by(frame, by)
    _check_columns(frame, metric, pair)
    names = grouping.setting_names(frame, keys)
    finished, warnings = _counted(frame, keys, metric)
    grouped = grouping.Grouped(finished, names.loc[finished.index], keys, pair, metric)
    settings, missing_runs = _settings(frame, names, grouped, published, rule)
    warnings += missing_runs
    base = None if against is None else _named(settings, against)
    mixed = tuple(notes.mixed_keys(grouped))
    design = design_of(settings)
    found, missing = ((), ()) if mixed else effects_of(design, rule)
    warnings += notes.warnings(grouped, settings)
    if missing and len(design.factors) > 1:
        warnings.append(f"no effect, as too few runs go together: {'; '.join(missing)}")
    if mixed:
        which = f"runs of one setting differ in {', '.join(mixed)} too"
        it = "them" if len(mixed) > 1 else "it"
        warnings.insert(0, f"{which}: add {it} to --by, or narrow with --sweep or --where")
    return Comparison(
        metric, tuple(by), tuple(short(k) for k in keys), tuple(settings),
        tuple(pairs_of(settings, base, rule)), design, found,
        () if mixed else interactions_of(design, rule), tuple(warnings), mixed,
        _error(finished, metric, settings), base, rule,
    )  # fmt: skip


def _check_columns(frame: pd.DataFrame, metric: str, pair: str) -> None:
    known = sorted(c for c in frame.columns if "/" in c)
    there = metric in frame and metric not in NO_METRICS
    if not there or not pd.api.types.is_numeric_dtype(frame[metric]):
        told = f"{', '.join(known) or 'none'}{suggestion(metric, known)}"
        raise UserError(f"--metric {metric}: no run has it; recorded: {told}")
    if pair not in frame:
        near = suggestion(pair, schema_keys())
        raise UserError(f"--pair {pair}: no run has it; allowed: a config key, such as seed{near}")


def _counted(
    frame: pd.DataFrame, keys: Sequence[str], metric: str
) -> tuple[pd.DataFrame, list[str]]:
    """The finished runs, each once, and what there is to say of those left out."""
    done = frame[frame["status"] == "FINISHED"]
    finished = done[np.isfinite(done[metric].astype(float))]
    left_out = notes.left_out(frame, len(done) - len(finished), metric)
    # The same config on the same data again: with another source or environment, or without reuse.
    # Where places are compared, a run counts in each.
    places = set(keys) & set(grouping.PLACES)
    same = [k for k in (*grouping.config_keys(), "data", *places) if k in finished]
    twice = finished.duplicated(same, keep="first")
    if not twice.any():
        return finished, left_out
    are = "is" if int(twice.sum()) == 1 else "are"
    told = f"{some(int(twice.sum()), 'run')} {are} recorded twice: the latest of each counts"
    return finished[~twice], [*left_out, told]


def _settings(
    frame: pd.DataFrame,
    names: pd.Series,
    grouped: grouping.Grouped,
    published: pd.DataFrame | None,
    rule: Rule,
) -> tuple[list[Setting], list[str]]:
    """The settings that have finished runs, in order, and what there is to say of the others."""
    finished, keys, metric = grouped.finished, grouped.keys, grouped.metric
    told = tuple(short(k) for k in keys if finished[k].nunique(dropna=False) > 1)
    settings: list[Setting] = []
    warnings: list[str] = []
    for name in grouping.ordered(frame[keys], names):
        group = finished[grouped.names == name]
        failed = int(((names == name) & (frame["status"] == "FAILED")).sum())
        if group.empty:
            warnings.append(notes.unfinished(frame[names == name], keys, metric, failed))
            continue
        values = _by_pair(group, grouped.pair, metric, name, warnings)
        print_value = _published(published, keys, group, metric)
        summary = _summary(list(values.values()), metric, rule)
        levels = grouping.levels_of(group.iloc[0], keys)
        settings.append(Setting(name, summary, failed, values, print_value, levels, told))
    if not settings:
        raise UserError("compare: no finished runs; train some, or widen --where")
    return settings, warnings


def _error(finished: pd.DataFrame, metric: str, settings: Sequence[Setting]) -> float | None:
    """The binomial error of an accuracy that all runs measured on `EXAMPLES` held-out images."""
    if not metric.endswith("accuracy") or metric.startswith("train"):
        return None
    if "data.name" not in finished or not finished["data.name"].isin(_EXAMPLES_OF).all():
        return None
    if "validation" in metric and set(finished["data.n_validation"]) != {EXAMPLES}:
        return None
    mean = float(np.mean([s.summary.mean for s in settings]))
    return binomial_error(mean, EXAMPLES) if 0.0 <= mean <= 1.0 else None


def _summary(values: Sequence[float], metric: str, rule: Rule) -> Summary:
    bounds = Metric(metric).bounds
    summary = summarize(values, bounds=bounds)
    if not rule.anytime:
        return summary
    low, high = within(confidence_sequence(np.asarray(values), rule.alpha), bounds)
    return replace(summary, low=low, high=high, level=1.0 - rule.alpha)


def _named(settings: Sequence[Setting], typed: str) -> Setting:
    """The setting that a label, a part of a label that tells it, or a value names."""
    found = [s for s in settings if s.name == typed.strip()]
    if not found:
        wanted = grouping.wanted_levels(typed)
        found = [s for s in settings if wanted <= {f"{k}={v}" for k, v in s.levels}]
        if "=" not in typed:
            whole = {f"{k}={typed.strip()}" for k, _ in settings[0].levels}
            found = [s for s in settings if whole & {f"{k}={v}" for k, v in s.levels}]
    if len(found) == 1:
        return found[0]
    labels = [s.label for s in settings]
    how, near = ("several settings", "") if found else ("no setting", suggestion(typed, labels))
    named = "; ".join(labels[:_NAMED]) + (" …" if len(labels) > _NAMED else "")
    raise UserError(f"--against {typed}: {how}; allowed: one of {named}{near}")


def _by_pair(
    group: pd.DataFrame, pair: str, metric: str, name: str, warnings: list[str]
) -> dict[Any, float]:
    keys, values = group[pair].tolist(), [float(value) for value in group[metric]]
    by_pair = dict(zip(keys, values, strict=True))
    if len(by_pair) < len(keys):
        twice = next(key for k, key in enumerate(keys) if key in keys[:k])
        warnings.append(
            f"{name}: several runs with {pair} {twice}: which goes with which of another "
            "setting is not known, so that none are paired"
        )
        return {(name, k): value for k, value in enumerate(values)}
    return dict(sorted(by_pair.items()))


def _published(
    published: pd.DataFrame | None, keys: Sequence[str], group: pd.DataFrame, metric: str
) -> float | None:
    """The value of the published run that is of the group's setting, trained for as long."""
    if published is None or published.empty or metric not in published:
        return None
    ours, needed = group.iloc[0].to_dict(), [k for k in keys if k not in grouping.PLACES]
    needed += ["train.epochs"] if "train.epochs" in published else []
    theirs = (run.to_dict() for _, run in published[published[metric].notna()].iterrows())
    return next((float(run[metric]) for run in theirs if agrees(run, ours, needed)), None)
