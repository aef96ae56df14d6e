"""A search as it is typed: what it records, that it repeats, and that test data stay shut."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import nnexp
from nnexp.data.dataset import MNIST_FOLDER
from tests.cli.command import Typed, history
from tests.inside import inside
from tests.sweep.typed import client, recorded

SMALL = (
    *("search", "size=100", "data.n_validation=200", "model.hidden=[5]", "train.epochs=9"),
    *("train.eta=log(0.01,3)", "reg=l2", "reg.lmbda=log(0.01,1)", "sweep.workers=1"),
    *("--trials", "8", "--seeds", "2", "--finalists", "2", "--fresh", "2"),
)


def found(done: Typed) -> dict[str, Any]:
    """What a search said as JSON, but for the id of its parent."""
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)
    result.pop("search")
    return dict(result)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    return inside(tmp_path_factory.mktemp("search"), *SMALL, "--format", "json")


def test_trials_are_children_of_one_parent_and_the_given_up_are_marked(done: Typed) -> None:
    result = found(done)
    (parent,) = recorded(done.folder, "sweep")
    runs = recorded(done.folder)
    assert parent.info.status == "FINISHED"
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {parent.info.run_id}
    tags = parent.data.tags
    assert tags["nnexp.chosen"] == " ".join(f"{k}={v}" for k, v in result["best"].items())
    stages = [run.data.tags["nnexp.stage"] for run in runs]
    assert {s: stages.count(s) for s in stages} == {"trial": 8, "race": 4, "final": 2}
    given_up = [run for run in runs if "nnexp.pruned" in run.data.tags]
    assert {run.info.status for run in given_up} == {"KILLED"}
    assert len(given_up) == sum(t["state"] == "pruned" for t in result["trials"]) > 0
    for run in given_up:
        curve = history(client(done.folder), run)["validation/accuracy"]
        assert max(curve) == int(run.data.tags["nnexp.pruned"]) < 9


def test_only_the_chosen_setting_is_tested_with_seeds_of_its_own(done: Typed) -> None:
    result, runs = found(done), recorded(done.folder)
    tested = [run for run in runs if any("test" in name for name in run.data.metrics)]
    assert {run.data.tags["nnexp.stage"] for run in tested} == {"final"}
    assert sorted(run.data.params["seed"] for run in tested) == ["3", "4"]
    for key, value in result["best"].items():
        assert {float(run.data.params[key]) for run in tested} == {float(value)}
    scores = [run.data.metrics["validation/accuracy"] for run in tested]
    assert result["fresh"]["validation/accuracy"]["mean"] == pytest.approx(sum(scores) / 2)
    assert result["looks"] == 8 + 4
    lines = inside(done.folder, "compare", "--metric", "test/accuracy").stdout
    assert "test data were looked at 2 times in this store, by 2 runs" in lines


def test_the_same_command_shows_the_same_search_and_trains_nothing(done: Typed) -> None:
    again = inside(done.folder, *SMALL, "--format", "json")
    assert again.stdout == done.stdout
    assert len(recorded(done.folder)) == 14
    listed = inside(done.folder, "sweeps").stdout
    assert "to go on" not in listed


def test_python_finds_it_too_and_the_table_says_what_to_do_next(
    done: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(done.folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    keys = [a for a in SMALL[1:] if "=" in a]
    search = nnexp.search(*keys, trials=8, seeds=2, finalists=2, fresh=2, quiet=True)
    assert search.best == found(done)["best"]
    assert len(search.trials) == 8
    assert [run.config.seed for run in search.runs] == [3, 4]
    assert search.test is not None
    assert search.test.n == 2
    assert f"repeat      {search.command}" in repr(search)
    assert len(recorded(done.folder)) == 14


def without_test_files(folder: Path) -> Path:
    """MNIST's training files as `data=idx` reads them, and nothing else."""
    folder.mkdir()
    for part in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        with gzip.open(MNIST_FOLDER / f"{part}.gz") as zipped, open(folder / part, "wb") as plain:
            shutil.copyfileobj(zipped, plain)
    return folder


def test_test_files_are_not_opened_before_the_setting_is_chosen(tmp_path: Path) -> None:
    """Without them the search is carried out; with them the same command ends it."""
    root = without_test_files(tmp_path / "data")
    line = (*SMALL, "--sampler", "random", "data=idx", f"data.root={root}", "--format", "json")
    first = inside(tmp_path, *line)
    assert first.returncode == 2
    assert "no t10k-images file here" in first.stderr
    runs = recorded(tmp_path)
    assert len(runs) == 8 + 4
    assert {run.data.params["monitor.test"] for run in runs} == {"never"}
    for part in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        shutil.copy(MNIST_FOLDER / part, root)
    assert found(inside(tmp_path, *line))["fresh"]["test/accuracy"]["n"] == 2
    assert len(recorded(tmp_path)) == 8 + 4 + 2
