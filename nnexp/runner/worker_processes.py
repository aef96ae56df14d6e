"""How worker processes are started: forked off one that has imported all they need, or anew.

The fork server of `multiprocessing` is a process without threads, so that its forks are safe. On
macOS the system's own libraries may have some all the same, and Windows cannot fork. Where a user's
own parts are loaded, or variables that steer libraries were changed since, workers begin anew too.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.context import BaseContext

from nnexp.extension_files import loaded
from nnexp.signals import held_interrupts

SERVER = "nnexp.runner.worker_server"

READS = "NNEXP_SERVER_READS"
"""The variable that tells it which of the usual data to read: `train` or `all`; none without."""

STEERS = ("NUMBA", "OPENBLAS", "OMP_", "MKL_", "PYTHON", "LD_", "XDG_", "MPL", "HOME")
"""Variables that begin so are read when a library is imported."""

_server: list[dict[str, str]] = []
"""Such variables as the server was started with; empty before."""


def get_ready(reads: str = "") -> bool:
    """Let the process that workers are forked off begin with its imports; whether there is one.

    This process goes on with its own work meanwhile. What the other `reads` of the usual data,
    `train` or `all`, its forks have from it.
    """
    if not _forks():
        return False
    from multiprocessing.forkserver import ensure_running

    if not _server:
        _server.append(_steering())
    context().set_forkserver_preload([SERVER])
    with held_interrupts(), _same_imports({READS: reads}):
        ensure_running()
    return True


def context() -> BaseContext:
    """What `multiprocessing` starts workers with."""
    return multiprocessing.get_context("forkserver" if _forks() else "spawn")


def _forks() -> bool:
    # A child of another process may have got from it the number of a server that is not its own.
    alone = multiprocessing.parent_process() is None
    as_now = _server in ([], [_steering()])
    return sys.platform == "linux" and alone and as_now and not loaded()


def _steering() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(STEERS)}


@contextmanager
def _same_imports(more: Mapping[str, str]) -> Iterator[None]:
    """Let a process that is started import from where this one does, and have more variables.

    It would look into the working folder first, where somebody may have a `random.py`.
    """
    path = os.pathsep.join(filter(None, sys.path))
    said = {"PYTHONPATH": path, "PYTHONSAFEPATH": "1", **more}
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
