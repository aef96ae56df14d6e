"""What other settings leave in the record: early stopping, monitoring, the neuron, divergence."""

from __future__ import annotations

import math
import shlex
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from nnexp.config.schema import Config
from tests.cli.command import Typed, artifacts, history, nnexp, only_run
from tests.cli.conftest import Make

Values = dict[str, dict[int, float]]


def read(done: Typed) -> tuple[MlflowClient, Run, Values]:
    """The one run of a folder with all its values."""
    assert done.returncode == 0, done.stderr
    client = MlflowClient(done.uri)
    run = only_run(client)
    return client, run, history(client, run)


def without_time(values: Values) -> Values:
    """All that has to be the same when a run is repeated."""
    return {name: steps for name, steps in values.items() if not name.startswith("time/")}


@pytest.fixture(scope="module")
def first(recorded: Typed) -> tuple[MlflowClient, Run, Values]:
    return read(recorded)


def test_same_command_in_two_folders_gives_the_same_bits(
    first: tuple[MlflowClient, Run, Values], elsewhere: Typed
) -> None:
    _, run, values = first
    client = MlflowClient(f"sqlite:///{elsewhere.folder / 'other.db'}")
    again = only_run(client)
    for tag in ("nnexp.weights_sha256", "nnexp.fingerprint", "nnexp.command"):
        assert again.data.tags[tag] == run.data.tags[tag], tag
    assert without_time(history(client, again)) == without_time(values)


def test_address_in_the_environment_is_where_it_is_recorded(elsewhere: Typed) -> None:
    assert elsewhere.returncode == 0, elsewhere.stderr
    assert {p.name for p in elsewhere.folder.iterdir()} == {"other.db", "mlartifacts", ".nnexp"}
    assert f"recorded   sqlite:///{elsewhere.folder / 'other.db'}" in elsewhere.stdout


def test_recorded_command_repeats_the_run_from_any_folder(
    first: tuple[MlflowClient, Run, Values], tmp_path: Path
) -> None:
    """Typed in one folder, recorded in another, without figures and model."""
    _, run, values = first
    here, store = tmp_path / "here", tmp_path / "store"
    here.mkdir()
    store.mkdir()
    python, dash_m, name, *overrides = shlex.split(run.data.tags["nnexp.command"])
    assert (python, dash_m, name) == ("python", "-m", "nnexp")
    uri = f"sqlite:///{store / 'runs.db'}"
    done = nnexp(
        *overrides,
        *(f"tracking.uri={uri}", "tracking.artifacts=light", "tracking.experiment=other name"),
        cwd=here,
    )
    assert done.returncode == 0, done.stderr
    client = MlflowClient(uri)
    again = only_run(client, "other name")
    assert again.data.tags["nnexp.weights_sha256"] == run.data.tags["nnexp.weights_sha256"]
    assert again.data.tags["nnexp.fingerprint"] == run.data.tags["nnexp.fingerprint"]
    assert without_time(history(client, again)) == without_time(values)
    # Light: what is small and cannot be made again from the rest.
    light = {"config.yaml", "correct.npz", "environment.json", "curves.csv", "weights.npz"}
    assert artifacts(client, again) == light
    # Nothing of the store's is where it was typed; what lies there is Hydra's empty folder at most.
    assert {p.name for p in here.rglob("*")} <= {".nnexp"}
    assert {p.name for p in store.iterdir()} == {"runs.db", "mlartifacts", ".nnexp"}
    assert f"python -m nnexp ui --tracking-uri {uri}" in done.stdout


def test_early_stopping_keeps_the_best_weights_and_says_so(typed_once: Make) -> None:
    done = typed_once(
        "early",
        *("size=100", "train.epochs=200", "cost=quadratic", "model.activation=relu"),
        *("stop=early", "stop.patience=2", "monitor.test=epoch", "tracking.artifacts=light"),
    )
    client, run, values = read(done)
    accuracy = values["validation/accuracy"]
    last, best = max(accuracy), int(values["best/epoch"][max(accuracy)])
    # Two epochs without a better validation accuracy, and not one more.
    assert last == best + 2
    assert last < 200
    assert sorted(accuracy) == list(range(last + 1))
    assert accuracy[best] == max(accuracy.values()) == values["best/validation_accuracy"][last]
    assert max(v for e, v in accuracy.items() if e < best) < accuracy[best]
    # The series stay as measured; the restored weights are those of the best epoch.
    for name in ("accuracy", "correct", "data_cost"):
        assert sorted(values[f"test/{name}"]) == list(range(last + 1))
        restored = values[f"best/test_{name}"][last]
        assert restored == pytest.approx(values[f"test/{name}"][best], rel=1e-6), name
    final = values["train/accuracy"][best] - values["test/accuracy"][best]
    assert values["gap/final"][last] == pytest.approx(final)
    widest = max(values["train/accuracy"].values()) - max(values["test/accuracy"].values())
    assert values["gap/best"][last] == pytest.approx(widest, abs=1e-12)
    assert run.data.tags["nnexp.epochs"] == str(last)
    assert f"stopped early after epoch {last}" in done.stdout
    path = client.download_artifacts(run.info.run_id, "weights.npz", str(done.folder / ".nnexp"))
    with np.load(path) as weights:
        assert weights["W1"].shape == (30, 784)


@pytest.fixture(scope="module")
def every_second(typed_once: Make) -> Typed:
    """COMMAND for more epochs, watched in every second one; its size is written otherwise."""
    return typed_once(
        "every",
        *("cost=crossentropy", "reg=l2", "size=0.1k", "train.epochs=5"),
        *("monitor.every=2", "tracking.artifacts=none"),
    )


