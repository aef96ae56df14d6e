"""Disks that are full or read-only, and a database that another process has locked."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.record.stored import RUNS, restore
from tests.runner.typed import COMMAND, by_setting, environment, nnexp, recorded, start, until

BIG = ("size=1k", "train.epochs=10", "model.hidden=[1000]", "tracking.artifacts=light")
"""Weights of 3.2 MB: more than the small disks hold, whether a checkpoint was written or not."""


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own in a folder; skips where that is not permitted."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a file system is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_up_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path, "3m"):
        full = nnexp(tmp_path, *BIG)
        assert full.returncode == 1, full.stderr
        assert "Traceback" not in full.stderr
        assert "No space left on device" in full.stderr
        remount(tmp_path, "size=100m")
        done = nnexp(tmp_path, *BIG)
        assert done.returncode == 0, done.stderr
        finished = [r for r in recorded(tmp_path) if r.info.status == "FINISHED"]
        assert len(finished) == 1
        assert all(r.info.status != "RUNNING" for r in recorded(tmp_path))


def test_a_read_only_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with small_disk(tmp_path, "3m"):
        remount(tmp_path, "ro")
        done = nnexp(tmp_path, "size=100", "train.epochs=1")
        assert done.returncode == 2
        (line,) = done.stderr.strip().splitlines()
        assert "Read-only file system" in line
        assert "tracking.uri" in line


def fill(folder: Path) -> Path:
    """Write a file until there is no space left."""
    path = folder / "filler"
    with path.open("wb") as file:
        while True:
            try:
                os.write(file.fileno(), bytes(1 << 16))
            except OSError:
                return path


@pytest.mark.slow
def test_a_disk_that_is_full_for_a_while_loses_nothing(tmp_path: Path) -> None:
    """Database, checkpoints and the log of the database have no space; then they have."""
    with small_disk(tmp_path, "30m"):
        process = start(tmp_path, "size=1k", "train.epochs=500", "tracking.artifacts=light")
        said = until(process, "Epoch 3 ")
        filler = fill(tmp_path)
        said += until(process, "no checkpoint could be written")
        filler.unlink()
        said += process.communicate(timeout=250)[0]
        assert process.returncode == 0, said
        assert "Traceback" not in said
        ((_, metrics),) = by_setting(tmp_path).values()
        assert [step for step, _ in metrics["train/cost"]] == list(range(501))


@pytest.mark.slow
def test_a_sweep_on_a_disk_that_fills_up_goes_on_when_there_is_space(tmp_path: Path) -> None:
    typed = ("-m", "size=1k", "train.epochs=100", "seed=range(4)",
             "tracking.artifacts=light")  # fmt: skip
    with small_disk(tmp_path, "30m"):
        process = start(tmp_path, *typed)
        said = until(process, "[1/4]")
        filler = fill(tmp_path)
        said += process.communicate(timeout=250)[0]
        assert process.returncode == 1, said
        assert "Traceback" not in said
        assert "No space left on device: '" in said.splitlines()[-1]
        assert "does not answer" not in said
        filler.unlink()
        done = nnexp(tmp_path, *typed)
        assert done.returncode == 0, done.stderr
        assert len(by_setting(tmp_path)) == 4


@pytest.mark.slow
def test_a_database_that_cannot_grow_gets_at_the_next_start_what_was_kept(tmp_path: Path) -> None:
    """A limit on the size of files: the rest of the disk has space."""
    restore(tmp_path)
    size = (tmp_path / "mlflow.db").stat().st_size
    typed = ("size=100", "train.epochs=120", "tracking.artifacts=light")
    limited = subprocess.run(
        [*COMMAND, *typed],
        cwd=tmp_path,
        env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50_000,) * 2),
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert limited.returncode == 0, limited.stderr
    assert "nothing is lost" in limited.stdout
    again = nnexp(tmp_path, *typed)
    assert again.returncode == 0, again.stderr
    assert "delivered 1 run " in again.stdout
    assert "nothing was trained" in again.stdout
    ((_, metrics),) = [found for key, found in by_setting(tmp_path).items() if "=120" in key]
    assert [step for step, _ in metrics["train/cost"]] == list(range(121))


@pytest.mark.slow
def test_what_was_recorded_is_read_on_a_read_only_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path, "30m"):
        restore(tmp_path)
        assert nnexp(tmp_path, "size=100", "train.epochs=1").returncode == 0
        # By a process of its own: this one would keep the database open.
        new = nnexp(tmp_path, "runs", "--format", "csv").stdout.splitlines()[1].split(",")[0]
        remount(tmp_path, "ro")
        for typed in (("runs",), ("show", RUNS[0]), ("verify", new)):
            done = nnexp(tmp_path, *typed)
            assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [10, 30])
def test_a_locked_database_is_waited_for(tmp_path: Path, seconds: int) -> None:
    assert nnexp(tmp_path, "size=100", "train.epochs=1").returncode == 0
    held = threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        held.set()
        time.sleep(seconds)
        connection.execute("COMMIT")
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    done = nnexp(tmp_path, "size=100", "train.epochs=2")
    thread.join()
    assert done.returncode == 0, done.stderr
    assert len(by_setting(tmp_path)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("typed", [("train.epochs=3000",), ("-m", "train.epochs=1500", "seed=0,1")])
def test_a_database_locked_for_long_in_the_middle_loses_nothing(
    typed: tuple[str, ...], tmp_path: Path
) -> None:
    process = start(tmp_path, "size=1k", "tracking.artifacts=light", *typed)
    said = until(process, "Epoch 3 " if "-m" not in typed else "sweep of")
    connection = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None, timeout=60)
    connection.execute("BEGIN EXCLUSIVE")
    time.sleep(35)
    connection.execute("COMMIT")
    connection.close()
    said += process.communicate(timeout=280)[0]
    assert process.returncode == 0, said
    found = by_setting(tmp_path)
    assert len(found) == (2 if "-m" in typed else 1)
    for _, metrics in found.values():
        steps = [step for step, _ in metrics["train/cost"]]
        assert steps == list(range(len(steps)))
