"""How a setting is chosen: trials with one seed, then a race of the best of them over more seeds.

Nothing here trains. What gives values (`Evaluate`) may be a simulation; given the same values, the
same setting is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Literal

import numpy as np

from nnexp.selection.race import worse
from nnexp.selection.samplers import Sampler
from nnexp.study.gaussian_process import surface_through
from nnexp.study.search_space import Point, Space, coordinates, number_of

State = Literal["tried", "failed", "pruned", "worse", "finalist"]


@dataclass(frozen=True)
class Rules:
    """How much is tried, and when a setting is given up."""

    trials: int = 40
    width: int = 4
    """Trials that are asked for at once. Part of the search, so that the number of cores is not."""
    finalists: int = 4
    """Settings that race over further seeds."""
    seeds: int = 8
    """Seeds of the race, at most; none of them was used to choose the finalists."""
    alpha: float = 0.05
    """The chance, at most, that the best of the finalists is dropped from the race."""
    rungs: tuple[int, ...] = ()
    """Epochs after which trials that fall behind are given up; the whole run aside."""
    keep: int = 3
    """One of so many trials is trained on after a rung."""


@dataclass(frozen=True)
class Job:
    """A setting to be trained with a seed (counted from the search's first)."""

    trial: int
    point: Point
    seed: int
    epochs: int | None = None
    """Stop there for now; None: the whole run."""


Evaluate = Callable[[Sequence[Job]], Sequence[float | None]]
"""The value of each job, greater being better; None where the run failed."""


@dataclass
class Trial:
    """A setting that was tried, and what came of it."""

    number: int
    """Counted from 1."""
    point: Point
    value: float | None = None
    """With the search's first seed, of the last epoch that it was trained for."""
    epochs: int | None = None
    """The rung at which it was given up."""
    raced: dict[int, float] = field(default_factory=dict)
    """Values by seed of the race."""
    state: State = "tried"

    smooth: float = -math.inf
    """Its value as all others make it likely (`smoothing`)."""

    @property
    def mean(self) -> float:
        """Over the seeds of the race; with none, the value of the first seed."""
        if self.raced:
            return fmean(self.raced.values())
        return -math.inf if self.value is None else self.value


@dataclass(frozen=True)
class Chosen:
    """What was tried, and the number of the trial that was chosen."""

    trials: list[Trial]
    winner: Trial
    looks: int
    """Values that were looked at; of equal trials one."""

    @property
    def unresolved(self) -> list[Trial]:
        """The finalists that were not shown to be worse, the chosen one first."""
        left = [t for t in self.trials if t.state == "finalist"]
        return sorted(left, key=lambda t: (t is not self.winner, -t.mean, t.number))


def choose(
    spaces: Sequence[Space],
    sampler: Sampler,
    evaluate: Evaluate,
    rules: Rules,
    give_up: Callable[[Sequence[Job]], None] = lambda jobs: None,
    enough: Callable[[], bool] = lambda: False,
    run_of: Callable[[Point], Hashable] = lambda point: frozenset(point.items()),
) -> Chosen | None:
    """Try settings, race the best, choose; None where every trial failed.

    `give_up` is told of trials that are not trained to their end. `enough` says before each batch
    whether the budget is used up; the race is carried out in any case. Points with the same
    `run_of` are the same run.
    """
    trials: list[Trial] = []
    points_there_are = number_of(spaces)
    reached: dict[int, list[float]] = {}
    while len(trials) < rules.trials and not (trials and enough()):
        if len({frozenset(t.point.items()) for t in trials}) == points_there_are:
            break
        points = sampler.ask(min(rules.width, rules.trials - len(trials)))
        if not points:
            break
        batch = [Trial(len(trials) + k, point) for k, point in enumerate(points, 1)]
        trials += batch
        _try(batch, reached, evaluate, give_up, rules)
        sampler.tell([(-math.inf if t.value is None else t.value, t.epochs) for t in batch])
    whole = _distinct([t for t in trials if t.state == "tried"], run_of)
    if not whole:
        return None
    _smooth(spaces, whole)
    finalists = sorted(whole, key=_order)[: rules.finalists]
    _race(finalists, evaluate, rules)
    _smooth(spaces, whole)
    left = [t for t in finalists if t.state == "finalist"] or finalists
    looks = len(_distinct(trials, run_of)) + sum(len(t.raced) for t in trials)
    return Chosen(trials, min(left, key=_order), looks)


def _distinct(trials: Sequence[Trial], run_of: Callable[[Point], Hashable]) -> list[Trial]:
    """The first trial of each point: a point that is asked for again gives the same run."""
    first = {run_of(t.point): t for t in reversed(trials)}
    return sorted(first.values(), key=lambda t: t.number)


def _smooth(spaces: Sequence[Space], trials: Sequence[Trial]) -> None:
    values = [t.raced if t.value is None else {0: t.value, **t.raced} for t in trials]
    found = smoothed(spaces, [t.point for t in trials], values)
    for trial, value in zip(trials, found, strict=True):
        trial.smooth = value


def smoothed(
    spaces: Sequence[Space], points: Sequence[Point], values: Sequence[Mapping[int, float]]
) -> list[float]:
    """The posterior mean of f (`study.gaussian_process`) at each point, from values by seed.

    Of too few values, or where all are the same, each point's own mean.
    """
    surface = surface_through(spaces, points, values)
    if surface is None:
        return [float(np.mean(list(v.values()))) for v in values]
    at = np.array([coordinates(spaces, point) for point in points])
    return [float(value) for value in surface.mean(at)]


def _order(trial: Trial) -> tuple[float, int]:
    """The best first."""
    return -trial.smooth, trial.number


def _try(
    batch: Sequence[Trial],
    reached: dict[int, list[float]],
    evaluate: Evaluate,
    give_up: Callable[[Sequence[Job]], None],
    rules: Rules,
) -> None:
    """Train a batch with the first seed; at each rung, who falls behind is given up.

    Asynchronous successive halving: a trial goes on if it is among the best 1/`keep` of all that
    have reached the rung so far, or among as many of them as there are to be finalists (L. Li et
    al., MLSys 2 (2020), 230-246). `reached` holds their values.
    """
    going = list(batch)
    for rung in (*rules.rungs, None):
        if not going:
            return
        values = evaluate([Job(t.number, t.point, 0, rung) for t in going])
        for trial, value in zip(going, values, strict=True):
            trial.value = value
            if value is None:
                trial.state = "failed"
        going = [t for t in going if t.value is not None]
        if rung is None or not going:
            return
        known = reached.setdefault(rung, [])
        known += [t.value for t in going if t.value is not None]
        best = max(math.ceil(len(known) / rules.keep), rules.finalists)
        limit = sorted(known, reverse=True)[min(best, len(known)) - 1]
        behind = [t for t in going if t.value is not None and t.value < limit]
        for trial in behind:
            trial.state, trial.epochs = "pruned", rung
        give_up([Job(t.number, t.point, 0, rung) for t in behind])
        going = [t for t in going if t.state == "tried"]


def _race(finalists: list[Trial], evaluate: Evaluate, rules: Rules) -> None:
    """Give finalists further seeds, the same to all; drop who is shown to be worse."""
    alive = finalists
    for trial in finalists:
        trial.state = "finalist"
    for seed in range(1, rules.seeds + 1):
        if len(alive) < 2:
            return
        values = evaluate([Job(t.number, t.point, seed) for t in alive])
        for trial, value in zip(alive, values, strict=True):
            if value is None:
                trial.state = "failed"
            else:
                trial.raced[seed] = value
        alive = [t for t in alive if t.state == "finalist"]
        known = {t.number: t.raced for t in finalists}
        dropped = worse(known, [t.number for t in alive], rules.alpha)
        for trial in alive:
            if trial.number in dropped:
                trial.state = "worse"
        alive = [t for t in alive if t.state == "finalist"]
