"""Commands in processes of their own that need not import everything anew.

A process that has imported the program waits, and forks for each command. The fork is a real
process with its own folder, environment, standard streams, signals and exit code; only the two to
four seconds of imports are spared. What is about the start of the program, or steers Python or its
libraries by variables, is started afresh.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

STEERS = ("PYTHON", "NUMBA", "LD_", "MLFLOW_ENABLE", "MLFLOW_HTTP", "OPENBLAS", "PATH", "HOME")
"""Variables that begin so are read when a process starts, or when something is imported."""

_waiting: dict[int, tuple[socket.socket, subprocess.Popen[bytes]]] = {}
"""The process that waits and the way to it, by the number of the process that started it."""


def run(
    arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """`python -m nnexp ARGUMENTS`; its output as text.

    Raises:
        subprocess.TimeoutExpired: it did not end in time; it was killed.
    """
    if _differs(environment):
        return subprocess.run(
            [sys.executable, "-m", "nnexp", *arguments],
            cwd=cwd,
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
    said = {"arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment)}
    with (
        open(os.devnull, "rb") as stdin,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                streams = [stdin.fileno(), out.fileno(), err.fileno(), theirs.fileno()]
                socket.send_fds(_server(), [json.dumps(said).encode()], streams)
            code = _ended(ours, [*arguments], timeout)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return subprocess.CompletedProcess([*arguments], code, *texts)


def _differs(environment: Mapping[str, str]) -> bool:
    """Whether an environment steers the start of a process otherwise than ours does."""
    path = environment.get("PYTHONPATH", "")
    if not path.startswith(str(ROOT)):
        return True
    ours = {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    return any(
        ours.get(name) != environment.get(name)
        for name in {*ours, *environment}
        if name.startswith(STEERS)
    )


def _ended(connection: socket.socket, command: list[str], timeout: float) -> int:
    """The exit code of a command, as `subprocess` gives it, that a connection tells of."""
    connection.settimeout(timeout)
    pid = int.from_bytes(connection.recv(8), "little")
    try:
        status = connection.recv(8)
    except TimeoutError as error:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        raise subprocess.TimeoutExpired(command, timeout) from error
    return os.waitstatus_to_exitcode(int.from_bytes(status, "little"))


def _server() -> socket.socket:
    """The way to the process that waits: started when first needed, it ends with this one."""
    if os.getpid() not in _waiting:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(number)],
                cwd=ROOT,
                env=environment,
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
            )
        _waiting[os.getpid()] = ours, process
        atexit.register(_end)
    return _waiting[os.getpid()][0]


def _end() -> None:
    """Let the process that waits end: nobody will give it any more commands."""
    if os.getpid() in _waiting:
        connection, process = _waiting.pop(os.getpid())
        connection.close()
        process.wait()


def serve(number: int) -> None:
    """Wait for commands until nobody is there to give any."""
    from importlib import import_module

    from nnexp.record.store import import_client

    import_client()
    for name in ("hydra_app", "runner.sweep", "runner.run", "study.verify", "study.compare"):
        import_module(f"nnexp.{name}")
    for name in ("results", "record.figures.run", "record.artifacts", "report.page"):
        import_module(f"nnexp.{name}")
    from nnexp.train.compiled import compile_kernel

    for dtype in ("float32", "float64"):
        compile_kernel(dtype)
    assert threading.active_count() == 1, "a process with threads cannot be forked safely"
    # Ended children leave nothing behind.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    from tests.fresh import copied_databases

    with copied_databases():
        _answer(socket.socket(fileno=number))


def _answer(place: socket.socket) -> None:
    """Fork for every command that is asked for."""
    while True:
        message, streams, _, _ = socket.recv_fds(place, 1 << 20, 4)
        if not message:
            return
        if os.fork() == 0:
            place.close()
            _watch(json.loads(message), streams)
        for stream in streams:
            os.close(stream)


def _watch(said: dict[str, object], streams: list[int]) -> None:
    """Start a command, tell its number and how it ended, and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection = socket.socket(fileno=streams.pop())
    pid = os.fork()
    if pid == 0:
        connection.close()
        _become(said, streams)
    connection.send(pid.to_bytes(8, "little"))
    _, status = os.waitpid(pid, 0)
    connection.send(status.to_bytes(8, "little"))
    os._exit(0)


def _become(said: dict[str, object], streams: list[int]) -> None:
    """Go on as the command."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    assert isinstance(said["environment"], dict)
    assert isinstance(said["arguments"], list)
    os.environ.clear()
    os.environ.update(said["environment"])
    os.chdir(str(said["cwd"]))
    sys.argv = [str(ROOT / "nnexp" / "__main__.py"), *said["arguments"]]
    time.tzset()
    from nnexp.__main__ import script

    code = 1
    try:
        script()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        # The program's own ends the process.
        atexit._run_exitfuncs()
        os._exit(code)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
