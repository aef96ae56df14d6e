"""A record made by version 1 of this program is shown and compared by this one."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nnexp.config.compose import from_yaml
from tests.inside import inside
from tests.record.stored import RUNS, STORED, restore


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored")
    restore(folder)
    return folder


def test_it_is_small_and_names_no_machine() -> None:
    files = [path for path in STORED.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    for path in files:
        if path.suffix != ".npz":
            assert "/home/" not in path.read_text()
            assert "/tmp/" not in path.read_text()


def test_its_runs_are_listed_with_their_numbers(stored: Path) -> None:
    done = inside(stored, "runs", "--format", "json")
    assert done.returncode == 0, done.stderr
    listed = {row["run_id"][:8]: row for row in json.loads(done.stdout)}
    assert set(listed) == set(RUNS)
    assert listed[RUNS[0]]["test/accuracy"] == 0.2361
    assert listed[RUNS[0]]["reg.lmbda"] == 0.01


def test_its_settings_are_compared(stored: Path) -> None:
    done = inside(stored, "compare", "--by", "dropout", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "0.2007" in done.stdout


def test_keys_that_came_later_have_their_defaults_beside_new_runs(tmp_path: Path) -> None:
    """A key that only new runs have would seem to tell them from old ones."""
    restore(tmp_path)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection, connection:
        connection.execute(
            "INSERT INTO params SELECT 'dropout.mask', 'batch', run_uuid FROM runs "
            "WHERE run_uuid LIKE ?",
            (f"{RUNS[0]}%",),
        )
    rows = json.loads(inside(tmp_path, "runs", "--format", "json").stdout)
    masks = {row["run_id"][:8]: row["dropout.mask"] for row in rows}
    assert masks == {**dict.fromkeys(RUNS, "example"), RUNS[0]: "batch"}


def test_its_sweeps_are_listed(stored: Path) -> None:
    done = inside(stored, "sweeps")
    assert done.returncode == 0, done.stderr
    assert "270fd63f" not in done.stdout
    assert "nnexp" in done.stdout


def test_keys_that_are_gone_are_passed_over_in_what_is_recorded(tmp_path: Path) -> None:
    restore(tmp_path)
    (path,) = tmp_path.glob(f"mlartifacts/{RUNS[0]}*/artifacts/config.yaml")
    text = path.read_text("utf-8")
    assert "fuse: auto" in text
    assert from_yaml(text) == from_yaml(text.replace("  fuse: auto\n", ""))
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    (sweep,) = connection.execute(
        "SELECT run_uuid FROM tags WHERE key = 'nnexp.kind' AND value = 'sweep'"
    ).fetchone()
    line = "python -m nnexp -m size=100 seed=0,1,2 sweep.fuse=8 sweep.dry_run=true"
    for key, value in (("nnexp.command", line), ("nnexp.total", "3")):
        connection.execute(
            "UPDATE tags SET value = ? WHERE key = ? AND run_uuid = ?", (value, key, sweep)
        )
    connection.commit()
    connection.close()
    listed = inside(tmp_path, "sweeps")
    assert f"python -m nnexp sweeps --go-on {sweep[:8]}" in listed.stdout
    done = inside(tmp_path, "sweeps", "--go-on", sweep[:8])
    assert done.returncode == 2
    assert "the numeric source has changed since" in done.stderr
    assert "seed=0,1,2 sweep.dry_run=true" in done.stderr
    assert "fuse" not in done.stderr


@pytest.mark.parametrize("run", RUNS)
def test_each_is_shown(stored: Path, run: str) -> None:
    done = inside(stored, "show", run)
    assert done.returncode == 0, done.stderr
    assert "FINISHED" in done.stdout
    assert "train/cost" in done.stdout


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("option", [(), ("--tolerance", "1e-6"), ("--epochs", "1")])
def test_verifying_one_says_which_version_made_it(
    stored: Path, tmp_path: Path, run: str, option: tuple[str, ...]
) -> None:
    uri = f"sqlite:///{stored / 'mlflow.db'}"
    done = inside(tmp_path, "verify", run, *option, "--tracking-uri", uri)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    (commit,) = {
        json.loads(path.read_text("utf-8"))["git"]["commit"]
        for path in stored.glob(f"mlartifacts/{run}*/artifacts/environment.json")
    }
    assert f"was made by nnexp 0.1.0 (commit {commit[:12]}), whose engine gave other bits" in line
    assert f"(nnexp.fingerprint_version=1); allowed: 2. To verify it: git checkout {commit}" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"nnexp": "0.1.0"}, "made by nnexp 0.1.0, whose engine"),
        ({"nnexp": "0.1.0"}, "pip install nnexp==0.1.0"),
        ({}, "made by an earlier nnexp, whose engine"),
    ],
)
def test_without_a_commit_the_package_is_named(
    tmp_path: Path, content: dict[str, str], said: str
) -> None:
    restore(tmp_path)
    (path,) = tmp_path.glob(f"mlartifacts/{RUNS[0]}*/artifacts/environment.json")
    path.write_text(json.dumps(content))
    assert said in inside(tmp_path, "verify", RUNS[0]).stderr


def test_its_runs_and_new_ones_are_listed_and_compared_together(tmp_path: Path) -> None:
    restore(tmp_path)
    typed = ("size=100", "train.epochs=2", "seed=0,1", "tracking.artifacts=light")
    assert inside(tmp_path, "-m", *typed).returncode == 0
    listed = json.loads(inside(tmp_path, "runs", "--format", "json").stdout)
    engines = {row["run_id"][:8]: row["train.engine"] for row in listed}
    assert {engines[run] for run in RUNS} == {"blas"}
    assert sorted(engines.values()) == ["blas"] * 4 + ["compiled"] * 2
    by_engine = inside(tmp_path, "compare", "--by", "engine", "--format", "csv")
    assert by_engine.returncode == 0, by_engine.stderr
    assert "blas" in by_engine.stdout
    assert "compiled" in by_engine.stdout
    assert inside(tmp_path, "report", "nnexp", "--out", "page").returncode == 0


def test_a_run_of_a_later_version_is_refused_in_one_line(tmp_path: Path) -> None:
    restore(tmp_path)
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    connection.execute("UPDATE tags SET value = '2' WHERE key = 'nnexp.schema'")
    connection.commit()
    connection.close()
    for word in ("verify", "show"):
        done = inside(tmp_path, word, RUNS[0])
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "nnexp.schema=2" in line
        assert "allowed: at most 1, or a newer nnexp" in line
    assert inside(tmp_path, "runs").returncode == 0
