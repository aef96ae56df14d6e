"""A run is the same bits each time, ends as it should, and goes on from any epoch."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from nnexp.nn.activations import ACTIVATIONS
from nnexp.train.engines import ENGINES
from nnexp.train.loop import train
from nnexp.train.snapshot import Snapshot
from tests.small import Run, configured, made, run

SMALL = made(inputs=40, train=90, test=30)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_run_that_diverges_ends_with_a_failure(engine: str, dtype: str) -> None:
    values = {"model.activation": "relu", "train.dtype": dtype, "train.epochs": 4}
    values |= {"cost.name": "loglikelihood", "dropout.hidden": 0.2, "model.hidden": [20]}
    values |= {"train.eta": 1e30 if dtype == "float32" else 1e200, "train.engine": engine}
    failed = run(configured(values), SMALL)
    assert failed.outcome.failure is not None
    assert failed.outcome.failure.startswith("diverged")
    assert failed.outcome.epochs < 4
    assert not any(name.startswith(("test/", "best/", "gap/")) for name in failed.final)


@pytest.mark.parametrize("engine", ENGINES)
def test_same_config_gives_the_same_bits_twice(engine: str) -> None:
    values = {"dropout.hidden": 0.5, "train.dtype": "float32", "train.momentum": 0.5}
    config = configured({**values, "train.engine": engine})
    assert run(config, SMALL).everything() == run(config, SMALL).everything()


RESUMED: list[dict[str, Any]] = [
    {"train.momentum": 0.9, "reg.name": "l1", "reg.lmbda": 0.2},
    {"reg.name": "l2", "reg.lmbda": 9.0, "train.dtype": "float32"},
    {"dropout.hidden": 0.5, "dropout.input": 0.2, "train.batch_size": 7, "data.subset": "random"},
    {"stop.name": "early", "stop.patience": 2, "train.epochs": 12, "monitor.every": 2},
    {"rng": "nielsen2014", "seed": 12345678, "init.name": "large"},
    {"schedule.name": "halve", "schedule.patience": 2, "train.epochs": 14, "monitor.every": 3},
    {"schedule.name": "cosine", "train.momentum": 0.9, "train.nesterov": True},
    {"train.average": 0.9, "reg.name": "decoupled", "reg.lmbda": 2.0, "cost.smoothing": 0.1},
    {"expand.name": "shift"},
    {"expand.name": "shift", "expand.fixed": True},
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("values", RESUMED)
def test_run_goes_on_from_any_epoch_to_the_same_bits(engine: str, values: dict[str, Any]) -> None:
    config = configured({"train.epochs": 4, "train.eta": 2.0, "train.engine": engine, **values})
    taken: list[Snapshot] = []
    whole = Run()
    for report in train(config, SMALL):
        whole.reports.append(report)
        if report.snapshot is not None:
            taken.append(report.snapshot())
    assert len(taken) == whole.outcome.epochs
    for epoch, snapshot in enumerate(taken):
        if epoch == 0:
            continue
        # A checkpoint is a file: arrays, and text.
        stored = Snapshot(dict(snapshot.arrays), json.loads(json.dumps(snapshot.values)))
        rest = run(config, SMALL, stored)
        rest.reports = whole.reports[: epoch + 1] + rest.reports
        assert rest.everything() == whole.everything()


@pytest.mark.parametrize("engine", ENGINES)
def test_snapshot_of_another_network_is_refused(engine: str) -> None:
    first = next(train(configured({"train.engine": engine}), SMALL))
    assert first.snapshot is not None
    stored = first.snapshot()
    other = configured({"model.hidden": [6], "train.engine": engine})
    with pytest.raises(ValueError, match="belongs"):
        next(train(other, SMALL, stored))


@pytest.mark.parametrize("engine", ENGINES)
def test_early_stopping_ends_with_the_best_weights(engine: str) -> None:
    values = {"stop.name": "early", "stop.patience": 2, "train.epochs": 40, "train.engine": engine}
    stopped = run(configured(values), SMALL)
    best = int(stopped.final["best/epoch"])
    assert stopped.outcome.stopped_early
    assert stopped.epochs[-1] == best + 2
    shorter = run(configured({**values, "stop.name": "none", "train.epochs": best}), SMALL)
    for ours, theirs in zip(stopped.parameters.weights, shorter.parameters.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_is_no_number_is_not_taken_for_a_small_one(engine: str, activation: str) -> None:
    values = {"init.name": "fixed", "init.weight": 1e38, "init.bias": -1e38, "train.epochs": 3}
    values |= {"model.hidden": [5, 5], "model.activation": activation, "train.engine": engine}
    values |= {"train.dtype": "float32", "train.eta": 1e38}
    assert run(configured(values), SMALL).outcome.failure is not None
