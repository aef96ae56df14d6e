"""A search carried out: trials, race, and the chosen setting on further seeds and on test data."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from threading import Thread

from nnexp.config.plurals import some
from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.errors import NnexpError, UserError
from nnexp.record.fingerprint import fingerprint
from nnexp.record.store import Store
from nnexp.record.sweep import TRIAL, Recorded
from nnexp.runner.notify import notified
from nnexp.selection.choosing import Chosen, Job, choose
from nnexp.selection.composing import Composer, composer
from nnexp.selection.known_runs import Rows
from nnexp.selection.plan import Asked, Plan, fixed_and_spaces, plans, said
from nnexp.selection.samplers import sampler_of
from nnexp.selection.session import Session, session
from nnexp.study.metric import Metric
from nnexp.study.search_space import Point
from nnexp.study.searched import POINT, SEARCH
from nnexp.study.statistics import Summary, summarize
from nnexp.terminal import Console


class NothingChosen(NnexpError):
    """Every trial failed."""


@dataclass(frozen=True)
class Searched:
    """What came of a search."""

    plan: Plan
    store: Store
    sweep_id: str
    """The parent run."""
    chosen: Chosen
    heeded: Mapping[int, Point]
    """The values that have an effect, of the chosen trial and of all that raced, by number."""
    importance: Mapping[str, float]
    """Of each searched key, its share of the spread of values; empty where that is not known."""
    configs: tuple[Config, ...]
    """The chosen setting with fresh seeds."""
    runs: tuple[Recorded, ...]
    died: tuple[str, ...] = ()
    """The ids of its runs whose processes died, which are not trained again unless deleted."""
    waiting: int = 0
    """How many of its runs the store has not received yet."""

    @property
    def metric(self) -> Metric:
        """What was chosen by."""
        return Metric(self.plan.metric)

    @property
    def best(self) -> Point:
        """The chosen values by key; of those that have an effect."""
        return self.heeded[self.chosen.winner.number]

    def fresh(self, metric: str) -> Summary | None:
        """A metric of the chosen setting over the fresh seeds; None where no run has it."""
        values = [run.metrics[metric] for run in self.runs if metric in run.metrics]
        return summarize(values, bounds=Metric(metric).bounds) if values else None

    @property
    def seen(self) -> float:
        """The value by which the setting was chosen, which is the better for having been."""
        return self.metric.sign * self.chosen.winner.mean

    @property
    def optimism(self) -> float | None:
        """How much better the setting looked in the search than it is with fresh seeds."""
        fresh = self.fresh(self.plan.metric)
        return None if fresh is None else self.metric.sign * (self.seen - fresh.mean)


def carry_out(plan: Plan, composer: Composer, command: str, console: Console) -> Searched:
    """Search, or go on with a search, and record it.

    Raises:
        NothingChosen: every trial failed.
    """
    rules = plan.rules
    sampler = sampler_of(plan.asked.sampler, plan.spaces, rules.trials, plan.base.seed)
    tags = {
        "nnexp.command": command,
        SEARCH: json.dumps(_described(plan)),
        "nnexp.total": str(rules.trials + plan.asked.fresh),
    }
    with session(plan.base, plan.key, plan.name, plan.curve, tags, console) as (found, ending):
        trials = _Trials(plan, composer, found)
        Thread(target=_import_for_the_end, daemon=True).start()
        chosen = choose(
            plan.spaces, sampler, trials.values, rules, trials.give_up, trials.enough,
            trials.run_of,
        )  # fmt: skip
        if chosen is None:
            raise NothingChosen(f"search {found.parent}: every trial failed; nothing was chosen")
        winner = chosen.winner
        seeds = range(rules.seeds + 1, rules.seeds + 1 + plan.asked.fresh)
        configs = [
            composer.config(winner.point, plan.more(seed, test=True), strict=False)
            for seed in seeds
        ]
        heeded = {
            t.number: composer.heeded(t.point, plan.more(0, test=False))
            for t in chosen.trials
            if t.raced or t is winner
        }
        best = said(heeded[winner.number])
        what = f"chosen: {best}; {some(len(configs), 'fresh seed')}"
        how = _tags(winner.number, "final", winner.point)
        runs = found.train(what, configs, [how] * len(configs), summary=True)
        ending["nnexp.chosen"] = best
        ending["nnexp.looks"] = str(chosen.looks)
        ending["mlflow.note.content"] = (
            f"`{command}`\n\nchosen: {best}, on {plan.metric}, by {chosen.looks} "
            "looks at validation data; tested with seeds that the search has not used"
        )
        everything = {found.id_of(run): run for run in (*trials.runs, *runs)}
        reused = sum(
            r.sweep != found.parent and r.status == "FINISHED" for r in everything.values()
        )
        ending["nnexp.total"], ending["nnexp.reused"] = str(len(everything)), str(reused)
        ended = tuple(configs), tuple(runs)
    # Known by their ids only now that the store has them.
    died, waiting = tuple(found.died), len(found.outbox.waiting)
    importance = sampler.importance()
    return Searched(
        plan, found.store, found.parent, chosen, heeded, importance, *ended, died, waiting
    )


def _import_for_the_end() -> None:
    """Import what takes long and is used at the end, while worker processes train.

    What cannot be imported is said where it is used.
    """
    for name in ("scipy.stats", "optuna.importance"):
        with suppress(Exception):
            import_module(name)


_WORK = ("time/train_seconds", "time/evaluate_seconds")


class _Trials:
    """Trains what a choice asks for, and counts what that took."""

    def __init__(self, plan: Plan, composer: Composer, found: Session) -> None:
        self._plan, self._composer, self._found = plan, composer, found
        self._sign = Metric(plan.metric).sign
        self._seconds = 0.0
        self.runs: list[Recorded] = []
        """Those that were not given up; of equal trials the same one."""
        self._counted = set[str]()

    def enough(self) -> bool:
        """Whether the budget is used up: by the times that are recorded, so always at once."""
        budget = self._plan.asked.budget
        return budget is not None and self._seconds >= budget

    def values(self, jobs: Sequence[Job]) -> list[float | None]:
        """The value of each job, greater being better; None where it cannot be trained."""
        configs = {k: c for k, job in enumerate(jobs) if (c := self._config(job)) is not None}
        tags = [_tags_of(jobs[k]) for k in configs]
        chosen = list(configs.values())
        if jobs and jobs[0].epochs is not None:
            rows = self._found.train_until(self._what(jobs), chosen, tags, jobs[0].epochs)
            found = [self._at(r, jobs[0].epochs) for r in rows]
        else:
            found = [self._value(run) for run in self._found.train(self._what(jobs), chosen, tags)]
        known = dict(zip(configs, found, strict=True))
        return [known.get(k) for k in range(len(jobs))]

    def _what(self, jobs: Sequence[Job]) -> str:
        """What is being trained, for the screen."""
        first, last = jobs[0], jobs[-1]
        if first.seed:
            most = self._plan.rules.seeds
            return f"race of {len(jobs)} finalists: seed {first.seed} of at most {most}"
        until = "to the end" if first.epochs is None else f"to epoch {first.epochs}"
        which = f"trials {first.trial} to {last.trial}" if jobs[1:] else f"trial {first.trial}"
        return f"{which} of {self._plan.rules.trials}, {until}"

    def run_of(self, point: Point) -> str:
        """The same for points that differ only in what has no effect, such as λ with `reg=none`."""
        return repr(self._config(Job(0, point, 0)) or point)

    def give_up(self, jobs: Sequence[Job]) -> None:
        """Record trials that are not trained to their end."""
        for job in jobs:
            config = self._config(job)
            if config is not None and job.epochs is not None:
                mark = fingerprint(config, dataset_of(config))
                work = self._found.give_up(config, _tags_of(job), job.epochs)
                self._count(f"{mark} until {job.epochs}", work)

    def _config(self, job: Job) -> Config | None:
        """None where values that are allowed each on their own are not together."""
        try:
            more = self._plan.more(job.seed, test=False)
            return self._composer.config(job.point, more, strict=False)
        except UserError:
            return None

    def _value(self, run: Recorded) -> float | None:
        self.runs.append(run)
        self._count(run.run_id, run.metrics)
        if run.status != "FINISHED" or self._plan.metric not in run.metrics:
            return None
        return self._sign * run.metrics[self._plan.metric]

    def _at(self, rows: Rows | None, epoch: int) -> float | None:
        """The value that a run had reached at an epoch; with early stopping its best until then."""
        if rows is None:
            return None
        curve = [self._sign * r[self._plan.curve] for r in rows if r["step"] <= epoch]
        return curve[-1] if self._plan.curve == self._plan.metric else max(curve)

    def _count(self, which: str, metrics: Mapping[str, float]) -> None:
        """Add the time of a run, once, however many trials are that run."""
        if which not in self._counted:
            self._counted.add(which)
            self._seconds += sum(metrics.get(name, 0.0) for name in _WORK)


def _tags(trial: int, stage: str, point: Point) -> dict[str, str]:
    """What tells a run's place in its search."""
    return {TRIAL: str(trial), "nnexp.stage": stage, POINT: json.dumps(point)}


def _tags_of(job: Job) -> dict[str, str]:
    return _tags(job.trial, "race" if job.seed else "trial", job.point)


def _described(plan: Plan) -> dict[str, object]:
    """What the record says of how was searched."""
    asked = plan.asked
    return {
        "spaces": [asdict(space) for space in plan.spaces],
        "for": plan.here,
        "sampler": asked.sampler,
        "seed": plan.base.seed,
        "metric": plan.metric,
        "rules": vars(plan.rules),
        "fresh": asked.fresh,
        "budget": asked.budget,
    }


def search_all(asked: Asked, command: str, console: Console) -> Iterator[Searched]:
    """Carry out what is asked for, one search after another.

    Raises:
        UserError: it cannot be carried out; nothing was recorded.
        NothingChosen: every trial of a search failed.
    """
    fixed, typed = fixed_and_spaces(asked)
    with composer(fixed) as composing:
        for plan in plans(asked, composing, typed):
            with notified([plan.base], "search", shlex.split(command)[3:]) as tell:
                found = carry_out(plan, composing, command, console)
                tell(found.sweep_id)
            yield found
