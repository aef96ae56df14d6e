"""Locks beside the store: waited for as long as need be, but not in silence."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from nnexp.config.arguments import printable
from nnexp.record.processes import described, holder_of

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PATIENCE_SECONDS = 3.0
"""After this, what is waited for is said, and"""

AGAIN_SECONDS = 60.0
"""said again after this: whoever holds it may have been stopped since."""

FIRST_SECONDS, LOOK_SECONDS = 0.001, 0.05
"""How soon it is tried again at first, and how often at last: most locks are held for moments."""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of a file; who waits for it is told by whom it is held.

    Raises:
        OSError: the file cannot be written.
    """
    lock = FileLock(path)

    def acquired() -> bool:
        with suppress(Timeout):
            lock.acquire(timeout=0)
            return True
        return False

    wait_for(acquired, path)
    try:
        yield
    finally:
        lock.release()


def locked(file: IO[bytes] | int, byte: int | None = None) -> bool:
    """Lock an open file against other processes, as long as it is open; whether it could be.

    Or one byte of it, at a place that may lie beyond its end. Where there are no such locks
    (Windows, some network drives), what is open counts as locked.
    """
    if fcntl is None:
        return True
    try:
        if byte is None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def unlock(descriptor: int, byte: int) -> None:
    """Give back a byte of a file that `locked` has locked."""
    if fcntl is not None:
        with suppress(OSError):
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, byte)


def wait_for(acquired: Callable[[], bool], path: Path) -> None:
    """Try until something is acquired; after a while it is said by whom it is held."""
    say, pause = time.monotonic() + PATIENCE_SECONDS, FIRST_SECONDS
    while not acquired():
        if time.monotonic() > say:
            print(f"nnexp: waiting for {path}, {held_by(path)}", file=sys.stderr, flush=True)
            say = time.monotonic() + AGAIN_SECONDS
        time.sleep(pause)
        pause = min(2 * pause, LOOK_SECONDS)


def held_by(path: Path) -> str:
    """Who holds the lock of a file, in words."""
    pid = holder_of(path)
    who = described(pid) if pid is not None else "a process that cannot be seen from here"
    return printable(f"held by {who}")
