"""Quick commits to an SQLite store while a sweep records its many runs.

MLflow commits about eight times a run, and by default SQLite waits for the disk several times a
commit. With a write-ahead log it need not wait: a process that is killed loses nothing, and a
power failure at most the last runs, which the same command then trains again. The log is a file
beside the database while someone has it open; SQLite remembers the choice in the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nnexp.record.store import Store


@contextmanager
def quick_commits(store: Store) -> Iterator[None]:
    """Meanwhile commits to an SQLite store do not wait for the disk; others are left alone."""
    if not store.uri.startswith("sqlite:///"):
        yield
        return
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    event.listen(Pool, "checkout", _quick)
    try:
        yield
    finally:
        event.remove(Pool, "checkout", _quick)


def _quick(connection: Any, *_: Any) -> None:
    """Set up a connection that MLflow is about to use."""
    if not isinstance(connection, sqlite3.Connection):
        return
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout=0")
    try:
        (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        # Only with that log is a database whole after a power failure all the same.
        if mode == "wal":
            connection.execute("PRAGMA synchronous=NORMAL")
    except sqlite3.OperationalError:
        pass  # Another process is at the file, or its file system has no shared memory.
    finally:
        connection.execute(f"PRAGMA busy_timeout={patience}")
