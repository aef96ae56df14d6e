"""Recorded runs are trained again from their record, from any folder, to the same bits."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import numpy as np
import pytest

from nnexp.data.dataset import _load
from nnexp.record.environment import environment
from tests.cli.command import ROOT, Typed, nnexp
from tests.inside import inside
from tests.record.stored import restore
from tests.stores import address, artifacts, copied, execute

TINY = ("size=100", "train.epochs=3", "tracking.artifacts=light", "model.hidden=[5]")

# All that makes a run's numbers come about in another way.
VARIANTS = {
    "plain": (),
    "nothing kept": ("tracking.artifacts=none", "seed=1"),
    "nielsen": ("rng=nielsen2014", "monitor.test=epoch"),
    "early": ("stop=early", "stop.patience=1", "train.epochs=12", "train.eta=3"),
    "shift": ("expand=shift",),
    "distort": ("expand=distort", "train.epochs=1"),
    "dropout": ("dropout=half", "reg=maxnorm", "train.momentum=0.5"),
    "random": ("data.subset=random", "monitor.every=2", "reg=elastic"),
    "deep": ("model.hidden=[6,5]", "model.activation=tanh", "cost=loglikelihood", "init=he"),
    "double": ("train.dtype=float64", "cost=quadratic", "reg=l1", "init=large"),
    "idx": ("data=idx", "data.root=idx", "data.n_train=6", "data.n_validation=2"),
    "neuron": ("data=neuron", "model.hidden=[]", "init=fixed", "init.weight=2"),
}


def idx_files(folder: Path) -> None:
    """Eight training and three test images of two classes, one pixel each."""
    folder.mkdir()
    for part, count in (("train", 8), ("t10k", 3)):
        images = np.arange(count, dtype=np.uint8) * 20
        head = bytes((0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 1, 0, 0, 0, 1))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(head + images.tobytes())
        labels = bytes((0, 0, 8, 1, 0, 0, 0, count)) + bytes(k % 2 for k in range(count))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with one run of each kind recorded in it, and their ids."""
    folder = tmp_path_factory.mktemp("verify")
    restore(folder)  # Quicker than making a database; its runs are not asked for.
    idx_files(folder / "idx")
    ids = {}
    for name, typed in VARIANTS.items():
        usual = [word for word in TINY if word.split("=")[0] not in "".join(typed)]
        if name == "neuron":
            usual.remove("size=100")  # It is one example, and refuses to be more.
        done = inside(folder, *(["train.batch_size=3"] if name == "idx" else []), *usual, *typed)
        assert done.returncode == 0, (name, done.stderr)
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("run  ")]
        ids[name] = line.split()[1]
    return folder, ids


def verify(runs: tuple[Path, dict[str, str]], cwd: Path, *arguments: str) -> Typed:
    uri = address(runs[0])
    return inside(cwd, "verify", *arguments, "--tracking-uri", uri)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_kind_of_run_comes_out_again_in_another_folder(
    runs: tuple[Path, dict[str, str]], tmp_path: Path, name: str
) -> None:
    done = verify(runs, tmp_path, runs[1][name])
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r": identical: \d+ values and the weights$", done.stdout, re.MULTILINE)
    assert not list(tmp_path.iterdir())


