"""What a search came to, as tables, lines and plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnexp.cli.printed_tables import mean_with_interval
from nnexp.config.plurals import some
from nnexp.runner.run_text import command_there, option_of, recorded_lines
from nnexp.selection.choosing import Trial
from nnexp.selection.plan import said
from nnexp.selection.search import Searched
from nnexp.study.metric import Metric
from nnexp.study.statistics import Summary
from nnexp.study.text_table import TextTable

VERDICTS = {"finalist": "not resolved from it", "worse": "worse", "failed": "a run failed"}


def tables(found: Sequence[Searched]) -> list[TextTable]:
    """Of one search its finalists; of several the best setting of each."""
    return [_finalists(found[0])] if len(found) == 1 else [_overview(found)]


def _finalists(searched: Searched) -> TextTable:
    metric, keys = searched.metric, [s.key for s in searched.plan.spaces]
    raced = [t for t in searched.chosen.trials if t.raced]
    winner = searched.chosen.winner
    ranked = sorted(raced or [winner], key=lambda t: (t is not winner, -t.mean, t.number))
    rows = [
        (
            str(t.number),
            *(searched.heeded[t.number].get(key, "-") for key in keys),
            str(len(t.raced) or 1),
            _values(searched, t, metric),
            "chosen" if t is winner else VERDICTS[t.state],
        )
        for t in ranked
    ]
    head = ("trial", *keys, "seeds", f"{metric.name}{metric.unit_behind}", "verdict")
    tried = len(searched.chosen.trials)
    note = (
        f"the best of {tried} trials, over seeds that they were not chosen by; 95 % intervals; "
        "chosen is the best smoothed value (docs/search.md)"
    )
    return TextTable(f"finalists of the {searched.plan.name}", head, tuple(rows), note)


def _values(searched: Searched, trial: Trial, metric: Metric) -> str:
    values = [searched.metric.sign * v for v in trial.raced.values()] or [
        searched.metric.sign * trial.mean
    ]
    return _mean(values, metric)


def _overview(found: Sequence[Searched]) -> TextTable:
    metric, test = found[0].metric, Metric(found[0].metric.tested)
    unit = metric.unit_behind
    head = ("best setting", "unresolved", f"validation{unit}", "optimism", f"test{unit}")
    rows = [
        (
            said({**searched.plan.here, **searched.best}),
            str(len(searched.chosen.unresolved) - 1),
            _mean(searched.fresh(searched.metric.name), searched.metric, digits=1),
            _optimism(searched, searched.metric),
            _mean(searched.fresh(test.name), test, digits=1),
        )
        for searched in found
    ]
    note = (
        f"{_measured(found)} and {test.name} over fresh seeds, with 95 % intervals; unresolved: "
        "other finalists not shown to be worse; optimism: how much better it looked in the search"
    )
    return TextTable("The best setting of each search", head, tuple(rows), note)


def _measured(found: Sequence[Searched]) -> str:
    """What validation values are of; by which search, where they are of several metrics.

    With stop=early the best epoch is kept, and so chosen by.
    """
    names = dict.fromkeys(searched.metric.name for searched in found)
    if len(names) == 1:
        return next(iter(names))
    searches = {n: [said(s.plan.here) for s in found if s.metric.name == n] for n in names}
    which = ", ".join(f"{name} of {', '.join(here)}" for name, here in searches.items())
    return f"validation is not one metric, but {which}, as the best epoch is kept there; these"


def _mean(values: Summary | Sequence[float] | None, metric: Metric, digits: int = 2) -> str:
    if values is None:
        return "-"
    return mean_with_interval(values, metric.scale, digits if metric.scale == 100.0 else 4)


def _optimism(searched: Searched, metric: Metric) -> str:
    value = searched.optimism
    return "-" if value is None else metric.text(value, sign=True)


def endings(searched: Searched, typed: str) -> list[str]:
    """The last lines: what was chosen on what, what it is worth, where it is recorded."""
    plan, metric, test = searched.plan, searched.metric, Metric(searched.metric.tested)
    lines = [
        f"chosen     {said(searched.best)} (trial {searched.chosen.winner.number}), on "
        f"{plan.metric}, by {searched.chosen.looks} looks"
    ]
    fresh, tested = searched.fresh(metric.name), searched.fresh(test.name)
    if fresh is not None:
        seeds = some(fresh.n, "fresh seed")
        lines.append(
            f"validation {_mean(fresh, metric)}{metric.unit} over {seeds}; in "
            f"the search {metric.text(searched.seen)}: optimism "
            f"{_optimism(searched, metric)}{metric.difference_unit}"
        )
    if tested is not None:
        lines.append(
            f"test       {_mean(tested, test)}{test.unit} over the same runs: the first look "
            "of this search at test data"
        )
    if searched.importance:
        shares = (f"{key} {share:.0%}" for key, share in searched.importance.items())
        whole = sum(t.value is not None and t.epochs is None for t in searched.chosen.trials)
        lines.append(f"importance {', '.join(shares)} (PED-ANOVA of {whole} whole trials)")
    if searched.died:
        ids = " ".join(run_id[:8] for run_id in searched.died)
        lines.append(
            f"failed     {some(len(searched.died), 'run')}, as processes died; to train again: "
            f"python -m nnexp delete {ids}{option_of(searched.store)}, then the last line"
        )
    *recorded, repeat = recorded_lines(
        plan.base, searched.store, "search", searched.sweep_id, typed, waiting=searched.waiting
    )
    chosen = command_there(searched.configs[0], searched.store)
    return [*lines, *recorded, f"train it   {chosen}", repeat, ""]


def plain(searched: Searched) -> dict[str, Any]:
    """For JSON."""
    metric = searched.plan.metric
    names = (metric, searched.metric.tested)
    return {
        "search": searched.sweep_id,
        "for": searched.plan.here,
        "best": searched.best,
        "trial": searched.chosen.winner.number,
        "metric": metric,
        "looks": searched.chosen.looks,
        "in_search": searched.seen,
        "fresh": {name: _plain(searched.fresh(name)) for name in names},
        "importance": dict(searched.importance),
        "trials": [
            {
                "trial": t.number,
                **t.point,
                "value": None if t.value is None else searched.metric.sign * t.value,
                "raced": {seed: searched.metric.sign * v for seed, v in t.raced.items()},
                "state": t.state,
            }
            for t in searched.chosen.trials
        ],
    }


def _plain(summary: Summary | None) -> dict[str, float] | None:
    if summary is None:
        return None
    many = summary.n > 1
    return {"n": summary.n, "mean": summary.mean} | (
        {"low": summary.low, "high": summary.high} if many else {}
    )
