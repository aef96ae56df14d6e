"""Choosing, on objectives whose optimum is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from nnexp.selection.choosing import Chosen, Job, Rules, choose, smoothed
from nnexp.selection.samplers import sampler_of
from nnexp.study.search_space import Choice, Interval, Space

SPACES: list[Space] = [Interval("train.eta", 0.0, 1.0)]


class Simulated:
    """f(x) = −20 (x − optimum)², in standard deviations of the noise that a seed brings."""

    def __init__(self, number: int) -> None:
        self.number, self.jobs = number, list[Job]()
        self.optimum = float(np.random.default_rng([7, number]).uniform(0.2, 0.8))

    def truth(self, job: Job) -> float:
        return -20.0 * (float(job.point["train.eta"]) - self.optimum) ** 2

    def __call__(self, jobs: Sequence[Job]) -> list[float]:
        self.jobs += jobs
        return [self.truth(job) + self.noise(job) for job in jobs]

    def noise(self, job: Job) -> float:
        return float(np.random.default_rng([9, self.number, job.trial, job.seed]).normal())


def searched(number: int, sampler: str, rules: Rules) -> tuple[Chosen, Simulated]:
    objective = Simulated(number)
    chosen = choose(SPACES, sampler_of(sampler, SPACES, rules.trials, number), objective, rules)
    assert chosen is not None
    return chosen, objective


def loss(number: int, rules: Rules) -> tuple[float, int]:
    """How far the chosen setting is from the best, and after how many runs."""
    chosen, objective = searched(number, "tpe", rules)
    winner = Job(0, chosen.winner.point, 0)
    return -objective.truth(winner), len(objective.jobs)


def loss_of_plain_random_search(number: int, runs: int) -> float:
    """The setting of the best single run."""
    objective = Simulated(number)
    points = sampler_of("random", SPACES, runs, number).ask(runs)
    jobs = [Job(k, point, 0) for k, point in enumerate(points)]
    best = max(jobs, key=lambda job: objective.truth(job) + objective.noise(job))
    return -objective.truth(best)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_search_finds_what_plain_random_search_misses() -> None:
    """Within 0.2 standard deviations of the best, of 200 searches at most 64 runs each."""
    rules, searches = Rules(trials=32), 200
    ours = [loss(number, rules) for number in range(searches)]
    plain = [loss_of_plain_random_search(number, 64) for number in range(searches)]
    assert max(runs for _, runs in ours) <= 64
    assert np.mean([x <= 0.2 for x in plain]) == pytest.approx(0.6, abs=0.07)
    assert np.mean([x <= 0.2 for x, _ in ours]) >= 0.9


def test_the_same_values_lead_to_the_same_choice() -> None:
    rules = Rules(trials=12, seeds=3)
    one, other = searched(3, "tpe", rules)[0], searched(3, "tpe", rules)[0]
    assert one == other
    assert [t.raced.keys() for t in one.unresolved] == [{1, 2, 3}] * len(one.unresolved)


def test_finalists_are_distinct_runs_however_often_one_was_tried() -> None:
    """Of a list of four values, each often, as the values of a second key have no effect."""
    lists = ("0.1", "0.2", "0.3", "0.4"), tuple(map(str, range(20)))
    spaces: list[Space] = [Choice("train.eta", lists[0]), Choice("reg.lmbda", lists[1])]
    asked: list[Job] = []

    def evaluate(jobs: Sequence[Job]) -> list[float]:
        asked.extend(jobs)
        return [float(job.point["train.eta"]) for job in jobs]

    sampler = sampler_of("random", spaces, 24, 1)
    rules = Rules(trials=24, finalists=3, seeds=1)
    chosen = choose(spaces, sampler, evaluate, rules, run_of=lambda point: point["train.eta"])
    assert chosen is not None
    assert len(chosen.trials) == 24
    raced = [job.point["train.eta"] for job in asked if job.seed == 1]
    assert raced == ["0.4", "0.3", "0.2"]
    assert chosen.looks == 4 + 3
    best = chosen.winner.point["train.eta"]
    same = [t.number for t in chosen.trials if t.point["train.eta"] == best]
    assert chosen.winner.number == same[0]
    assert len(same) > 1


def test_no_more_is_asked_for_once_all_points_were_tried() -> None:
    spaces: list[Space] = [Choice("train.eta", ("0.1", "0.2")), Choice("reg", ("l1", "l2"))]
    sampler = sampler_of("random", spaces, 400, 1)
    chosen = choose(spaces, sampler, lambda jobs: [0.5] * len(jobs), Rules(trials=400, seeds=1))
    assert chosen is not None
    assert 4 <= len(chosen.trials) < 40
    assert chosen.looks == 4 + 4


def test_finalists_race_over_seeds_that_they_were_not_chosen_by() -> None:
    _, objective = searched(1, "random", Rules(trials=8, finalists=2, seeds=3))
    assert [job.seed for job in objective.jobs] == [0] * 8 + [1, 1, 2, 2, 3, 3]


def test_who_falls_behind_at_a_rung_is_given_up() -> None:
    given_up: list[Job] = []
    asked: list[Job] = []

    def evaluate(jobs: Sequence[Job]) -> list[float | None]:
        assert jobs
        asked.extend(jobs)
        return [None if job.trial == 6 else float(job.point["train.eta"]) for job in jobs]

    sampler = sampler_of("random", SPACES, 8, 4)
    rules = Rules(trials=8, width=4, finalists=1, rungs=(3, 9))
    chosen = choose(SPACES, sampler, evaluate, rules, given_up.extend)
    assert chosen is not None
    values = [float(t.point["train.eta"]) for t in chosen.trials if t.state != "failed"]
    assert float(chosen.winner.point["train.eta"]) == max(values)
    pruned = {t.number: t.epochs for t in chosen.trials if t.state == "pruned"}
    assert pruned == {job.trial: job.epochs for job in given_up}
    assert set(pruned.values()) <= {3, 9}
    assert sum(job.epochs == 3 for job in asked) == 8
    assert sum(job.epochs == 9 for job in asked) <= 5
    assert chosen.trials[5].state == "failed"


def test_a_whole_batch_may_fall_behind() -> None:
    asked: list[Job] = []

    def evaluate(jobs: Sequence[Job]) -> list[float]:
        assert jobs
        asked.extend(jobs)
        return [-float(job.trial) for job in jobs]

    sampler = sampler_of("random", SPACES, 8, 0)
    rules = Rules(trials=8, width=2, finalists=2, seeds=1, rungs=(3,))
    chosen = choose(SPACES, sampler, evaluate, rules)
    assert chosen is not None
    assert [t.state for t in chosen.trials] == ["finalist"] * 2 + ["pruned"] * 6
    assert [job.trial for job in asked if job.epochs is None] == [1, 2, 1, 2]


def test_nothing_is_chosen_where_all_fail() -> None:
    sampler = sampler_of("tpe", SPACES, 8, 0)
    assert choose(SPACES, sampler, lambda jobs: [None] * len(jobs), Rules(trials=8)) is None


def test_neighbours_make_up_for_an_unlucky_seed() -> None:
    spaces: list[Space] = [Interval("train.eta", 0.0, 1.0), Choice("reg", ("none", "l2"))]
    rng = np.random.default_rng(2)
    points = [{"train.eta": f"{u:.3f}", "reg": "l2"} for u in np.linspace(0.0, 1.0, 25)]
    truth = np.array([-4.0 * (float(p["train.eta"]) - 0.4) ** 2 for p in points])
    noisy = truth + 0.3 * rng.normal(size=25)
    found = np.array(smoothed(spaces, points, [{0: float(v)} for v in noisy]))
    assert np.std(found - truth) < 0.5 * np.std(noisy - truth)
    # Another seed, harder on all that it is used with, changes no order.
    values = [{0: float(v)} for v in noisy]
    for k in (9, 10, 11):
        values[k][1] = float(truth[k]) - 5.0
    again = np.array(smoothed(spaces, points, values))
    assert abs(int(np.argmax(again)) - 10) <= 3


def test_a_budget_that_is_used_up_ends_the_trials_and_not_the_race() -> None:
    sampler, objective = sampler_of("random", SPACES, 12, 0), Simulated(0)
    rules = Rules(trials=12, finalists=2, seeds=2)
    chosen = choose(SPACES, sampler, objective, rules, enough=lambda: len(objective.jobs) >= 8)
    assert chosen is not None
    assert [job.seed for job in objective.jobs] == [0] * 8 + [1, 1, 2, 2]
