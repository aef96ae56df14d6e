"""`doctor`: what waits is sent, what nobody needs goes, what is left is named."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from filelock import FileLock

from nnexp.record.checkpoint import CheckpointFile, run_key
from nnexp.record.events import Begun, Ended, Values
from nnexp.record.log import write_whole
from nnexp.record.log_folder import RUNS
from nnexp.record.store import Store, open_store
from tests.inside import inside
from tests.record.stored import restore
from tests.record.test_stale import gone, tags
from tests.runner.typed import nnexp
from tests.stores import address

FINISHED = "401148c4"
"""A stored run's beginning."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    restore(tmp_path)
    return open_store(address(tmp_path))


def waiting(store: Store, experiment: str, name: str) -> Path:
    data = {"name": "mnist", "digest": "1", "source_type": "nnexp", "source": "{}"}
    params, kind = {"tracking.artifacts": "none"}, {"nnexp.kind": "run"}
    begun = Begun(store.name, experiment, name, 1, params, kind, data, tags(*gone()))
    events = [begun, Values(0, 1, {"train/cost": 1.0}), Ended("FINISHED", 2)]
    return write_whole(store.folder / RUNS / name, events).folder


def everything(folder: Path) -> dict[str, str]:
    """Digests of all files below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_what_waits_is_sent_and_what_nobody_needs_goes(store: Store, tmp_path: Path) -> None:
    client, folder = store.client, store.folder
    (run,) = client.search_runs(["1"], f"attributes.run_id LIKE '{FINISHED}%'")
    mark = run.data.tags["nnexp.fingerprint"]
    waiting(store, "1", "late")
    abandoned = client.create_run("1", tags=tags(*gone()), run_name="abandoned").info.run_id
    left = [
        folder / "run-0123456789abcdef.lock",
        folder / "fresh-999999999.db",
        folder / f"sweep-{run.info.run_id}",
        folder / f"{run.info.run_id}-x1y2",
        folder / "runs" / "half.new999999999",
        folder / "import.new999999999-x1y2",
        CheckpointFile(folder, run_key(store, "1", mark, swept=True)).path,
        folder / f"{'0' * 32}.checkpoint.new999999999",
    ]
    used = [
        folder / "sweep-0123456789abcdef.lock",
        folder / f"sweep-{'f' * 32}",
        CheckpointFile(folder, run_key(store, "1", "another", swept=True)).path,
        folder / "create.lock",
        # Of a process that is at work.
        folder / "runs" / f"half.new{os.getpid()}",
        folder / f"import.new{os.getpid()}-x1y2",
        folder / f"{'1' * 32}.checkpoint.new{os.getpid()}",
    ]
    for path in [*left, *used]:
        if path.suffix == "" or path.name.startswith(("half", "import")):
            path.mkdir()
        else:
            path.touch()
    held = FileLock(folder / "sweep-0123456789abcdef.lock")
    with held:
        before = everything(tmp_path)
        plan = inside(tmp_path, "doctor", "--dry-run")
        assert everything(tmp_path) == before
        done = inside(tmp_path, "doctor")
        again = inside(tmp_path, "doctor")
    assert plan.returncode == done.returncode == 0, plan.stdout + done.stdout + done.stderr
    assert "would send: run late\n" in plan.stdout
    assert "would be marked KILLED: run " in plan.stdout
    assert plan.stdout.endswith("all is well (dry run: nothing was changed)\n")
    assert "sent: run late, recorded as " in done.stdout
    assert f"marked KILLED: run {abandoned[:8]} abandoned, which nobody works on" in done.stdout
    for path in left:
        assert f" {path}\n" in plan.stdout
        assert f" {path}\n" in done.stdout
        assert not path.exists()
    assert all(path.exists() for path in used)
    assert client.get_run(abandoned).info.status == "KILLED"
    (sent,) = client.search_runs(["1"], "attributes.run_name = 'late'")
    assert sent.info.status == "FINISHED"
    (line,) = again.stdout.splitlines()
    assert line.endswith("runs checked, 5 of them recorded without a digest: all is well")


def test_what_the_store_refuses_is_named_until_it_takes_it(store: Store, tmp_path: Path) -> None:
    number = store.client.create_experiment("gone")
    waiting(store, number, "orphan")
    store.client.delete_experiment(number)
    for _ in range(2):
        done = inside(tmp_path, "doctor")
        assert done.returncode == 1, done.stdout
        (line,) = [line for line in done.stdout.splitlines() if "orphan" in line]
        assert line.startswith("refused: run orphan: ")
        assert "must be in the 'active' state" in line
        assert done.stdout.endswith(": 1 thing left to look at\n")
    plan = inside(tmp_path, "doctor", "--dry-run")
    assert plan.returncode == 1
    assert "'active' state" in plan.stdout
    store.client.restore_experiment(number)
    mended = inside(tmp_path, "doctor")
    assert mended.returncode == 0, mended.stdout
    assert "sent: run orphan, refused before, recorded as " in mended.stdout


def test_artifacts_that_are_gone_are_missed_in_runs_without_a_digest_too(
    store: Store, tmp_path: Path
) -> None:
    (run,) = store.client.search_runs(["1"], f"attributes.run_id LIKE '{FINISHED}%'")
    (weights,) = Path(run.info.artifact_uri.removeprefix("file://")).glob("weights.npz")
    weights.unlink()
    done = inside(tmp_path, "doctor")
    assert done.returncode == 1
    assert f"missing: artifacts of {FINISHED}" in done.stdout
    assert ": weights.npz\n" in done.stdout


def test_a_folder_without_a_store_stays_as_it_is(tmp_path: Path) -> None:
    for typed in (("doctor",), ("doctor", "--dry-run")):
        done = inside(tmp_path, *typed)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "mlflow.db: no such file; allowed: a store with runs" in line
    assert list(tmp_path.iterdir()) == []
    assert "example:\n  python -m nnexp doctor" in inside(tmp_path, "doctor", "--help").stdout


def test_a_store_that_is_gone_is_made_again_and_checked(tmp_path: Path) -> None:
    small = ("size=100", "data.n_validation=50", "model.hidden=[5]", "train.epochs=1")
    assert nnexp(tmp_path, *small, "tracking.artifacts=light").returncode == 0
    (tmp_path / "mlflow.db").unlink()
    before = sorted(tmp_path.rglob("*"))
    looked = nnexp(tmp_path, "doctor", "--dry-run")
    assert looked.returncode == 0, looked.stderr
    assert "would rebuild: run" in looked.stdout
    assert nnexp(tmp_path, "experiments").returncode == 0
    assert sorted(tmp_path.rglob("*")) == before
    done = nnexp(tmp_path, "doctor")
    assert "rebuilt: run" in done.stdout
    assert "1 run checked: all is well" in done.stdout
