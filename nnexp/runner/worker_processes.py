"""How worker processes are started: forked off one that has imported all they need, or anew.

The fork server of `multiprocessing` is a process without threads, so that its forks are safe. On
macOS the system's own libraries may have some all the same, and Windows cannot fork. Where a user's
own parts are loaded, variables that steer libraries (or cores, or the umask) were changed since, or
no such server can be had, workers begin anew too.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, cast

from nnexp.extension_files import loaded
from nnexp.signals import held_interrupts

SERVER = "nnexp.runner.worker_server"

READS = "NNEXP_SERVER_READS"
"""The variable that tells it which of the usual data to read: `train` or `all`; none without."""

STEERS = (
    *("NUMBA", "NUMPY", "NPY_", "OPENBLAS", "GOTO_", "OMP_", "MKL_", "KMP_", "TBB_", "MALLOC_"),
    *("GLIBC_", "PYTHON", "LD_", "XDG_", "MPL", "HOME"),
)
"""Variables that begin so are read when a library is imported, or a program begins."""

_server: list[tuple[int, dict[str, str]]] = []
"""By which process a server was started, and with what variables, cores and umask; empty before."""

NONE_HERE = (0, dict[str, str]())
"""In the place of a server: none can be had."""

_LOCK = threading.RLock()
"""Held by the one thread that looks at the variables, or changes them for a moment."""


def get_ready(reads: str = "") -> bool:
    """Let the process that workers are forked off begin with its imports; whether there is one.

    This process goes on with its own work meanwhile. What the other `reads` of the usual data,
    `train` or `all`, its forks have from it.
    """
    with _LOCK:
        if not _forks():
            return False
        from multiprocessing.forkserver import ensure_running

        if not _server:
            _server.append(_now())
        multiprocessing.get_context("forkserver").set_forkserver_preload([SERVER])
        try:
            with held_interrupts(), _same_imports({READS: reads}):
                ensure_running()
        except OSError:
            # Such as a folder for temporary files whose path is too long for a socket in it.
            _give_up()
            return False
        return True


def variables() -> dict[str, str]:
    """The variables of this process, never those that a server is started with."""
    with _LOCK:
        return dict(os.environ)


def start(target: Callable[..., object], args: tuple[Any, ...]) -> tuple[BaseProcess, Connection]:
    """Start a process that calls `target` with one end of a pipe and `args`; it, and our end.

    Raises:
        OSError: the system lets no process be started.
    """
    # It is asked for now, since it may have died and would be started without what it needs.
    if get_ready():
        try:
            return _started("forkserver", target, args)
        except (OSError, EOFError):
            # It has died, or could not fork: what is wrong is said where one begins anew.
            _give_up()
    with held_interrupts():
        return _started("spawn", target, args)


def _started(
    method: str, target: Callable[..., object], args: tuple[Any, ...]
) -> tuple[BaseProcess, Connection]:
    context: Any = multiprocessing.get_context(method)
    ours, theirs = context.Pipe()
    try:
        process = context.Process(target=target, args=(theirs, *args), daemon=True)
        process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, cast("Connection", ours)


def _give_up() -> None:
    _server[:] = [NONE_HERE]


def _forks() -> bool:
    # A child of another process may have got from it the number of a server that is not its own.
    alone = multiprocessing.parent_process() is None
    as_now = _server == [_now()] if _server else not _is_others()
    return sys.platform == "linux" and alone and as_now and not loaded()


def _is_others() -> bool:
    """Whether a program that this package is used in has a fork server already.

    With what variables and modules that one began is not known.
    """
    from multiprocessing import forkserver

    return getattr(forkserver._forkserver, "_forkserver_pid", None) is not None


def _now() -> tuple[int, dict[str, str]]:
    """This process, which a fork is not, and what one that it starts gets from it."""
    steering = {k: v for k, v in variables().items() if k.startswith(STEERS)}
    if hasattr(os, "sched_getaffinity"):
        steering["cores"] = str(sorted(os.sched_getaffinity(0)))
    # The system tells it only where it is changed, for all threads, or here.
    with suppress(OSError, StopIteration), open("/proc/self/status", encoding="utf-8") as lines:
        steering["umask"] = next(line for line in lines if line.startswith("Umask"))
    return os.getpid(), steering


@contextmanager
def _same_imports(more: Mapping[str, str]) -> Iterator[None]:
    """Let a process that is started import from where this one does, and begin no threads.

    It has `more` variables too. It would look into the working folder first, where somebody may
    have a `random.py`. OpenBLAS begins a thread for each core, which a fork does not have.
    """
    path = os.pathsep.join(entry for entry in sys.path if entry and isinstance(entry, str))
    said = {"PYTHONPATH": path, "PYTHONSAFEPATH": "1", **more}
    said["OPENBLAS_NUM_THREADS"] = os.environ.get("OPENBLAS_NUM_THREADS", "1")
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
