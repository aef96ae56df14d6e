"""Results as small frames to be shown: one run, the settings of a sweep, a comparison."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from nnexp.study.compare import Comparison


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


def settings_frame(comparison: Comparison) -> pd.DataFrame:
    """The settings of a comparison, the best first."""
    rows = [
        {
            comparison.head: comparison.named(s),
            "n": s.summary.n,
            "failed": s.failed,
            "mean": s.summary.mean,
            "low": s.summary.low,
            "high": s.summary.high,
            "sd": s.summary.sd,
            "interquartile mean": s.summary.interquartile_mean,
        }
        for s in comparison.ranked
    ]
    return pd.DataFrame(rows)


def pairs_frame(comparison: Comparison) -> pd.DataFrame:
    """The pairs of a comparison, with the verdict that stands after the correction."""
    rows = [
        {
            "A": p.a if len(comparison.keys) == 1 else p.label_a,
            "B": p.b if len(comparison.keys) == 1 else p.label_b,
            "A - B": p.mean,
            "low": p.low,
            "high": p.high,
            "P(A > B)": p.probability.value,
            "p (Holm)": p.p,
            "verdict": p.verdict,
            "more seeds": p.more_seeds,
        }
        for p in comparison.pairs
    ]
    if comparison.mixed:
        # What is not judged has nothing by which a reader could judge it.
        nothing = dict.fromkeys(("low", "high", "P(A > B)", "p (Holm)"), math.nan)
        unjudged = {**nothing, "verdict": "not judged", "more seeds": None}
        rows = [row | unjudged for row in rows]
    return pd.DataFrame(rows)


def effects_frame(comparison: Comparison) -> pd.DataFrame:
    """The effects of a comparison's factors, with the verdict that stands after the correction."""
    rows = [
        {
            "effect of": e.factor,
            "A": e.a,
            "B": e.b,
            "seeds": e.n,
            "over": e.cells,
            "A - B": e.mean,
            "low": e.low,
            "high": e.high,
            "p (Holm)": e.p,
            "verdict": e.verdict,
            "more seeds": e.more_seeds,
        }
        for e in comparison.effects
    ]
    return pd.DataFrame(rows)


def interactions_frame(comparison: Comparison) -> pd.DataFrame:
    """The differences of differences of a comparison, the clearest first."""
    rows = [
        {
            "difference": f"{t.a} - {t.b}",
            "here": t.here,
            "there": t.there,
            "here - there": t.mean,
            "low": t.low,
            "high": t.high,
            "p (Holm)": t.p,
            "resolved": t.resolved,
        }
        for t in sorted(comparison.interactions, key=lambda t: t.t_p)
    ]
    return pd.DataFrame(rows)


def _said(name: str, value: float) -> str:
    return f"{value:.2%}" if name == "accuracy" else f"{value:.4g}"
