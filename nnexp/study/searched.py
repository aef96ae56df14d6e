"""Recorded searches: what was tried, what each trial came to, what was chosen, and its test."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nnexp.config.check import NEEDS
from nnexp.config.varying_keys import ASIDE, distinct_keys
from nnexp.record.store import Store
from nnexp.record.store_errors import is_from_store
from nnexp.record.store_sql import curves_of_ids
from nnexp.record.sweep import PRUNED, TRIAL
from nnexp.study.frames import select
from nnexp.study.gaussian_process import Surface, surface_through
from nnexp.study.metric import Metric
from nnexp.study.search_space import Choice, Interval, Point, Space
from nnexp.study.sweep_runs import places_of_reused

if TYPE_CHECKING:
    from mlflow.entities import Run

SEARCH = "nnexp.search"
"""The tag of a parent that says what was searched over and how."""
POINT = "nnexp.point"
"""The tag of a run with the searched values as they are typed (JSON)."""


@dataclass
class Trial:
    """A setting that was tried."""

    number: int
    """Counted from 1."""
    point: Point
    value: float | None = None
    """With the first seed, of the last epoch that it was trained for; None where the run failed."""
    pruned: int | None = None
    """The epochs after which it was given up."""
    raced: dict[int, float] = field(default_factory=dict)
    """Values by seed of the race."""
    idle: frozenset[str] = frozenset()
    """Keys of the point that had no effect, such as λ with `reg=none`."""

    @property
    def heeded(self) -> Point:
        """What of the point had an effect."""
        return {key: value for key, value in self.point.items() if key not in self.idle}

    @property
    def whole(self) -> bool:
        """Whether it was trained to its end."""
        return self.value is not None and self.pruned is None


@dataclass(frozen=True)
class RecordedSearch:
    """A search, as its runs tell of it."""

    name: str
    """Of the parent run."""
    metric: Metric
    spaces: tuple[Space, ...]
    here: Point
    """What `--for` set in this search, and what tells it from another one of its name."""
    seed: int
    """The first one, which all trials were trained with."""
    trials: tuple[Trial, ...]
    best: int | None
    """The number of the trial that was chosen; None where the search has not ended."""
    looks: int
    """Validation scores that were looked at to choose."""
    fresh: Mapping[str, Sequence[float]]
    """Of the chosen setting the values of metrics over seeds that the search has not used."""
    reused: int
    """Runs that other sweeps had recorded before and that are not among the trials."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """The keys that were the same in all its runs."""

    @property
    def whole(self) -> list[Trial]:
        """The trials that were trained to their end."""
        return [trial for trial in self.trials if trial.whole]

    @property
    def centre(self) -> Trial:
        """The chosen trial; of a search that has not ended, the best until now."""
        chosen = [trial for trial in self.whole if trial.number == self.best]
        return max(chosen or self.whole, key=lambda trial: self.metric.sign * (trial.value or 0.0))

    @cached_property
    def surface(self) -> Surface | None:
        """Through the values of all whole trials, greater being better; None of too few."""
        values = [{self.seed: t.value or 0.0, **t.raced} for t in self.whole]
        better = [{seed: self.metric.sign * value for seed, value in v.items()} for v in values]
        return surface_through(self.spaces, [t.point for t in self.whole], better)


def searches(
    store: Store, names: Sequence[str], sweeps: Sequence[str] = ()
) -> list[RecordedSearch]:
    """The searches in some experiments, the first first; with `sweeps`, only those of these ids."""
    found = []
    for name in names:
        parents = {
            str(run.info.run_id): run
            for run in reversed(select(store, name, None, "sweep"))
            if SEARCH in run.data.tags and (not sweeps or run.info.run_id in sweeps)
        }
        for parent_id, parent in parents.items():
            runs = select(store, name, f"tags.`nnexp.sweep` = '{parent_id}'")
            reused = _reused(store, parent)
            search = _search(parent, [*runs, *reused])
            whole = sum(run.info.status == "FINISHED" for run in reused)
            if search is not None:
                search = replace(search, reused=max(search.reused - whole, 0))
            found.append(search)
    return named_apart([search for search in found if search is not None and search.whole])


def _reused(store: Store, parent: Run) -> list[Run]:
    """What other sweeps have recorded of a search, with the places that it has in this one."""
    found = []
    for run_id, tags in places_of_reused(store, parent).items():
        try:
            run = store.client.get_run(run_id)
        except Exception as error:
            # Deleted for good, or left behind when the search was copied.
            if not is_from_store(error):
                raise
            continue
        if run.info.lifecycle_stage != "active":
            continue
        data, until = run.data, tags.get(PRUNED)
        if until is not None and data.tags.get(PRUNED) != until:
            # It was trained for longer than this search looked at it.
            curves = curves_of_ids(store, [run_id], list(data.metrics))
            at = curves[curves["step"] == int(until)]
            data.metrics.update(zip(at["metric"], at["value"], strict=True))
        data.tags.update(tags)
        found.append(run)
    return found


def named_apart(searches: Sequence[RecordedSearch]) -> list[RecordedSearch]:
    """Searches of one name with the keys in their names that they differ in."""
    named = list(searches)
    for name in {search.name for search in searches}:
        same = [k for k, search in enumerate(searches) if search.name == name]
        keys = {key for k in same for key in searches[k].fixed}
        columns = {key: [searches[k].fixed.get(key, "") for k in same] for key in sorted(keys)}
        apart = distinct_keys(columns, aside=ASIDE)
        for k in same:
            its = {key: searches[k].fixed.get(key, "") for key in apart}
            said = "".join(f", {key}={value}" for key, value in its.items())
            named[k] = replace(searches[k], name=name + said, here={**searches[k].here, **its})
    return named


def _search(parent: Run, runs: Iterable[Run]) -> RecordedSearch | None:
    """None where the runs do not tell their settings, as those of earlier versions."""
    tags = parent.data.tags
    described = json.loads(tags[SEARCH])
    if not isinstance(described["spaces"], list):
        return None
    metric = Metric(described["metric"])
    trials: dict[int, Trial] = {}
    fresh: dict[str, list[float]] = {}
    best = None
    told = [r for r in runs if POINT in r.data.tags and r.info.status != "RUNNING"]
    for run in sorted(told, key=lambda run: int(run.data.params["seed"])):
        mine, number = run.data.tags, int(run.data.tags[TRIAL])
        if mine["nnexp.stage"] == "final":
            best = number
            for name, measured in run.data.metrics.items():
                fresh.setdefault(name, []).append(measured)
            continue
        if number not in trials:
            point = json.loads(mine[POINT])
            trials[number] = Trial(number, point, idle=_idle(point, run.data.params))
        trial = trials[number]
        value = _value(run, metric)
        if mine["nnexp.stage"] == "race" and value is not None:
            trial.raced[int(run.data.params["seed"])] = value
        elif mine["nnexp.stage"] == "trial":
            trial.value = value
            trial.pruned = int(mine[PRUNED]) if PRUNED in mine else None
    return RecordedSearch(
        str(parent.info.run_name),
        metric,
        tuple(map(_space, described["spaces"])),
        described["for"],
        int(described["seed"]),
        tuple(trials[number] for number in sorted(trials)),
        best,
        int(tags.get("nnexp.looks", 0)),
        fresh,
        int(tags.get("nnexp.reused", 0)),
        _fixed([run.data.params for run in told]),
    )


def _fixed(params: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first = params[0] if params else {}
    return {
        key: value
        for key, value in first.items()
        if all(other.get(key) == value for other in params)
    }


def _value(run: Run, metric: Metric) -> float | None:
    """A run that was given up has no best value of its own, but its last one."""
    if run.info.status == "FAILED":
        return None
    metrics: Mapping[str, float] = run.data.metrics
    last = metric.name.replace("best/validation_", "validation/")
    return metrics.get(metric.name, metrics.get(last))


def _idle(point: Point, params: Mapping[str, str]) -> frozenset[str]:
    """Keys that are only heeded with certain values of others, and were recorded with another."""
    return frozenset(
        key
        for key, value in point.items()
        if key in NEEDS and key in params and not _same(value, params[key])
    )


def _same(typed: str, recorded: str) -> bool:
    try:
        return float(typed) == float(recorded)
    except ValueError:
        return typed.lower() == recorded.lower()


def _space(described: Mapping[str, Any]) -> Space:
    if "values" in described:
        return Choice(described["key"], tuple(described["values"]))
    return Interval(**described)
