"""The values that a claim is about: a metric of recorded runs, by seed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config.arguments import cut, printable
from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.record.store_sql import curves_of_ids
from nnexp.study.compare import NO_METRICS, compare
from nnexp.study.first_layer import MEASURES, measured
from nnexp.study.grouping import value_text, wanted_levels
from nnexp.study.metric import Metric

EPOCHS = "epochs"
"""How long a run trained: the last step of its training cost."""

_TERM = re.compile(r"([A-Za-z][\w.]*(?:/[\w.]+)*)(?:@(\d{1,9}))?")


@dataclass(frozen=True)
class Term:
    """A metric at the end of a run, or after so many epochs."""

    name: str
    step: int | None


@dataclass(frozen=True)
class Expression:
    """A term, or the difference of two within a run."""

    text: str
    terms: tuple[Term, ...]

    @property
    def metric(self) -> Metric:
        """What is known of its values by the name of its first term."""
        return Metric(self.terms[0].name)


def expression(where: str, text: str) -> Expression:
    """`train/cost`, `train/cost@10`, or `train/accuracy - test/accuracy`.

    Raises:
        UserError: it is none of these.
    """
    found = [_TERM.fullmatch(part.strip()) for part in text.split(" - ")]
    if len(found) > 2 or not all(found):
        raise UserError(
            f"{where}: metric: {printable(cut(text))}: allowed: NAME, NAME@EPOCH, "
            "or the difference of two (train/accuracy - test/accuracy)"
        )
    terms = [Term(m[1], int(m[2]) if m[2] else None) for m in found if m]
    return Expression(text, tuple(terms))


def of_setting(frame: pd.DataFrame, setting: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """The finished runs of a setting such as `reg=l2 size=1k`; `columns` by the words in it."""
    chosen = frame[frame["status"] == "FINISHED"]
    for level in wanted_levels(setting) if setting else ():
        word, _, value = level.partition("=")
        column = columns[word]
        if column not in chosen:
            return chosen[:0]
        texts = chosen[column].map(lambda v, key=column: value_text(key, v))
        chosen = chosen[texts == value]
    return chosen


@dataclass(frozen=True)
class Values:
    """Of one setting the values by seed."""

    by_seed: Mapping[Any, float] = field(default_factory=dict)
    mixed: tuple[str, ...] = ()
    """Keys in which its runs differ although the setting does not name them."""
    run_ids: tuple[str, ...] = ()
    """Of the runs that have a value."""
    runs: int = 0
    """Finished ones, with a value or without."""


def values_of(store: Store, runs: pd.DataFrame, metric: Expression) -> Values:
    """The values of an expression in some runs of one setting; runs that lack it are left out.

    What is a run that counts, and what must not differ between runs, `study.compare` says.
    """
    if runs.empty:
        return Values()
    columns = [_column(store, runs, term) for term in metric.terms]
    values = columns[0] if len(columns) == 1 else columns[0] - columns[1]
    there = runs.assign(**{metric.text: values})[np.isfinite(values)]
    if there.empty:
        return Values(runs=len(runs))
    found = compare(there, ["cost"], metric.text)
    by_seed = found.settings[0].values if len(found.settings) == 1 else {}
    mixed = found.mixed if len(found.settings) == 1 else ("cost.name",)
    return Values(by_seed, mixed, tuple(map(str, there["run_id"])), len(runs))


def _column(store: Store, runs: pd.DataFrame, term: Term) -> pd.Series[float]:
    nothing, ids = pd.Series(np.nan, index=runs.index), list(map(str, runs["run_id"]))
    if term.name in MEASURES and term.step is None:
        return pd.Series(measured(store, ids, term.name), index=runs.index)
    if term.name == EPOCHS:
        steps = curves_of_ids(store, ids, ["train/cost"]).groupby("run_id")["step"].max()
        return runs["run_id"].map(steps).astype(float)
    if term.step is None:
        there = term.name in runs and term.name not in NO_METRICS
        return runs[term.name].astype(float) if there else nothing
    points = curves_of_ids(store, ids, [term.name])
    points = points[points["step"] == term.step].drop_duplicates("run_id", keep="last")
    return runs["run_id"].map(points.set_index("run_id")["value"]).astype(float)
