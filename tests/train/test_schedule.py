"""What η is multiplied by, epoch by epoch."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from nnexp.config.schema import SCHEDULES as NAMES
from nnexp.config.schema import Config, ScheduleConfig
from nnexp.train.engines import ENGINES
from nnexp.train.schedule import SCHEDULES, Halving
from tests.small import configured, made, run

SMALL = made(inputs=40, train=90, test=30)


def factors(name: str, epochs: int = 20, **values: float) -> list[float]:
    schedule = replace(ScheduleConfig(name), **values)  # type: ignore[arg-type]
    return [SCHEDULES[name](schedule, done, epochs) for done in range(epochs)]


def test_every_schedule_of_the_schema_is_there_and_begins_at_eta() -> None:
    assert set(NAMES) == {*SCHEDULES, "halve"}
    assert NAMES[0] == Config().schedule.name == "constant"
    for name in SCHEDULES:
        found = factors(name)
        assert found[0] == 1.0
        assert all(0.0 < later <= earlier for earlier, later in pairwise(found))


def test_formulas() -> None:
    assert factors("step", every=5, factor=0.1)[4:6] == [1.0, 0.1]
    assert factors("step", every=5, factor=0.1)[19] == pytest.approx(1e-3)
    assert factors("inverse", half=4.0)[4] == 0.5
    assert factors("inverse", half=4.0)[12] == 0.25
    expected = [(1 + math.cos(math.pi * e / 20)) / 2 for e in range(20)]
    assert factors("cosine") == pytest.approx(expected, abs=1e-15)


def test_halving_waits_for_the_last_change_too_and_ends_at_the_least() -> None:
    halving = Halving(ScheduleConfig("halve", patience=3, least=0.25))
    seen = [(halving.see(epoch, best_epoch=1), halving.factor) for epoch in range(1, 11)]
    assert [factor for _, factor in seen] == [1.0] * 3 + [0.5] * 3 + [0.25] * 3 + [0.125]
    assert [over for over, _ in seen] == [False] * 9 + [True]


def test_a_better_epoch_puts_halving_off() -> None:
    halving = Halving(ScheduleConfig("halve", patience=3))
    for epoch, best in enumerate((1, 1, 1, 4, 4, 4), start=1):
        assert not halving.see(epoch, best)
        assert halving.factor == 1.0
    halving.see(7, 4)
    assert halving.factor == 0.5


@pytest.mark.parametrize("engine", ENGINES)
def test_run_with_halving_ends_before_its_last_epoch(engine: str) -> None:
    values = {"schedule.name": "halve", "schedule.patience": 1, "schedule.least": 0.25}
    ended = run(configured({**values, "train.epochs": 200, "train.engine": engine}), SMALL)
    assert ended.outcome.stopped_early
    assert ended.outcome.epochs < 200
    # Three changes, each after an epoch that was no better than the best.
    accuracies = [report.metrics["validation/accuracy"] for report in ended.reports]
    best, stalls = -1.0, 0
    for accuracy in accuracies:
        stalls += accuracy <= best
        best = max(best, accuracy)
    assert stalls == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_epochs_before_the_first_change_are_those_of_a_constant_rate(engine: str) -> None:
    plain = {"train.epochs": 4, "train.engine": engine}
    stepped = {**plain, "schedule.name": "step", "schedule.every": 2, "schedule.factor": 0.01}
    constant, changing = (run(configured(values), SMALL) for values in (plain, stepped))
    same = [a.metrics == b.metrics for a, b in zip(constant.reports, changing.reports, strict=True)]
    assert same == [True, True, True, False, False]
