"""Results as small frames to be shown: one run, the settings of a sweep, a comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from nnexp.study.compare import Comparison
from nnexp.study.comparison_text import answer
from nnexp.study.decision_rule import Judged
from nnexp.study.two_keys import interacting, interaction_text


def final_table(metrics: Mapping[str, float]) -> pd.DataFrame:
    """Final costs and accuracies of a run: a row each, a column per kind of data."""
    rows = {}
    for name in ("cost", "data_cost", "accuracy"):
        there = {
            kind: metrics[f"{kind}/{name}"]
            for kind in ("train", "validation", "test")
            if f"{kind}/{name}" in metrics
        }
        if there:
            rows[name.replace("_", " ")] = {k: _said(name, v) for k, v in there.items()}
    for name in ("best/validation_accuracy", "best/test_accuracy"):
        if name in metrics:
            kind = name.removeprefix("best/").removesuffix("_accuracy")
            rows.setdefault("best accuracy", {})[kind] = _said("accuracy", metrics[name])
    return pd.DataFrame.from_dict(rows, orient="index").fillna("")


def settings_table(runs: pd.DataFrame, keys: Sequence[str], metrics: Sequence[str]) -> pd.DataFrame:
    """One row per setting: its keys, n, failed runs, mean and standard deviation of metrics."""
    frame = runs.assign(setting=runs[list(keys)].astype(str).agg(", ".join, axis=1) if keys else "")
    rows = []
    for _, group in frame.groupby("setting", sort=False):
        done = group[group["status"] == "FINISHED"]
        row = {key: group[key].iloc[0] for key in keys}
        row |= {"n": len(done), "failed": len(group) - len(done)}
        for metric in metrics:
            if metric in done and done[metric].notna().any():
                row |= {metric: done[metric].mean(), f"{metric} sd": done[metric].std()}
        rows.append(row)
    return pd.DataFrame(rows)


def _said(name: str, value: float) -> str:
    return f"{value:.2%}" if name == "accuracy" else f"{value:.4g}"


@dataclass(frozen=True, repr=False)
class Compared:
    """Settings against each other; docs/statistics.md says what is estimated."""

    comparison: Comparison

    @property
    def answer(self) -> str:
        """Which setting is best, by how much, how sure, and what is not resolved from it."""
        return " ".join(answer(self.comparison))

    @property
    def settings(self) -> pd.DataFrame:
        """Per setting, the best first: n, failed, mean, 95 % interval, sd, interquartile mean."""
        c = self.comparison
        return pd.DataFrame(
            {c.head: c.named(s), "n": s.summary.n, "failed": s.failed}
            | {name: getattr(s.summary, name) for name in ("mean", "low", "high", "sd")}
            | {"interquartile mean": s.summary.interquartile_mean}
            for s in c.ranked
        )

    @property
    def pairs(self) -> pd.DataFrame:
        """Per pair of settings: difference, 95 % interval, P(A > B), p (Holm), its verdict."""
        rows = []
        for p in self.comparison.pairs:
            one_key = len(self.comparison.keys) == 1
            names = {"A": p.a, "B": p.b} if one_key else {"A": p.label_a, "B": p.label_b}
            chance = {"P(A > B)": p.probability.value}
            row = names | _difference(p) | chance | _judgement(p)
            if self.comparison.mixed:
                # What is not judged has nothing by which a reader could judge it.
                row |= dict.fromkeys(("low", "high", "P(A > B)", "p (Holm)"), math.nan)
                row |= {"verdict": "not judged", "more seeds": None}
            rows.append(row)
        return pd.DataFrame(rows)

    @property
    def effects(self) -> pd.DataFrame:
        """Per two values of a key: difference over all combinations of the others, as `pairs`."""
        return pd.DataFrame(
            {"effect of": e.factor, "A": e.a, "B": e.b, "seeds": e.n, "over": e.cells}
            | _difference(e)
            | _judgement(e)
            for e in self.comparison.effects
        )

    @property
    def interactions(self) -> pd.DataFrame:
        """Per two values of two keys: how much a difference changes from one to the other."""
        ordered = sorted(self.comparison.interactions, key=lambda t: t.t_p)
        return pd.DataFrame(
            {"difference": f"{t.a} - {t.b}", "here": t.here, "there": t.there}
            | _difference(t, "here - there")
            | {"p (Holm)": t.p, "resolved": t.resolved}
            for t in ordered
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader has to know."""
        told = (interaction_text(self.comparison, t) for t in interacting(self.comparison))
        return (*told, *self.comparison.warnings)

    @property
    def _tables(self) -> list[pd.DataFrame]:
        """Settings, then effects; pairs where they are asked for, or are all there is."""
        pairs = self.comparison.against is not None or len(self.comparison.settings) == 2
        second = self.pairs if pairs or not len(self.effects) else self.effects
        return [self.settings, *([second] if len(second) else [])]

    def __repr__(self) -> str:
        tables = [table.to_string(index=False) for table in self._tables]
        parts = [self.answer, self.comparison.metric, *tables]
        return "\n\n".join([*parts, *(f"note: {w}" for w in self.warnings)])

    def _repr_html_(self) -> str:
        html = f"<p>{escape(self.answer)}</p><p><b>{escape(self.comparison.metric)}</b></p>"
        html += "".join(table.to_html(border=0, index=False) for table in self._tables)
        return html + "".join(f"<p>note: {escape(w)}</p>" for w in self.warnings)


def _difference(judged: Judged, title: str = "A - B") -> dict[str, Any]:
    return {title: judged.mean, "low": judged.low, "high": judged.high}


def _judgement(judged: Judged) -> dict[str, Any]:
    """The verdict that stands after the correction."""
    return {"p (Holm)": judged.p, "verdict": judged.verdict, "more seeds": judged.more_seeds}