def test_a_process_of_its_own_with_other_threads_agrees_by_the_beginning_of_the_id(
    runs: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    uri = address(runs[0])
    env = {"OPENBLAS_NUM_THREADS": "2", "MLFLOW_TRACKING_URI": uri}
    done = nnexp("verify", runs[1]["deep"][:9], cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r": identical: \d+ values and the weights$", done.stdout, re.MULTILINE)


def test_only_some_epochs_are_compared_when_asked(
    runs: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    whole = verify(runs, tmp_path, runs[1]["plain"]).stdout
    part = verify(runs, tmp_path, runs[1]["plain"], "--epochs", "1")
    assert part.returncode == 0
    count = [int(text.split("identical: ")[1].split()[0]) for text in (part.stdout, whole)]
    assert 0 < count[0] < count[1]
    assert "the weights" not in part.stdout


def test_the_first_value_that_differs_is_named_with_its_distance(
    runs: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder, run = copied(runs[0], tmp_path / "copy"), runs[1]["plain"]
    for step in (2, 3):
        changed = "UPDATE metrics SET value = value + 0.25 WHERE run_uuid = ? AND step = ?"
        execute(folder, f"{changed} AND key = 'train/cost'", run, step)
    execute(folder, "UPDATE tags SET value = 'x' WHERE run_uuid = ? AND key = 'nnexp.source'", run)
    unseal(folder)
    done = inside(folder, "verify", run)
    assert done.returncode == 1
    assert "DIFFERS: 2 of" in done.stdout
    first = next(line for line in done.stdout.splitlines() if "first: " in line)
    assert "train/cost at step 2" in first
    assert "difference -0.25" in first
    # The source is said to differ, before training and after, with the commit to check out.
    assert "1 of 1 runs were trained with another source of nn, kernel, data, train" in done.stdout
    if (ROOT / ".git").exists():
        assert done.stdout.count("git checkout ") == 2
    close = inside(folder, "verify", run, "--tolerance", "0.5")
    assert close.returncode == 0
    assert "within 0.5" in close.stdout
    assert "farthest: train/cost at step" in close.stdout


def unseal(folder: Path) -> None:
    """What was changed shall be taken for what was recorded."""
    execute(folder, "DELETE FROM tags WHERE key LIKE 'nnexp.record_%'")
    (folder / ".nnexp" / "records.jsonl").unlink()


@pytest.fixture
def elsewhere(runs: tuple[Path, dict[str, str]], tmp_path: Path) -> tuple[Path, str]:
    """A copy of a run's record that says it was made on another machine."""
    folder, run = copied(runs[0], tmp_path / "copy"), runs[1]["plain"]
    unseal(folder)
    path = artifacts(folder, run) / "environment.json"
    content = json.loads(path.read_text("utf-8"))
    content |= {"cpu": "Some Other Processor", "llvm_cpu": "other", "numba": "0.62.1"}
    content["numeric"] |= {"cpu_features": ["OTHER"], "numpy": "2.3.5"}
    path.write_text(json.dumps(content), "utf-8")
    return folder, run


def test_a_run_of_another_machine_is_said_to_be_one(elsewhere: tuple[Path, str]) -> None:
    folder, run = elsewhere
    done = inside(folder, "verify", run)
    assert done.returncode == 0, done.stdout + done.stderr
    line, _ = done.stdout.splitlines()
    assert re.search(r": identical: \d+ values and the weights, recorded on Some Other", line)
    recorded_on, repeated_on = line.split(", recorded on ")[1].split(", repeated on ")
    assert recorded_on.endswith("NumPy 2.3.5, numba 0.62.1")
    assert environment()["cpu"] in repeated_on
    assert f"Python {environment()['python']}, NumPy {np.__version__}, numba " in repeated_on
    partly = inside(folder, "verify", run, "--epochs", "1")
    assert " values, recorded on Some Other Processor" in partly.stdout


def test_what_differs_between_the_machines_is_listed_if_a_value_does(
    elsewhere: tuple[Path, str],
) -> None:
    folder, run = elsewhere
    execute(
        folder,
        "UPDATE metrics SET value = value + 0.25 WHERE run_uuid = ? AND key = 'train/cost'",
        run,
    )
    done = inside(folder, "verify", run)
    assert done.returncode == 1
    for said in (
        "CPU features: without OTHER, with ",
        "numpy: recorded 2.3.5, here ",
        "cpu: recorded Some Other Processor, here ",
        "llvm_cpu: recorded other, here ",
        "numba: recorded 0.62.1, here ",
    ):
        assert f"changed since: {said}" in done.stdout


def test_data_that_moved_is_named_and_found_where_it_is_said_to_be(
    runs: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder, ids = runs
    moved = shutil.move(folder / "idx", tmp_path / "moved")
    try:
        _load.cache_clear()  # A process reads a folder once.
        done = verify(runs, tmp_path, ids["idx"])
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert f"data.root={folder / 'idx'}: not a folder" in line
        found = verify(runs, tmp_path, ids["idx"], "--data-root", str(moved))
        assert found.returncode == 0, found.stdout + found.stderr
        labels = moved / "train-labels-idx1-ubyte"
        labels.write_bytes(labels.read_bytes()[:-1] + b"\0")
        _load.cache_clear()
        other = verify(runs, tmp_path, ids["idx"], "--data-root", str(moved))
        assert other.returncode == 2
        (line,) = other.stderr.splitlines()
        assert "was trained on other data" in line
    finally:
        shutil.move(moved, folder / "idx")


@pytest.mark.sqlite
def test_what_cannot_be_verified_is_refused_in_one_line(tmp_path: Path) -> None:
    restore(tmp_path)
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    parent = connection.execute(
        "SELECT run_uuid FROM tags WHERE key = 'nnexp.kind' AND value = 'sweep'"
    ).fetchone()[0]
    for run, column, value in (
        ("401148c4", "status", "FAILED"),
        ("30ccf8a9", "status", "KILLED"),
        ("270fd63f", "kind", "summary"),
        ("74846a57", "kind", "published"),
    ):
        if column == "status":
            connection.execute(
                "UPDATE runs SET status = ? WHERE run_uuid LIKE ?", (value, f"{run}%")
            )
        else:
            connection.execute(
                "UPDATE tags SET value = ? WHERE key = 'nnexp.kind' AND run_uuid LIKE ?",
                (value, f"{run}%"),
            )
    connection.commit()
    connection.close()
    for typed, said in (
        (("401148c4",), "is FAILED; allowed: FINISHED runs"),
        (("30ccf8a9",), "is KILLED; allowed: FINISHED runs"),
        (("270fd63f",), "is summary, no trained run"),
        (("74846a57",), "is published, no trained run"),
        ((parent,), "is a sweep; allowed: --sweep"),
        (("f" * 32,), "no such run is recorded here"),
        (("0000",), "no recorded run with an id that begins so"),
        (("xyz",), "a run id, or its beginning"),
        ((), "a RUN_ID, or --sweep ID"),
        (("270fd63f", "--epochs", "0"), "at least 1"),
        (("270fd63f", "--tolerance", "nan"), "0 <= T < 1"),
        (("--sweep", "401148c4"), "401148c4: is no sweep"),
    ):
        done = inside(tmp_path, "verify", *typed)
        assert done.returncode == 2, (typed, done.stdout)
        (line,) = done.stderr.splitlines()
        assert said in line


@pytest.mark.slow
def test_all_runs_of_a_sweep_are_verified_together(tmp_path: Path) -> None:
    assert inside(tmp_path, "-m", *TINY, "seed=0,1").returncode == 0
    listed = inside(tmp_path, "sweeps").stdout
    sweep = listed.splitlines()[1].split()[0]
    done = inside(tmp_path, "verify", "--sweep", sweep)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" values and the weights\n") == 2
    assert "2 of 2 runs verified" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("preset", ["network2", "overfitting", "regularized"])
def test_every_run_of_a_preset_is_verified_in_a_fresh_clone(preset: str, tmp_path: Path) -> None:
    """From the record alone: another checkout, another folder, another number of workers."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout that could be cloned")
    clone, folder, elsewhere = (tmp_path / name for name in ("clone", "record", "elsewhere"))
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    folder.mkdir()
    elsewhere.mkdir()
    here = {"PYTHONPATH": str(clone), "MLFLOW_TRACKING_URI": address(folder)}
    typed = (f"experiment={preset}", "sweep.workers=1", "tracking.artifacts=light")
    done = nnexp(*typed, cwd=folder, env=here, timeout=3000)
    assert done.returncode == 0, done.stderr
    listed = nnexp("runs", "--experiment", preset, "--format", "json", cwd=folder, env=here)
    ids = [row["run_id"] for row in json.loads(listed.stdout)]
    assert ids
    again = tmp_path / "again"
    subprocess.run(["git", "clone", "--quiet", str(clone), str(again)], check=True)
    there = {**here, "PYTHONPATH": str(again), "OPENBLAS_NUM_THREADS": "2"}
    verified = nnexp("verify", *ids, cwd=elsewhere, env=there, timeout=3000)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert verified.stdout.count(" values and the weights") == len(ids)
