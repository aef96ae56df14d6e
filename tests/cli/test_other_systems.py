"""What only Linux and macOS have is done without where a system lacks it, as Windows does.

Windows moves and removes no file that a process has open, nor a folder with one in it, and its
pipes are of a class of their own.
"""

from __future__ import annotations

import nturl2path
import os
import socket
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from nnexp.cli import ui
from nnexp.record import files, processes, store_address
from nnexp.record.store import open_store
from nnexp.runner.unneeded_files import unneeded_files
from tests.cli.command import environment
from tests.inside import inside
from tests.stores import address
from tests.test_atomic_files import in_use

WITHOUT = """
import errno, os, signal, sys
import filelock  # Has a lock of its own for Windows.
sys.modules["fcntl"] = None
del signal.SIGHUP, signal.pthread_sigmask, os.sched_getaffinity, errno.EDQUOT
from multiprocessing import connection
Pipe = connection.Connection

class OfOtherSystems:
    def __new__(cls, *values, **named):
        return Pipe(*values, **named)

connection.Connection = OfOtherSystems

def refuse(event, values):
    if event in ("os.rename", "os.remove", "os.rmdir") and os.path.isdir("/proc/self/fd"):
        paths = [os.path.realpath(os.fsdecode(v)) for v in values if not isinstance(v, int)]
        for number in os.listdir("/proc/self/fd"):
            held = os.path.realpath(f"/proc/self/fd/{number}")
            of = [p for p in paths if os.path.isfile(held) and f"{held}/".startswith(f"{p}/")]
            if of and -1 in values:
                raise PermissionError(errno.EACCES, "is being used by another process", of[0])

sys.addaudithook(refuse)
from nnexp.__main__ import script
if __name__ == "__main__":
    script()
"""


@pytest.mark.parametrize(
    "words",
    [
        "-m size=100 train.epochs=1 model.hidden=[5] seed=0,1 tracking.artifacts=none",
        "size=100 train.epochs=1 model.hidden=[5] tracking.artifacts=light",
    ],
)
def test_training_without_what_windows_lacks(tmp_path: Path, words: str) -> None:
    (tmp_path / "without.py").write_text(WITHOUT)
    ended = subprocess.run(
        [sys.executable, "without.py", *words.split()],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ("[2/2]" if "-m" in words else "recorded") in ended.stdout
    assert ended.stderr == ""


def test_addresses_of_artifacts_are_folders_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (files, store_address):
        monkeypatch.setattr(module, "url2pathname", nturl2path.url2pathname)
        monkeypatch.setattr(module, "Path", PureWindowsPath)
    here = PureWindowsPath("C:/my runs/mlartifacts")
    assert files.local(here.as_uri()) == here
    assert files.local(str(here)) == here
    assert files.local("mlflow-artifacts:/1/2") is None
    assert not store_address._moved(here.as_uri(), here)  # type: ignore[arg-type]


def test_a_process_is_known_again_where_the_time_of_the_boot_varies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    boots = iter([1000.0, 1000.4])
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(processes.psutil, "boot_time", lambda: next(boots))
    pid = os.getpid()
    assert processes.started_at(pid) == processes.started_at(pid) != ""


def test_a_lock_that_windows_keeps_while_it_is_held_stops_no_tidying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(address(tmp_path))
    (store.folder / "run-0123456789abcdef.lock").touch()

    def kept(path: Path, missing_ok: bool = False) -> None:
        raise in_use()

    monkeypatch.setattr(Path, "unlink", kept)
    (left,) = unneeded_files(store, {}, lambda run_id: "")
    left.remove()
    assert left.what == "lock"


def test_the_port_of_the_ui_is_shared_with_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    class Probe(socket.socket):
        def setsockopt(self, *values: object) -> None:  # type: ignore[override]
            asked.append(values)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(socket, "socket", Probe)
    assert ui._free(0)
    assert asked == []


@pytest.mark.parametrize("command", ["runs", "experiments"])
def test_lines_of_a_table_end_once_where_the_stream_ends_them_too(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(address(tmp_path)).client.create_experiment("nnexp")
    monkeypatch.setattr(os, "linesep", "\r\n")
    shown = inside(tmp_path, command, "--format", "csv")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout
    assert "\r" not in shown.stdout
