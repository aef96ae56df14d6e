"""The chapter's session runs as printed, prints what the book's program prints, and is recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnexp
from nnexp.book import mnist_loader, network2
from nnexp.book.pairs import Pairs
from tests.book.printed import SAID, SESSION, read, script
from tests.inside import inside
from tests.record.stored import restore
from tests.runner.typed import histories, recorded
from tests.stores import address

HERE = Path(__file__).parent
PUBLISHED = json.loads((HERE / "overfitting.json").read_text(encoding="utf-8"))
SEED = 12345678
EPOCHS = 2
QUICK = SESSION.replace("30, 10, 0.5", f"{EPOCHS}, 10, 0.5")
ALL: dict[str, Any] = {
    "monitor_evaluation_accuracy": True,
    "monitor_evaluation_cost": True,
    "monitor_training_accuracy": True,
    "monitor_training_cost": True,
}
METRICS = ("validation/cost_network2", "validation/correct", "train/cost", "train/correct")

Sets = tuple[Pairs, Pairs, Pairs]


@pytest.fixture(scope="module")
def pasted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, Any]]:
    """The session of a file, its folder, what it printed and what it returned."""
    folder = tmp_path_factory.mktemp("session")
    restore(folder)
    done = script(folder, QUICK + SAID)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout, json.loads((folder / "said.json").read_text(encoding="utf-8"))


def last_run(folder: Path) -> Any:
    """The latest run that is recorded in a folder."""
    return recorded(folder)[-1]


def test_it_prints_the_books_lines_and_returns_what_it_prints(
    pasted: tuple[Path, str, dict[str, Any]],
) -> None:
    _, out, said = pasted
    printed = read(out)
    assert printed.epochs == EPOCHS
    assert printed.lists == said["lists"]
    assert printed.sizes["training_accuracy"] == {50_000}
    assert printed.sizes["evaluation_accuracy"] == {10_000}
    assert set(said["types"]) == {"float", "int"}
    assert said["accuracy"] == said["lists"][1][-1]


def test_its_values_are_those_of_the_record(pasted: tuple[Path, str, dict[str, Any]]) -> None:
    folder, out, said = pasted
    run = last_run(folder)
    assert run.info.run_id == said["run"]
    values = histories(folder, said["run"])
    for name, found in zip(METRICS, said["lists"], strict=True):
        assert [value for step, value in values[name] if step] == found
    (line,) = read(out).rest
    assert f"run {said['run']};" in line
    assert line.endswith(f"python -m nnexp show {said['run'][:8]}")
    command = run.data.tags["nnexp.command"]
    assert "init=large" in command
    assert "train.dtype=float64" in command


def test_the_commands_find_and_verify_it(pasted: tuple[Path, str, dict[str, Any]]) -> None:
    folder, _, said = pasted
    found = inside(folder, "runs", "--format", "json", "--where", 'params.`init.name` = "large"')
    (row,) = json.loads(found.stdout)
    assert row["run_id"] == said["run"]
    compared = inside(folder, "compare", "--by", "init", "--metric", "validation/accuracy")
    assert compared.returncode == 0, compared.stderr
    assert "large" in compared.stdout
    verified = inside(folder, "verify", said["run"])
    assert verified.returncode == 0, verified.stdout
    assert "identical" in verified.stdout
    assert inside(folder, "show", said["run"][:8]).returncode == 0


def test_the_same_session_again_is_printed_from_the_record(
    pasted: tuple[Path, str, dict[str, Any]],
) -> None:
    folder, out, said = pasted
    runs = len(recorded(folder))
    done = script(folder, QUICK + SAID)
    assert done.returncode == 0, done.stderr
    *lines, last = out.splitlines()
    *again, end = done.stdout.splitlines()
    assert again == lines
    assert end == last.replace("recorded:", "recorded before, nothing was trained:")
    assert json.loads((folder / "said.json").read_text(encoding="utf-8")) == said
    assert len(recorded(folder)) == runs


def test_the_command_and_python_know_it_as_their_own(
    pasted: tuple[Path, str, dict[str, Any]],
) -> None:
    folder, _, said = pasted
    words = {"train.epochs": EPOCHS, "train.dtype": "float64", "reg.lmbda": 5}
    uri = {"tracking.uri": address(folder)}
    run = nnexp.run("reg=l2", "init=large", words, uri, quiet=True)
    assert run.run_id == said["run"]


def test_the_books_generators_give_the_published_values(here: Path, sets: Sets) -> None:
    net = network2.Network([784, 30, 10], seed=SEED, rng="nielsen2014")
    net.large_weight_initializer()
    lists = net.SGD(sets[0][:1000], 5, 10, 0.5, evaluation_data=sets[2], **ALL)
    names = ("test_cost", "test_correct", "train_cost", "train_correct")
    for name, found in zip(names, lists, strict=True):
        tolerance = 0 if name.endswith("correct") else 1e-10
        np.testing.assert_allclose(found, PUBLISHED[name][:5], rtol=0, atol=tolerance)
    assert net.accuracy(sets[2]) == PUBLISHED["test_correct"][4]
    assert net.total_cost(sets[2], 0.0) == pytest.approx(PUBLISHED["test_cost"][4], abs=1e-10)
    run = last_run(here)
    assert run.data.params["monitor.test"] == "epoch"
    assert run.data.params["rng"] == "nielsen2014"


@pytest.mark.parametrize("kind", ["slice", "list", "zip"])
def test_pairs_are_known_however_they_come(
    kind: str, here: Path, sets: Sets, capsys: pytest.CaptureFixture[str]
) -> None:
    first = sets[0][:100]
    data = {"slice": first, "list": list(first), "zip": (pair for pair in first)}[kind]
    net = network2.Network([784, 10], cost=network2.QuadraticCost, seed=3)
    found = net.SGD(data, 2, 16, 3.0, lmbda=0.1, monitor_training_cost=True)
    assert [len(part) for part in found] == [0, 0, 2, 0]
    assert net.run is not None
    assert net.run.params["model.hidden"] == "[]"
    assert net.run.params["cost.name"] == "quadratic"
    assert net.run.params["monitor.test"] == "end"
    assert "recorded" in read(capsys.readouterr().out).rest[-1]


@pytest.mark.slow
def test_a_network_has_the_weights_of_its_run(here: Path, sets: Sets) -> None:
    for _ in ("trained", "found"):
        net = network2.Network([784, 15, 10], seed=5)
        net.SGD(sets[0][:200], 3, 10, 0.5, lmbda=0.02)
        assert net.run is not None
        arrays = net.run.weights
        for layer in (0, 1):
            np.testing.assert_array_equal(net.weights[layer], arrays[f"W{layer + 1}"])
            np.testing.assert_array_equal(net.biases[layer][:, 0], arrays[f"b{layer + 1}"])
        assert net.weights[0].dtype == np.float64


@pytest.mark.slow
def test_a_run_recorded_without_weights_is_trained_again(
    here: Path, sets: Sets, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"data.n_train": 120, "train.epochs": 1, "train.dtype": "float64"}
    bare = nnexp.run(words, {"tracking.artifacts": "none"}, seed=8, quiet=True)
    net = network2.Network([784, 30, 10], seed=8)
    net.SGD(sets[0][:120], 1, 10, 0.5, monitor_training_cost=True)
    assert net.run is not None
    assert net.run.run_id != bare.run_id
    said = read(capsys.readouterr().out)
    assert said.values["training_cost"] == [bare.metrics["train/cost"]]
    assert said.epochs == 1


@pytest.mark.slow
def test_stopping_early_keeps_the_best_weights(
    here: Path, sets: Sets, capsys: pytest.CaptureFixture[str]
) -> None:
    training, validation, _ = sets
    outputs = []
    for _ in ("trained", "found"):
        net = network2.Network([784, 30, 10])
        lists = net.SGD(
            training[:500], 40, 10, 1.0, evaluation_data=validation,
            monitor_evaluation_accuracy=True, early_stopping_n=3,
        )  # fmt: skip
        said = read(capsys.readouterr().out)
        outputs.append(said)
        accuracies = lists[1]
        best = int(np.argmax(accuracies))
        assert len(accuracies) == best + 1 + 3 < 40
        assert net.accuracy(validation) == accuracies[best]
        assert f"weights are those of epoch {best}, the best" in said.rest[0]
        assert net.run is not None
        assert net.run.metrics["best/epoch"] == best + 1
    assert outputs[0].lists == outputs[1].lists


def test_a_run_that_diverges_is_recorded_as_failed(here: Path, sets: Sets) -> None:
    net = network2.Network([784, 10])
    before = net.weights[0].copy()
    with pytest.raises(nnexp.NnexpError, match="diverged"):
        net.SGD(sets[0][:100], 400, 10, 1e305, monitor_training_cost=True)
    assert last_run(here).info.status == "FAILED"
    np.testing.assert_array_equal(net.weights[0], before)


@pytest.mark.slow
def test_a_session_that_was_interrupted_goes_on_and_prints_all_of_it(
    here: Path,
    sets: Sets,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("nnexp.record.checkpoint.SECONDS", 0.0)
    show = "nnexp.book.recorded.BookScreen.show"
    from nnexp.book.recorded import BookScreen

    original = BookScreen.show

    def interrupted(screen: BookScreen, report: Any) -> None:
        original(screen, report)
        if report.epoch == 4:
            raise KeyboardInterrupt

    def session() -> Any:
        net = network2.Network([784, 12, 10], seed=21)
        return net.SGD(sets[0][:100], 6, 10, 0.5, **ALL, evaluation_data=sets[1]), net.weights

    monkeypatch.setattr(show, interrupted)
    with pytest.raises(KeyboardInterrupt):
        session()
    killed = last_run(here).info.run_id
    capsys.readouterr()
    monkeypatch.setattr(show, original)
    lists, weights = session()
    printed = capsys.readouterr()
    assert last_run(here).info.run_id == killed
    assert last_run(here).info.status == "FINISHED"
    assert "going on after epoch 3" in printed.err
    assert read(printed.out).lists == list(map(list, lists))
    assert read(printed.out).epochs == 6
    fresh = nnexp.run(
        {"data.n_train": 100, "train.epochs": 6, "train.dtype": "float64"},
        {"model.hidden": [12], "tracking.reuse": False},
        seed=21,
        quiet=True,
    )
    np.testing.assert_array_equal(weights[0], fresh.weights["W1"])


@pytest.mark.slow
@pytest.mark.parametrize("large", [True, False])
def test_the_whole_session_ends_where_the_recorded_run_does(large: bool, tmp_path: Path) -> None:
    """The recorded run has the default initializer; ten seeds of it end in 95.5 to 96.4 %."""
    text = SESSION if large else SESSION.replace("net.large_weight_initializer()\n", "")
    done = script(tmp_path, text + SAID)
    assert done.returncode == 0, done.stderr
    printed = read(done.stdout)
    assert printed.epochs == 30
    published = json.loads((HERE / "network2_recorded.json").read_text(encoding="utf-8"))
    final = published["validation_correct"][-1]
    assert abs(printed.values["evaluation_accuracy"][-1] - final) <= 80
    if large:
        page = (HERE.parents[1] / "docs" / "book.md").read_text(encoding="utf-8")
        shown = re.search(r"```\n(Epoch 29 .*?\n\n)", page, re.DOTALL)
        assert shown
        assert shown[1] in done.stdout
    else:
        assert printed.values["evaluation_cost"][-1] == pytest.approx(
            published["validation_cost"][-1], abs=0.1
        )
    verified = inside(tmp_path, "verify", last_run(tmp_path).info.run_id)
    assert "identical" in verified.stdout


def test_loading_twice_is_the_same_data(sets: Sets) -> None:
    assert mnist_loader.load_data_wrapper()[0].source is sets[0].source
