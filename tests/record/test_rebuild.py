"""Runs that a store has lost are made again from their logs."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.inside import inside
from tests.stores import address

TINY = ("size=100", "train.epochs=2", "model.hidden=[5]", "data.n_validation=100")
SWEEP = ("-m", *TINY, "seed=1,2", "tracking.artifacts=light")


def recorded(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """By kind and seed, all that is recorded of a run but what is new each time."""
    client = MlflowClient(address(folder))
    found = {}
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    kinds = {run.info.run_id: run.data.tags["nnexp.kind"] for run in runs}
    for run in runs:
        kind = run.data.tags["nnexp.kind"]
        names = run.data.metrics
        found[kind, run.data.params.get("seed", "")] = {
            "status": run.info.status,
            "times": (run.info.start_time, run.info.end_time),
            "name": run.info.run_name,
            # What the run that it names as its parent is, if that is there.
            "parent": kinds.get(run.data.tags.get("mlflow.parentRunId", ""), ""),
            "params": run.data.params,
            "seal": run.data.tags.get("nnexp.record_sha256"),
            "values": {
                name: [
                    (m.step, m.timestamp, m.value)
                    for m in client.get_metric_history(run.info.run_id, name)
                ]
                for name in names
                if kind == "run"
            },
            "artifacts": sorted(a.path for a in client.list_artifacts(run.info.run_id)),
        }
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, then a sweep; beside it `older.db`, from between."""
    folder = tmp_path_factory.mktemp("lost")
    assert inside(folder, *TINY, "tracking.artifacts=light").returncode == 0
    shutil.copy(folder / "mlflow.db", folder / "older.db")
    assert inside(folder, *SWEEP).returncode == 0
    return folder


@pytest.fixture
def lost(store: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    shutil.copytree(store, folder)
    return folder


@pytest.mark.parametrize("older", [True, False], ids=["an older copy", "none"])
def test_what_the_database_lacks_is_made_again(older: bool, store: Path, lost: Path) -> None:
    before = recorded(store)
    (lost / "mlflow.db").unlink()
    if older:
        shutil.copy(lost / "older.db", lost / "mlflow.db")
        plan = inside(lost, "doctor", "--dry-run")
        assert plan.stdout.count("would rebuild: run ") == 2
    done = inside(lost, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rebuilt: run ") == 2 + (not older)
    assert done.stdout.count("rebuilt: sweep ") == 1
    del before["summary", ""]  # It is made again by the sweep's command.
    assert recorded(lost) == before
    assert inside(lost, "doctor").stdout.startswith("3 runs checked: all is well")
    # The children belong to the parent that there is now.
    assert "2 recorded already, 0 to train" in inside(lost, *SWEEP).stdout


def test_a_run_that_was_made_again_is_found_by_the_id_that_it_had(store: Path, lost: Path) -> None:
    """Its old id, which may stand in somebody's notes, was unknown."""
    client = MlflowClient(address(store))
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    ids = {run.data.tags["nnexp.kind"]: run.info.run_id for run in runs}
    (lost / "mlflow.db").unlink()
    assert inside(lost, "doctor").returncode == 0
    for typed in (
        ("show", ids["run"]),
        ("show", ids["run"][:8]),
        ("verify", ids["run"][:8]),
        ("tag", ids["run"][:8], "paper=fig3"),
        ("runs", "--sweep", ids["sweep"][:8]),
        ("sweeps", "--go-on", ids["sweep"][:8]),
    ):
        done = inside(lost, *typed)
        assert done.returncode == 0, (typed, done.stderr)
    unknown = inside(lost, "show", "0" * 32)
    assert "no such run is recorded here" in unknown.stderr


def test_what_was_removed_for_good_stays_so(lost: Path) -> None:
    typed = ("delete", "--where", "params.seed = '2'", "--for-good", "--yes")
    assert inside(lost, *typed).returncode == 0
    done = inside(lost, "doctor")
    assert done.stdout.endswith("2 runs checked: all is well\n")
    assert "rebuilt" not in done.stdout


@pytest.mark.parametrize("restored", [False, True])
def test_what_was_deleted_stays_so_when_the_bin_is_emptied(restored: bool, lost: Path) -> None:
    """As `mlflow gc` does on a server, of which nnexp removes nothing for good."""
    where = ("--where", "params.seed = '2'")
    typed = ("delete", "restore") if restored else ("delete",)
    for word in typed:
        assert inside(lost, word, *where).returncode == 0
    with closing(sqlite3.connect(lost / "mlflow.db")) as database, database:
        (run_id,) = database.execute(
            "SELECT run_uuid FROM params WHERE key = 'seed' AND value = '2'"
        ).fetchone()
        for table in ("latest_metrics", "metrics", "params", "tags", "runs"):
            database.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (run_id,))
    done = inside(lost, "doctor")
    assert ("rebuilt: run" in done.stdout) == restored
    assert done.returncode == 0


def test_what_was_restored_elsewhere_is_marked_no_more(lost: Path) -> None:
    """As in MLflow's own pages, which know nothing of the mark that `delete` has left."""
    assert inside(lost, "delete", "--where", "params.seed = '2'").returncode == 0
    client = MlflowClient(address(lost))
    (mark,) = (lost / ".nnexp" / "recorded").glob("*.deleted")
    client.restore_run(mark.stem)
    assert inside(lost, "doctor", "--dry-run").returncode == 0
    assert mark.exists()  # Which writes nothing.
    assert "all is well" in inside(lost, "doctor").stdout
    assert not mark.exists()  # Should the database be lost, the run is made again.


def test_what_was_lost_and_cannot_be_read_is_left_alone(lost: Path) -> None:
    for path in (lost / ".nnexp" / "recorded").glob("*.gz"):
        path.write_bytes(path.read_bytes()[:-9])
    shutil.copy(lost / "older.db", lost / "mlflow.db")
    assert "rebuilt" not in inside(lost, "doctor").stdout


def test_a_kill_in_between_makes_nothing_twice(store: Path, lost: Path) -> None:
    (lost / "mlflow.db").unlink()
    logs = lost / ".nnexp" / "recorded"
    old = {path.name: path.read_bytes() for path in logs.glob("*.gz")}
    assert inside(lost, "doctor").returncode == 0
    before = recorded(lost)
    for name, content in old.items():  # As if it had not come to letting them go.
        (logs / name).write_bytes(content)
    assert "rebuilt" not in inside(lost, "doctor").stdout
    assert recorded(lost) == before
    assert not old.keys() & {path.name for path in logs.glob("*.gz")}


def test_what_was_trained_again_since_is_not_made_twice(lost: Path) -> None:
    shutil.copy(lost / "older.db", lost / "mlflow.db")
    assert inside(lost, *SWEEP).returncode == 0
    before = recorded(lost)
    plan = inside(lost, "doctor", "--dry-run").stdout
    assert plan.count("would let go: the log of run ") == 2
    assert plan.count("would let go: the log of sweep ") == 1
    done = inside(lost, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("it was trained again, as ") == 3
    assert recorded(lost) == before
    assert len(inside(lost, "runs", "--format", "csv").stdout.splitlines()) == 1 + 3
    assert inside(lost, "doctor").stdout.startswith("3 runs checked: all is well")


def test_what_was_to_be_recorded_twice_is(lost: Path) -> None:
    twice = (*TINY, "tracking.artifacts=light", "tracking.reuse=false")
    assert inside(lost, *twice).returncode == 0
    shutil.copy(lost / "older.db", lost / "mlflow.db")
    done = inside(lost, "doctor")
    assert done.stdout.count("rebuilt: run ") == 3
    assert "let go" not in done.stdout
