"""Commands and worker processes that need not import everything anew.

One process that has imported the program, and used it, is forked for each command and, within
`forked_workers`, for each process that the program spawns: the fork server of `multiprocessing`. A
fork is a real process with its own memory, folder, environment, streams, signals and exit code;
only the four to eight seconds of imports and first uses are spared. What is about the start of a
process, about all processes of a command, or steers Python or its libraries by variables, is
started afresh.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing import context, forkserver
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent

STEERS = (
    *("PYTHON", "NUMBA", "LD_", "MLFLOW_ENABLE", "MLFLOW_HTTP", "MPL", "OPENBLAS", "PATH", "HOME"),
)
"""Variables that begin so are read when a process starts, or when something is imported."""

STARTED = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
"""The environment of the one process: this one's, before tests change it or MLflow adds to it."""


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
    with tempfile.TemporaryDirectory() as folder:
        streams = Path(folder, "out"), Path(folder, "err")
        said = (_address(), list(arguments), cwd, dict(environment), streams)
        process = _Process(target=_become, args=said)
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired([*arguments], timeout)
        texts = [stream.read_text("utf-8", "replace") for stream in streams]
    return subprocess.CompletedProcess([*arguments], process.exitcode, *texts)


def _differs(environment: Mapping[str, str]) -> bool:
    """Whether an environment steers the start of a process otherwise than ours does."""
    first, *others = environment.get("PYTHONPATH", "").split(os.pathsep)
    ours = {**STARTED, "PYTHONPATH": os.pathsep.join([str(ROOT), *others])}
    return first != str(ROOT) or any(
        ours.get(name) != environment.get(name)
        for name in {*ours, *environment}
        if name.startswith(STEERS)
    )


def _become(
    address: str,
    arguments: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    streams: Sequence[Path],
) -> None:
    """Go on as the command, whose own processes are forked off the server at an address."""
    server = forkserver._forkserver
    server._forkserver_address, server.ensure_running = address, lambda: None
    for number, path in enumerate(streams, start=1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = [str(ROOT / "nnexp" / "__main__.py"), *arguments]
    time.tzset()
    from nnexp.__main__ import script
    from tests.fresh import copied_databases

    code = 1
    try:
        with copied_databases(), forked_workers():
            script()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        # The program's own ends the process.
        atexit._run_exitfuncs()
        os._exit(code)


def _address() -> str:
    """Where the process is that others are forked off; it ends with the last that could ask it."""
    server = forkserver._forkserver
    if server._forkserver_address is None:
        server.set_forkserver_preload(["tests.warm_up"])
        with patch.dict(os.environ, STARTED, clear=True):
            server.ensure_running()
    return str(server._forkserver_address)


class _Process(context.ForkServerProcess):
    """A process forked off that one, which is started when first needed."""

    def start(self) -> None:
        _address()
        super().start()


class _Context(context.ForkServerContext):
    Process = _Process


@contextmanager
def forked_workers() -> Iterator[None]:
    """Processes that would be spawned are forked off one that is warm."""
    warm = _Context()
    with patch.dict(context._concrete_contexts, spawn=warm, forkserver=warm):
        yield
