"""Locks beside the store: waited for as long as need be, but not in silence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from nnexp.config.arguments import printable
from nnexp.record.processes import described, holder_of

PATIENCE_SECONDS = 3.0
"""After this, what is waited for is said, and"""

AGAIN_SECONDS = 60.0
"""said again after this: whoever holds it may have been stopped since."""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of a file; who waits for it is told by whom it is held.

    Raises:
        OSError: the file cannot be written.
    """
    lock = FileLock(path)
    patience = PATIENCE_SECONDS
    while True:
        try:
            lock.acquire(timeout=patience)
            break
        except Timeout:
            print(f"nnexp: waiting for {path}, {held_by(path)}", file=sys.stderr, flush=True)
            patience = AGAIN_SECONDS
    try:
        yield
    finally:
        lock.release()


def held_by(path: Path) -> str:
    """Who holds the lock of a file, in words."""
    pid = holder_of(path)
    who = described(pid) if pid is not None else "a process that cannot be seen from here"
    return printable(f"held by {who}")
