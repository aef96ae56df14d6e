"""What is waited for is said, and by whom it is held: nothing waits for ever in silence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner.typed import helpers_of, recorded, start, until

HOLD = """
import sys
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds `create.lock` until its input ends."""
    (tmp_path / ".nnexp").mkdir()
    # Where there is no store, those who look need no lock.
    (tmp_path / "mlflow.db").touch()
    lock = str(tmp_path / ".nnexp" / "create.lock")
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, lock, "http://me:geheim@host"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_who_holds_a_lock_is_said_after_a_while(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    holder.send_signal(signal.SIGSTOP)
    process = start(tmp_path, "sweeps")
    said = until(process, "waiting for ")
    assert (
        f"waiting for {tmp_path / '.nnexp' / 'create.lock'}, held by process {holder.pid}" in said
    )
    assert f"it is stopped, kill -CONT {holder.pid} lets it go on" in said
    assert "geheim" not in said
    holder.kill()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    assert "no sweeps are recorded here" in out


def test_a_command_that_waits_can_be_stopped(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    process = start(tmp_path, "runs")
    until(process, "waiting for ")
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 143, out


@pytest.mark.slow
def test_a_worker_that_was_stopped_is_noticed(tmp_path: Path) -> None:
    typed = ("-m", "size=100", "train.epochs=500", "seed=0")
    process = start(tmp_path, *typed, "tracking.artifacts=light")
    until(process, "sweep of 1 run")
    (worker,) = helpers_until(process.pid)
    os.kill(worker, signal.SIGSTOP)
    said = until(process, "is stopped")
    assert f"its worker process {worker} is stopped; kill -CONT {worker} lets it go on" in said
    os.kill(worker, signal.SIGCONT)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0, out
    assert out.count("is stopped") == 0
    assert {run.info.status for run in recorded(tmp_path)} == {"FINISHED"}


def helpers_until(pid: int) -> list[int]:
    """The worker processes of a command, as soon as there are any."""
    while not (found := helpers_of(pid)):
        pass
    return found
