"""Disks that are full or read-only, and a database that another process has locked."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sweep.typed import by_setting, nnexp, recorded

BIG = ("size=1k", "train.epochs=30", "model.hidden=[300]", "tracking.artifacts=light")


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


@pytest.mark.parametrize("seconds", [10, pytest.param(30, marks=pytest.mark.slow)])
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
