"""Results as small frames to be shown: one run, the settings of a sweep, a comparison."""

from __future__ import annotations

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


def comparison_frames(found: Comparison) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The settings and the pairs of a comparison, one row each."""
    settings = [
        {
            ", ".join(found.by): s.name,
            "n": s.summary.n,
            "failed": s.failed,
            "mean": s.summary.mean,
            "low": s.summary.low,
            "high": s.summary.high,
            "sd": s.summary.sd,
            "interquartile mean": s.summary.interquartile_mean,
        }
        for s in found.settings
    ]
    pairs = [
        {
            "A": p.a,
            "B": p.b,
            "A - B": p.difference.mean,
            "low": p.difference.low,
            "high": p.difference.high,
            "P(A > B)": p.difference.probability.value,
            "p (Holm)": p.p,
            "verdict": "not judged" if found.mixed else p.difference.verdict,
            "more seeds": p.more_seeds,
        }
        for p in found.pairs
    ]
    return pd.DataFrame(settings), pd.DataFrame(pairs)


def _said(name: str, value: float) -> str:
    return f"{value:.2%}" if name == "accuracy" else f"{value:.4g}"
