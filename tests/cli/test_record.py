"""The record of one run, read back through MLflow's own client and pandas."""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import json
import math
import platform
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import Dataset, load_dataset
from tests.cli.command import Typed, artifacts, history, nnexp, only_run

SET_METRICS = {"cost", "data_cost", "penalty", "accuracy", "correct"}
EVERY_EPOCH = {
    *(f"train/{name}" for name in SET_METRICS),
    *(f"validation/{name}" for name in SET_METRICS),
    "validation/cost_network2",
}
AT_THE_END = {
    *("test/accuracy", "test/correct", "test/data_cost"),
    *("test/cost", "test/penalty", "test/cost_network2"),
    *("best/validation_accuracy", "best/epoch", "gap/final"),
    *("time/train_seconds", "time/evaluate_seconds"),
}


@pytest.fixture(scope="module")
def client(recorded: Typed) -> MlflowClient:
    assert recorded.returncode == 0, recorded.stderr
    return MlflowClient(recorded.uri)


@pytest.fixture(scope="module")
def run(client: MlflowClient) -> Run:
    return only_run(client)


@pytest.fixture(scope="module")
def values(client: MlflowClient, run: Run) -> dict[str, dict[int, float]]:
    return history(client, run)


@pytest.fixture(scope="module")
def files(client: MlflowClient, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All artifacts, fetched from the store."""
    folder = tmp_path_factory.mktemp("artifacts")
    return Path(client.download_artifacts(run.info.run_id, "", str(folder)))


@pytest.fixture(scope="module")
def weights(files: Path) -> dict[str, np.ndarray]:
    with np.load(files / "weights.npz", allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_dataset(DataConfig())


def activations(weights: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """Output activations, shape (N, 10), straight from eq. 25."""
    a = images.astype(np.float64) / 255.0
    for layer in (1, 2):
        a = 1.0 / (1.0 + np.exp(-(a @ weights[f"W{layer}"].T + weights[f"b{layer}"])))
    return a


def test_run_is_finished_and_says_nothing_on_standard_error(recorded: Typed, run: Run) -> None:
    assert run.info.status == "FINISHED"
    assert run.info.end_time >= run.info.start_time
    assert recorded.stderr == ""


def test_every_metric_of_an_epoch_is_recorded_at_every_step(
    values: dict[str, dict[int, float]],
) -> None:
    assert values.keys() >= EVERY_EPOCH
    for name in EVERY_EPOCH:
        assert sorted(values[name]) == [0, 1, 2], name


def test_final_metrics_are_recorded_once_at_the_last_step(
    values: dict[str, dict[int, float]],
) -> None:
    assert values.keys() == EVERY_EPOCH | AT_THE_END
    for name in AT_THE_END:
        assert sorted(values[name]) == [2], name


def test_costs_accuracies_and_gap_fit_together(values: dict[str, dict[int, float]]) -> None:
    test = {key: values[f"test/{key}"][2] for key in ("cost", "data_cost", "penalty")}
    assert test["cost"] == test["data_cost"] + test["penalty"]
    assert test["penalty"] == values["train/penalty"][2]
    network2 = test["data_cost"] + test["penalty"] * 100 / 10_000
    assert values["test/cost_network2"][2] == pytest.approx(network2)
    for name, size in (("train", 100), ("validation", 10_000)):
        for step in range(3):
            cost, data_cost, penalty, accuracy, correct = (
                values[f"{name}/{key}"][step]
                for key in ("cost", "data_cost", "penalty", "accuracy", "correct")
            )
            assert cost == data_cost + penalty
            assert penalty > 0
            assert accuracy == correct / size
            assert penalty == values["train/penalty"][step]
            if name == "validation":
                # Divided by the 10,000 images evaluated, not by the 100 trained on.
                theirs = values["validation/cost_network2"][step] - data_cost
                assert theirs == pytest.approx(penalty / 100, rel=1e-6)
    gap = values["train/accuracy"][2] - values["test/accuracy"][2]
    assert values["gap/final"][2] == pytest.approx(gap, abs=1e-12)
    best = max(values["validation/accuracy"].values())
    assert values["best/validation_accuracy"][2] == best
    assert values["validation/accuracy"][int(values["best/epoch"][2])] == best


def test_parameters_are_the_flattened_config_with_the_size_as_typed(run: Run) -> None:
    params = run.data.params
    expected = {
        "cost.name": "crossentropy",
        "reg.name": "l2",
        "size": "100",
        "data.n_train": "100",
        "data.name": "mnist",
        "data.subset": "first",
        "model.hidden": "[30]",
        "train.epochs": "2",
        "train.batch_size": "10",
        "train.eta": "0.5",
        "train.momentum": "0.0",
        "train.dtype": "float32",
        "dropout.hidden": "0.0",
        "init.name": "scaled",
        "stop.name": "none",
        "rng": "pcg64",
        "seed": "0",
        "monitor.test": "end",
    }
    assert {key: params.get(key) for key in expected} == expected
    # lambda/n is that of the chapter at every size, and is a parameter to sort by.
    assert float(params["reg.lmbda"]) == pytest.approx(0.01)
    assert float(params["reg.lmbda_over_n"]) == pytest.approx(1e-4)


def test_tags_say_what_the_run_is_and_which_line_repeats_it(run: Run, mnist: Dataset) -> None:
    tags = run.data.tags
    assert tags["nnexp.kind"] == "run"
    assert tags["nnexp.command"].startswith("python -m nnexp ")
    assert tags["nnexp.data"] == mnist.digest
    for name in ("nnexp.fingerprint", "nnexp.source", "nnexp.weights_sha256"):
        assert len(bytes.fromhex(tags[name])) == 32, name


def test_artifacts_are_those_of_the_contract(client: MlflowClient, run: Run) -> None:
    found = artifacts(client, run)
    top = {path for path in found if "/" not in path}
    assert top == {"config.yaml", "correct.npz", "environment.json", "curves.csv", "weights.npz"}
    assert {path for path in found if path.startswith("figures/")} == {
        f"figures/{name}.png"
        for name in ("curves", "confusion", "mistakes", "first_layer", "weights")
    }
    assert "model/MLmodel" in found
    assert not [path for path in found if path.endswith((".pkl", ".pickle"))]


def test_figures_are_images(files: Path) -> None:
    for path in (files / "figures").iterdir():
        assert path.read_bytes().startswith(b"\x89PNG\r\n"), path.name


def test_curves_round_trip_every_value(files: Path, values: dict[str, dict[int, float]]) -> None:
    with (files / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert next(iter(rows[0])) == "step"
    assert set(rows[0]) == {"step", *EVERY_EPOCH}
    assert [int(row["step"]) for row in rows] == [0, 1, 2]
    for row in rows:
        for name in EVERY_EPOCH:
            assert float(row[name]) == values[name][int(row["step"])], name


def test_curves_are_read_by_pandas_without_losing_a_bit(
    files: Path, values: dict[str, dict[int, float]]
) -> None:
    frame = pd.read_csv(files / "curves.csv").set_index("step")
    for name in EVERY_EPOCH:
        assert frame[name].to_dict() == values[name], name


def test_config_artifact_is_resolved(files: Path) -> None:
    config = yaml.safe_load((files / "config.yaml").read_text(encoding="utf-8"))
    assert config["data"]["n_train"] == 100
    assert config["reg"] == {
        **config["reg"],
        "name": "l2",
        "lmbda": pytest.approx(0.01),
    }
    assert config["model"] == {"hidden": [30], "activation": "sigmoid"}


def test_environment_artifact_names_versions_machine_and_libraries(files: Path) -> None:
    found = json.loads((files / "environment.json").read_text(encoding="utf-8"))
    assert found["numeric"]["numpy"] == np.__version__
    assert f"mlflow=={mlflow.__version__}" in found["packages"]
    assert found["cpu"]
    assert found["engine"] == "compiled"
    assert found["numba"] == importlib.metadata.version("numba")
    assert found["llvm_cpu"]
    assert "openblas" in found["numeric"]["blas"].lower()
    assert found["numeric"]["libm"] == " ".join(platform.libc_ver()).strip()
    assert "git" in found


def test_weights_are_plain_arrays_whose_sum_is_the_tag(
    weights: dict[str, np.ndarray], run: Run
) -> None:
    shapes = {name: array.shape for name, array in weights.items()}
    assert shapes == {"W1": (30, 784), "b1": (30,), "W2": (10, 30), "b2": (10,)}
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}
    digest = hashlib.sha256()
    for name in ("W1", "b1", "W2", "b2"):
        digest.update(weights[name].tobytes(order="C"))
    assert run.data.tags["nnexp.weights_sha256"] == digest.hexdigest()


def test_the_digest_of_the_weights_is_among_the_last_lines(recorded: Typed, run: Run) -> None:
    """When it is trained, when it is shown instead of trained again; whole in `show`."""
    digest = run.data.tags["nnexp.weights_sha256"]
    line = f"weights    sha256 {digest[:16]}… (nnexp.weights_sha256)"
    assert len(line) <= 80
    assert line in recorded.stdout.splitlines()[-6:]
    command = run.data.tags["nnexp.command"].split()[3:]
    again = nnexp(*command, cwd=recorded.folder)
    assert "nothing was trained" in again.stdout
    assert line in again.stdout.splitlines()[-6:]
    shown = nnexp("show", run.info.run_id[:8], cwd=recorded.folder)
    assert f"weights    sha256 {digest}" in shown.stdout.splitlines()


def test_recorded_weights_give_the_recorded_results(
    weights: dict[str, np.ndarray], values: dict[str, dict[int, float]], mnist: Dataset
) -> None:
    sets = {
        "train": (mnist.train.images[:100], mnist.train.labels[:100]),
        "validation": (mnist.train.images[50_000:], mnist.train.labels[50_000:]),
        "test": (mnist.test.images, mnist.test.labels),
    }
    for name, (images, labels) in sets.items():
        a = activations(weights, images)
        assert np.count_nonzero(a.argmax(axis=1) == labels) == values[f"{name}/correct"][2]
        y = np.eye(10)[labels]
        cost = -np.sum(y * np.log(a) + (1 - y) * np.log1p(-a)) / len(labels)
        assert values[f"{name}/data_cost"][2] == pytest.approx(cost, rel=1e-5)
    squares = sum(float(np.sum(np.square(weights[w], dtype=np.float64))) for w in ("W1", "W2"))
    assert values["train/penalty"][2] == pytest.approx(0.01 / 200 * squares, rel=1e-5)


def test_data_set_is_recorded_as_an_input_with_its_digest(run: Run, mnist: Dataset) -> None:
    (recorded,) = run.inputs.dataset_inputs
    assert recorded.dataset.name == "mnist"
    assert mnist.digest.startswith(recorded.dataset.digest)
    assert mnist.digest in recorded.dataset.source
    assert [(t.key, t.value) for t in recorded.tags] == [("mlflow.data.context", "training")]


def test_model_predicts_what_the_weights_say(
    files: Path, weights: dict[str, np.ndarray], mnist: Dataset
) -> None:
    model = mlflow.pyfunc.load_model(str(files / "model"))
    images = mnist.test.images[:50]
    predicted = model.predict(images)
    a = activations(weights, images)
    assert predicted["class"].tolist() == a.argmax(axis=1).tolist()
    shares = predicted[[f"p{digit}" for digit in range(10)]].to_numpy()
    # The outputs are sigmoid neurons: probabilities are their activations divided by the sum.
    np.testing.assert_allclose(shares, a / a.sum(axis=1, keepdims=True), rtol=1e-6)


def test_model_takes_images_as_rows_or_as_pictures_as_bytes_or_as_fractions(
    files: Path, mnist: Dataset
) -> None:
    model = mlflow.pyfunc.load_model(str(files / "model"))
    images = mnist.test.images[:20]
    expected = model.predict(images)
    for other in (images.reshape(-1, 28, 28), images / 255.0, images.astype(np.int64)):
        pd.testing.assert_frame_equal(model.predict(other), expected, rtol=1e-6)


def test_runs_are_read_as_a_table_by_pandas(
    recorded: Typed,
    run: Run,
    values: dict[str, dict[int, float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # `mlflow.set_tracking_uri` would leave it set for all tests that follow.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", recorded.uri)
    frame = mlflow.search_runs(experiment_names=["nnexp"])
    assert isinstance(frame, pd.DataFrame)
    (row,) = frame.to_dict("records")
    assert row["run_id"] == run.info.run_id
    assert row["params.reg.name"] == "l2"
    assert row["metrics.test/accuracy"] == values["test/accuracy"][2]
    assert math.isclose(row["metrics.train/cost"], values["train/cost"][2], rel_tol=0)


def test_screen_says_what_came_out_where_it_is_and_how_to_go_on(
    recorded: Typed, run: Run, values: dict[str, dict[int, float]]
) -> None:
    said = recorded.stdout
    assert run.info.run_id in said
    assert recorded.uri in said
    assert "python -m nnexp ui" in said
    assert run.data.tags["nnexp.command"] in said
    assert f"{values['test/accuracy'][2]:.2%}" in said
    assert "λ = 0.01 (λ/n = 0.0001)" in said


def test_plain_lines_carry_costs_and_counts_as_network2_printed_them(
    recorded: Typed, values: dict[str, dict[int, float]]
) -> None:
    lines = [line for line in recorded.stdout.splitlines() if line.startswith("Epoch ")]
    assert len(lines) == 3
    for step, line in enumerate(lines):
        assert line.startswith(f"Epoch {step} ")
        assert f"{values['train/correct'][step]:.0f} / 100" in line
        assert f"{values['validation/correct'][step]:.0f} / 10000" in line
        assert f"training cost {values['train/cost'][step]:.4f}" in line
        assert f"validation cost {values['validation/cost_network2'][step]:.4f}" in line


def test_nothing_but_store_artifacts_and_one_hidden_folder_is_left(recorded: Typed) -> None:
    assert {p.name for p in recorded.folder.iterdir()} == {"mlflow.db", "mlartifacts", ".nnexp"}
    # What a finished run needs no more is gone: no checkpoint, nothing undelivered. Its log stays,
    # the digest of its record, and the store's id.
    left = [p for p in (recorded.folder / ".nnexp").rglob("*") if p.is_file()]
    kept = [
        f"{only_run(MlflowClient(recorded.uri)).info.run_id}.gz",
        "mlflow.db.id",
        "records.jsonl",
    ]
    assert sorted(p.name for p in left if p.suffix != ".lock") == sorted(kept)