def test_monitoring_every_second_epoch_records_those_and_the_last(every_second: Typed) -> None:
    client, run, values = read(every_second)
    for name in ("train/cost", "train/accuracy", "validation/cost", "validation/cost_network2"):
        assert sorted(values[name]) == [0, 2, 4, 5], name
    assert sorted(values["test/accuracy"]) == [5]
    assert artifacts(client, run) == set()
    assert run.data.tags["nnexp.weights_sha256"]


def test_monitoring_changes_no_number(
    every_second: Typed, first: tuple[MlflowClient, Run, Values]
) -> None:
    _, _, seldom = read(every_second)
    _, _, always = first
    for name in ("train/cost", "train/correct", "validation/cost", "validation/correct"):
        assert {step: always[name][step] for step in (0, 2)} == {
            step: seldom[name][step] for step in (0, 2)
        }, name


def test_neuron_learns_as_the_chapter_says(typed_once: Make) -> None:
    """One weight, one bias, x = 1, y = 0: eq. 54-56, followed by hand in float64."""
    done = typed_once(
        "neuron",
        *("data=neuron", "cost=quadratic", "init=fixed", "init.weight=0.6", "init.bias=0.9"),
        *("train.eta=0.15", "train.epochs=4", "train.dtype=float64"),
    )
    client, run, values = read(done)
    w, b = 0.6, 0.9
    for epoch in range(5):
        a = 1.0 / (1.0 + math.exp(-(w + b)))
        assert values["train/cost"][epoch] == pytest.approx(a * a / 2, rel=1e-12)
        slope = a * a * (1.0 - a)
        w, b = w - 0.15 * slope, b - 0.15 * slope
    assert values["test/data_cost"] == {4: values["train/data_cost"][4]}
    # There is one output and nothing to count, and there is no validation data.
    assert not [name for name in values if "accuracy" in name or "correct" in name]
    assert not [name for name in values if name.startswith(("validation/", "best/", "gap/"))]
    assert run.data.params["model.hidden"] == "[]"
    assert run.data.params["data.n_train"] == "1"
    found = artifacts(client, run)
    assert {"figures/curves.png", "figures/weights.png", "weights.npz", "model/MLmodel"} <= found


@pytest.mark.slow
def test_training_on_every_image_leaves_no_validation_data(typed_once: Make) -> None:
    done = typed_once(
        "all_images",
        "size=60k",
        "train.epochs=1",
        "train.batch_size=100",
        "tracking.artifacts=none",
    )
    _, run, values = read(done)
    assert run.data.params["size"] == "60k"
    assert run.data.params["data.n_train"] == "60000"
    assert not [name for name in values if name.startswith(("validation/", "best/"))]
    assert values["train/accuracy"][1] == values["train/correct"][1] / 60_000
    assert "/ 60000" in done.stdout


@pytest.mark.slow
def test_many_settings_at_once_are_recorded_as_typed(typed_once: Make) -> None:
    done = typed_once(
        "many",
        *("cost=loglikelihood", "reg=elastic", "reg.lmbda_l1=0.002", "dropout=half", "init=he"),
        *("model.activation=relu", "model.hidden=[20,10]", "data.subset=random", "data.n_train=64"),
        *("train.batch_size=7", "train.momentum=0.5", "train.eta=0.01", "seed=3"),
        *("train.epochs=1", "monitor.test=epoch"),
    )
    client, run, values = read(done)
    expected = {
        "cost.name": "loglikelihood",
        "reg.name": "elastic",
        "reg.lmbda": "0.0064",
        "reg.lmbda_l1": "0.002",
        "dropout.hidden": "0.5",
        "dropout.input": "0.0",
        "init.name": "he",
        "model.activation": "relu",
        "model.hidden": "[20,10]",
        "data.subset": "random",
        "data.n_train": "64",
        # Where data.n_train was given, size is the number.
        "size": "64",
        "train.batch_size": "7",
        "train.momentum": "0.5",
        "seed": "3",
    }
    assert {key: run.data.params[key] for key in expected} == expected
    assert sorted(values["test/cost"]) == [0, 1]
    assert values["gap/best"].keys() == {1}
    for name in ("test/cost", "test/penalty", "test/cost_network2"):
        assert all(math.isfinite(v) for v in values[name].values())
    path = client.download_artifacts(run.info.run_id, "weights.npz", str(done.folder / ".nnexp"))
    with np.load(path) as weights:
        shapes = [weights[name].shape for name in ("W1", "W2", "W3", "b3")]
    assert shapes == [(20, 784), (10, 20), (10, 10), (10,)]


def test_size_is_recorded_as_typed(every_second: Typed) -> None:
    _, run, _ = read(every_second)
    assert run.data.params["size"] == "0.1k"
    assert run.data.params["data.n_train"] == "100"
    assert run.data.params["reg.lmbda"] == "0.01"


def test_diverging_run_ends_as_failed_with_its_reason(typed_once: Make) -> None:
    done = typed_once(
        "diverging",
        *("size=100", "model.activation=relu", "train.eta=1e30", "train.epochs=9"),
        "tracking.artifacts=light",
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    client = MlflowClient(done.uri)
    run = only_run(client)
    assert run.info.run_id in line
    assert "diverged" in line
    assert run.info.status == "FAILED"
    assert "diverged" in run.data.tags["nnexp.reason"]
    assert "after epoch 1" in run.data.tags["nnexp.reason"]
    # What was measured before is kept.
    assert sorted(history(client, run)["train/cost"]) == [0]


def test_every_key_of_the_schema_is_a_parameter(first: tuple[MlflowClient, Run, Values]) -> None:
    from nnexp.config.compose import flatten

    assert flatten(Config()).keys() <= first[1].data.params.keys()
