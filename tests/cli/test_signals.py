"""Ctrl-C, SIGTERM and SIGHUP in the middle of a training: the run is KILLED, the process ends."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.cli.command import environment, history, only_run, start

LONG = ("size=1k", "train.epochs=100000")


def group_is_gone(group: int) -> bool:
    """Whether no process of a group is left, after a while at most."""
    for _ in range(300):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("number", "code", "name"),
    [
        (signal.SIGINT, 130, "Ctrl-C"),
        pytest.param(signal.SIGTERM, 143, "SIGTERM", marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 129, "SIGHUP", marks=pytest.mark.slow),
    ],
)
def test_stopped_run_is_killed_in_the_record_and_leaves_no_process(
    number: signal.Signals, code: int, name: str, tmp_path: Path
) -> None:
    process = start(*LONG, cwd=tmp_path)
    try:
        assert process.stdout is not None
        seen = next(line for line in process.stdout if line.startswith("Epoch 3 "))
        assert "/ 1000" in seen
        if number != signal.SIGTERM:
            # A terminal sends Ctrl-C to every process of the group, and tells it when it closes.
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, err
        assert group_is_gone(process.pid)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    (line,) = err.splitlines()
    assert name in line
    assert "Traceback" not in out
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    run = only_run(client)
    assert run.info.status == "KILLED"
    assert name in run.data.tags["nnexp.reason"]
    assert run.info.run_id in out
    # What was measured until then is recorded, without a hole.
    steps = sorted(history(client, run)["train/cost"])
    assert len(steps) > 3
    assert steps == list(range(len(steps)))


@pytest.mark.parametrize("typed", [LONG, ("-m", *LONG, "seed=0,1")], ids=["run", "sweep"])
@pytest.mark.parametrize("moment", [0.9, pytest.param(2.5, marks=pytest.mark.slow)])
def test_ctrl_c_while_it_starts_ends_in_one_line(
    typed: tuple[str, ...], moment: float, tmp_path: Path
) -> None:
    process = start(*typed, cwd=tmp_path)
    # Python itself answers until our first line runs; the program is known by its main module.
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert group_is_gone(process.pid)
    if process.returncode == -signal.SIGINT:
        # A slow machine had not come to our first line yet: it was Python that answered.
        assert "stopped by" not in err
        assert not (tmp_path / "mlflow.db").exists()
        return
    assert process.returncode == 130, err
    assert err.splitlines() == ["nnexp: stopped by Ctrl-C"]


@pytest.mark.parametrize(
    "typed",
    [LONG, pytest.param(("-m", *LONG, "seed=0"), marks=pytest.mark.slow)],
    ids=["run", "sweep"],
)
def test_a_terminal_that_is_closed_leaves_nothing_running(
    typed: tuple[str, ...], tmp_path: Path
) -> None:
    """The kernel sends SIGHUP, and whatever is printed from then on is an error."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        # Instead of ours, to which MLflow adds the address of a store that another test has used.
        os.execve(sys.executable, [sys.executable, "-m", "nnexp", *typed], environment())
    said, deadline = b"", time.monotonic() + 100
    while not re.search(rb"epoch [1-9]|1 running", said) and time.monotonic() < deadline:
        if select.select([terminal], [], [], 1.0)[0]:
            said += os.read(terminal, 4096)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    assert group_is_gone(pid)
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    run = only_run(client)
    assert run.info.status == "KILLED"
    assert run.data.tags["nnexp.reason"] == "stopped by SIGHUP"
    assert not list(tmp_path.glob(".nnexp/crash-*.log"))


STOPPED_INSIDE = """
import os, signal, time
import nnexp.cli.runs
from nnexp.__main__ import script

def stop():
    os.kill(os.getpid(), signal.{name})
    sum(range(1000))

class Gone:
    def __del__(self):
        stop()

class Named:
    def __set_name__(self, owner, name):
        stop()

def swallowed(*_, **__):
    Gone()
    for _ in range(100):
        time.sleep(0.1)

def renamed(*_, **__):
    class Has:
        named = Named()

nnexp.cli.runs.open_store = {what}
script()
"""


@pytest.mark.parametrize("what", ["swallowed", "renamed"])
@pytest.mark.parametrize(
    ("name", "code"), [("SIGINT", 130), pytest.param("SIGTERM", 143, marks=pytest.mark.slow)]
)
def test_a_stop_that_a_library_swallows_or_renames_is_a_stop(
    name: str, code: int, what: str, tmp_path: Path
) -> None:
    """Python prints what a destructor raises and goes on; of what a class raises it makes another.

    Libraries have such places in their imports, which take the first seconds of a command.
    """
    program = STOPPED_INSIDE.format(name=name, what=what)
    process = start("runs", cwd=tmp_path, python=("-c", program))
    _, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    assert err.splitlines() == [f"nnexp: stopped by {'Ctrl-C' if name == 'SIGINT' else name}"]
    assert not list(tmp_path.glob("**/crash-*.log"))
