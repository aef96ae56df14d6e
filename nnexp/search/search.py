"""A search carried out: trials, race, and the chosen setting on further seeds and on test data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from nnexp.config.schema import Config
from nnexp.errors import NnexpError, UserError
from nnexp.record.sweep import Recorded
from nnexp.search.choosing import Chosen, Job, choose
from nnexp.search.composing import Composer, composer
from nnexp.search.plan import Asked, Plan, fixed_and_spaces, plans, said
from nnexp.search.samplers import sampler_of
from nnexp.search.session import Session, session
from nnexp.search.spaces import Point
from nnexp.study.metric import Metric
from nnexp.study.statistics import Summary, summarize


class NothingChosen(NnexpError):
    """Every trial failed."""


@dataclass(frozen=True)
class Searched:
    """What came of a search."""

    plan: Plan
    sweep_id: str
    """The parent run."""
    chosen: Chosen
    importance: Mapping[str, float]
    """Of each searched key, its share of the spread of values; empty where that is not known."""
    configs: tuple[Config, ...]
    """The chosen setting with fresh seeds."""
    runs: tuple[Recorded, ...]

    @property
    def best(self) -> Point:
        """The chosen values by key."""
        return self.chosen.winner.point

    def fresh(self, metric: str) -> Summary | None:
        """A metric of the chosen setting over the fresh seeds; None where no run has it."""
        values = [run.metrics[metric] for run in self.runs if metric in run.metrics]
        return summarize(values, bounds=Metric(metric).bounds) if values else None

    @property
    def seen(self) -> float:
        """The value by which the setting was chosen, which is the better for having been."""
        return self.sign * self.chosen.winner.mean

    @property
    def sign(self) -> float:
        """−1 where lower is better."""
        return -1.0 if Metric(self.plan.metric).lower_is_better else 1.0

    @property
    def optimism(self) -> float | None:
        """How much better the setting looked in the search than it is with fresh seeds."""
        fresh = self.fresh(self.plan.metric)
        return None if fresh is None else self.sign * (self.seen - fresh.mean)

    @property
    def tested(self) -> str:
        """The metric on test data that goes with what was chosen by."""
        last = self.plan.metric.rpartition("/")[2]
        return f"test/{last.removeprefix('validation_')}"

    @property
    def looks(self) -> int:
        """Validation scores that were looked at to choose."""
        return sum(1 + len(t.raced) for t in self.chosen.trials)


def carry_out(plan: Plan, composer: Composer, command: str, console: Console) -> Searched:
    """Search, or go on with a search, and record it.

    Raises:
        NothingChosen: every trial failed.
    """
    rules = plan.asked.rules
    sampler = sampler_of(plan.asked.sampler, plan.spaces, rules.trials, plan.base.seed)
    tags = {"nnexp.command": command, "nnexp.search": json.dumps(_described(plan))}
    with session(plan.base, plan.key, plan.name, tags, console) as (found, ending):
        spent = _Spent()
        evaluate = _evaluation(plan, composer, found, spent)
        budget = plan.asked.budget
        chosen = choose(
            plan.spaces,
            sampler,
            evaluate,
            rules,
            lambda: budget is not None and spent.seconds >= budget,
        )
        if chosen is None:
            raise NothingChosen(f"search {found.parent}: every trial failed; nothing was chosen")
        seeds = range(rules.seeds + 1, rules.seeds + 1 + plan.asked.fresh)
        configs = [
            composer.config(chosen.winner.point, plan.more(seed, test=True), strict=False)
            for seed in seeds
        ]
        how = {"nnexp.trial": str(chosen.winner.number), "nnexp.stage": "final"}
        runs = found.train(configs, [how] * len(configs), summary=True)
        searched = Searched(
            plan, found.parent, chosen, sampler.importance(), tuple(configs), tuple(runs)
        )
        ending["nnexp.chosen"] = said(searched.best)
        ending["nnexp.looks"] = str(searched.looks)
        ending["nnexp.total"] = str(spent.runs + len(runs))
    return searched


@dataclass
class _Spent:
    """What the runs of the trials took, as recorded: the same when they are only read again."""

    seconds: float = 0.0
    runs: int = 0


def _evaluation(
    plan: Plan, composer: Composer, found: Session, spent: _Spent
) -> Callable[[Sequence[Job]], list[float | None]]:
    sign = -1.0 if Metric(plan.metric).lower_is_better else 1.0

    def evaluate(jobs: Sequence[Job]) -> list[float | None]:
        configs: dict[int, Config] = {}
        values: list[float | None] = []
        for k, job in enumerate(jobs):
            try:
                more = plan.more(job.seed, test=False)
                configs[k] = composer.config(job.point, more, strict=False)
            except UserError:
                continue  # Values that are allowed each on their own, but not together.
        tags = [
            {
                "nnexp.trial": str(jobs[k].trial),
                "nnexp.stage": "race" if jobs[k].seed else "trial",
            }
            for k in configs
        ]
        recorded = dict(zip(configs, found.train(list(configs.values()), tags), strict=True))
        for k in range(len(jobs)):
            run = recorded.get(k)
            metrics = run.metrics if run is not None else {}
            done = run is not None and run.status == "FINISHED" and plan.metric in metrics
            values.append(sign * metrics[plan.metric] if done else None)
            spent.runs += run is not None
            spent.seconds += sum(metrics.get(f"time/{w}_seconds", 0.0) for w in _WORK)
        return values

    return evaluate


_WORK = ("train", "evaluate")


def _described(plan: Plan) -> dict[str, object]:
    """What the record says of how was searched."""
    asked = plan.asked
    return {
        "spaces": {space.key: repr(space) for space in plan.spaces},
        "for": plan.here,
        "sampler": asked.sampler,
        "seed": plan.base.seed,
        "metric": plan.metric,
        "rules": vars(asked.rules),
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
            yield carry_out(plan, composing, command, console)
