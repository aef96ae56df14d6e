"""A run in a stack is, bit for bit, the run alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.config.schema import Config, DataConfig
from nnexp.data.dataset import Dataset, load_dataset
from nnexp.train.loop import train
from nnexp.train.snapshot import Snapshot
from tests.small import Run, collected, configured, head, made, run, run_all

SMALL = made(inputs=40, train=90, test=30)
# One example more than is evaluated at a time, and ten outputs: sums have other lengths.
ODD = made(inputs=50, train=560, test=501, classes=10, seed=2)
COSTS = ["crossentropy", "quadratic", "loglikelihood"]


def assert_bits_of_lone_runs(configs: list[Config], dataset: Dataset) -> list[Run]:
    together = run_all(configs, dataset)
    for config, stacked in zip(configs, together, strict=True):
        assert stacked.everything() == run(config, dataset).everything()
    return together


def shapes() -> st.SearchStrategy[dict[str, Any]]:
    """What the runs of a stack have in common."""
    return st.fixed_dictionaries(
        {
            "cost.name": st.sampled_from(COSTS),
            "model.activation": st.sampled_from(["sigmoid", "tanh", "relu"]),
            "model.hidden": st.sampled_from([[5], [8], [6, 5], [5, 4, 3]]),
            "init.name": st.sampled_from(["scaled", "large", "he"]),
            "train.dtype": st.sampled_from(["float32", "float64"]),
            "train.batch_size": st.sampled_from([1, 4, 10, 30]),
            "data.n_train": st.sampled_from([30, 33]),
        }
    ).flatmap(lambda shape: regularizers().map(lambda reg: shape | reg))


def regularizers() -> st.SearchStrategy[dict[str, Any]]:
    """The method, which a stack has in common too."""
    return st.fixed_dictionaries(
        {
            "reg.name": st.sampled_from(["none", "l2", "l1", "elastic", "maxnorm"]),
            "reg.biases": st.booleans(),
            "train.momentum": st.sampled_from([0.0, 0.0, 0.9]),
        }
    ).map(lambda reg: reg | {"reg.biases": reg["reg.biases"] and reg["reg.name"] != "maxnorm"})


def members() -> st.SearchStrategy[dict[str, Any]]:
    """What may differ between the runs of a stack."""
    return st.fixed_dictionaries(
        {
            "seed": st.integers(0, 2),
            "train.eta": st.sampled_from([0.05, 0.5, 3.0]),
            "train.epochs": st.integers(0, 4),
            "reg.lmbda": st.sampled_from([0.0, 0.1, 2.0, 9.0]),
            "reg.lmbda_l1": st.sampled_from([0.0, 0.3]),
            "reg.max_norm": st.sampled_from([0.5, 3.0]),
            "dropout.hidden": st.sampled_from([0.0, 0.5, 0.3]),
            "dropout.input": st.sampled_from([0.0, 0.0, 0.2, 0.4]),
            "data.subset": st.sampled_from(["first", "random"]),
            "stop.name": st.sampled_from(["none", "early"]),
            "stop.patience": st.integers(1, 2),
            "monitor.test": st.sampled_from(["end", "epoch"]),
            "monitor.every": st.integers(1, 3),
        }
    )


@settings(max_examples=150)
@given(shape=shapes(), group=st.lists(members(), min_size=1, max_size=6))
def test_run_in_a_stack_is_the_run_alone(
    shape: dict[str, Any], group: list[dict[str, Any]]
) -> None:
    assert_bits_of_lone_runs([configured({**shape, **member}) for member in group], SMALL)


@settings(max_examples=15)
@given(
    shape=regularizers(),
    cost=st.sampled_from(COSTS),
    dtype=st.sampled_from(["float32", "float64"]),
    group=st.lists(members(), min_size=2, max_size=4),
)
def test_run_of_mnist_in_a_stack_is_the_run_alone(
    shape: dict[str, Any], cost: str, dtype: str, group: list[dict[str, Any]]
) -> None:
    dataset = head(load_dataset(DataConfig()), 120, 50)
    shape = {**shape, "cost.name": cost, "train.dtype": dtype}
    shape |= {"model.hidden": [30], "data.n_train": 95, "train.batch_size": 10}
    assert_bits_of_lone_runs([configured({**shape, **member}) for member in group], dataset)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cost", COSTS)
def test_sums_over_one_example_or_ten_outputs_do_not_depend_on_the_stack(
    cost: str, dtype: str
) -> None:
    shape = {"cost.name": cost, "train.dtype": dtype, "data.n_train": 501, "train.batch_size": 20}
    group = [{"seed": 0}, {"seed": 0, "reg.lmbda": 4.0}, {"seed": 1}, {"seed": 7}]
    shape |= {"data.n_validation": 59, "train.epochs": 1, "reg.name": "l2"}
    assert_bits_of_lone_runs([configured({**shape, **member}) for member in group], ODD)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_stack_of_sixteen_with_large_layers_behind_the_first(dtype: str) -> None:
    shape = {"model.hidden": [92, 90], "train.dtype": dtype, "reg.name": "l2", "train.epochs": 1}
    group = [{"seed": k // 4, "reg.lmbda": 0.5 * (k % 4)} for k in range(16)]
    assert_bits_of_lone_runs([configured({**shape, **member}) for member in group], SMALL)


def test_runs_leave_one_by_one_and_the_others_go_on() -> None:
    group = [{"train.epochs": epochs, "seed": 4, "dropout.hidden": 0.5} for epochs in (3, 0, 5, 1)]
    together = assert_bits_of_lone_runs([configured(member) for member in group], SMALL)
    assert [r.epochs for r in together] == [list(range(n + 1)) for n in (3, 0, 5, 1)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_run_that_diverges_leaves_with_a_failure_and_disturbs_no_other(dtype: str) -> None:
    shape = {"model.activation": "relu", "train.dtype": dtype, "train.epochs": 4}
    shape |= {"cost.name": "loglikelihood", "dropout.hidden": 0.2, "seed": 3}
    shape |= {"model.hidden": [20]}
    wild = {"train.eta": 1e30 if dtype == "float32" else 1e200}
    group = [{"train.eta": 0.1}, wild, {"train.eta": 0.2}, {**wild, "seed": 5}, {"seed": 5}]
    together = assert_bits_of_lone_runs([configured({**shape, **m}) for m in group], SMALL)
    assert [r.outcome.failure is not None for r in together] == [False, True, False, True, False]
    for failed in (together[1], together[3]):
        failure = failed.outcome.failure
        assert failure is not None
        assert failure.startswith("diverged")
        assert failed.outcome.epochs < 4
        assert not any(name.startswith(("test/", "best/", "gap/")) for name in failed.final)
    for healthy in (together[0], together[2], together[4]):
        assert healthy.outcome.epochs == 4
        assert all(np.isfinite(w).all() for w in healthy.parameters.weights)


def test_configs_of_two_shapes_are_no_stack() -> None:
    configs = [configured(), configured({"model.hidden": [6]})]
    with pytest.raises(ValueError, match="2 different shapes"):
        next(train(configs, SMALL))


def test_same_config_gives_the_same_bits_twice() -> None:
    config = configured({"dropout.hidden": 0.5, "train.dtype": "float32", "train.momentum": 0.5})
    assert run(config, SMALL).everything() == run(config, SMALL).everything()


RESUMED: list[dict[str, Any]] = [
    {"train.momentum": 0.9, "reg.name": "l1", "reg.lmbda": 0.2},
    {"reg.name": "l2", "reg.lmbda": 9.0, "train.dtype": "float32"},
    {"dropout.hidden": 0.5, "dropout.input": 0.2, "train.batch_size": 7, "data.subset": "random"},
    {"stop.name": "early", "stop.patience": 2, "train.epochs": 12, "monitor.every": 2},
    {"rng": "nielsen2014", "seed": 12345678, "init.name": "large"},
]


@pytest.mark.parametrize("values", RESUMED)
def test_run_goes_on_from_any_epoch_to_the_same_bits(values: dict[str, Any]) -> None:
    config = configured({"train.epochs": 4, "train.eta": 2.0, **values})
    companion = replace(config, train=replace(config.train, eta=0.3))
    taken: list[Snapshot] = []
    whole = Run()
    for report in train([companion, config], SMALL):
        if report.run == 1:
            whole.reports.append(report)
            if report.snapshot is not None:
                taken.append(report.snapshot())
    assert len(taken) == whole.outcome.epochs
    for epoch, snapshot in enumerate(taken):
        if epoch == 0:
            continue
        # A checkpoint is a file: arrays, and text.
        stored = Snapshot(dict(snapshot.arrays), json.loads(json.dumps(snapshot.values)))
        [rest] = collected(train([config], SMALL, resume=stored), 1)
        rest.reports = whole.reports[: epoch + 1] + rest.reports
        assert rest.everything() == whole.everything()


def test_snapshot_of_another_network_is_refused() -> None:
    first = next(train([configured()], SMALL))
    assert first.snapshot is not None
    stored = first.snapshot()
    with pytest.raises(ValueError, match="belongs"):
        next(train([configured({"model.hidden": [6]})], SMALL, resume=stored))
    with pytest.raises(ValueError, match="single run"):
        next(train([configured(), configured()], SMALL, resume=stored))
