"""Curves of single runs put together: mean and range over the runs of a setting."""

from __future__ import annotations

import pandas as pd


def measured_often(by_run: pd.Series[float]) -> frozenset[str]:
    """The metrics that at least one run was measured by more than once."""
    steps = by_run.groupby(level=["metric", "run_id"]).size()
    return frozenset(steps[steps > 1].index.get_level_values("metric"))


def bands_of(by_run: pd.Series[float]) -> pd.DataFrame:
    """By metric, setting and step: mean, min, max and count over the runs of a setting.

    A run that stopped after its first measured epoch, where others of its setting went on, is left
    out: a mean over all of them, which ends where the first one stops, would be a single point.
    """
    trained = pd.Series(by_run.index.get_level_values("step") > 0, index=by_run.index)
    lengths = trained.groupby(level=["metric", "setting", "run_id"]).transform("sum")
    longest = lengths.groupby(level=["metric", "setting"]).transform("max")
    kept = by_run[(lengths > 1) | (longest <= 1)]
    grouped = kept.groupby(level=["metric", "setting", "step"])
    return pd.DataFrame(grouped.agg(["mean", "min", "max", "count"])).sort_index()


def stopped_at_once(runs: pd.DataFrame) -> int:
    """How many of some finished runs `bands_of` leaves out, because they stopped so early."""
    every = runs.get("monitor.every", 1)
    short = (runs["epochs"] > 0) & (runs["epochs"] <= every)
    others = (runs["epochs"] > every).groupby(runs["setting"]).transform("any")
    return int((short & others).sum())
