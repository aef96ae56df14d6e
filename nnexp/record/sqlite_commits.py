"""Quick commits to an SQLite store while a sweep records its many runs.

MLflow commits about eight times a run, and by default SQLite waits for the disk several times a
commit. With a write-ahead log it need not wait: a process that is killed loses nothing, and a
power failure at most the last runs, which the same command then trains again. The log is a file
beside the database while someone has it open; SQLite remembers the choice in the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnexp.record.mlflow_private import database_of
from nnexp.record.store_address import sqlite_path

if TYPE_CHECKING:
    from nnexp.record.store import Store


@contextmanager
def quick_commits(store: Store) -> Iterator[None]:
    """Meanwhile commits to an SQLite store do not wait for the disk; others are left alone.

    Afterwards the log is folded in and gone, unless someone else has the database open: a file
    with a log could not be read from a read-only disk.
    """
    engine = getattr(database_of(store.client), "engine", None)
    if not store.uri.startswith("sqlite:///") or engine is None:
        yield
        return
    from sqlalchemy import event

    event.listen(engine, "checkout", _quick)
    try:
        yield
    finally:
        event.remove(engine, "checkout", _quick)
        engine.dispose()
        _without_log(sqlite_path(store.uri))


def _without_log(path: Path) -> None:
    # Locked, or the disk is full: the log stays, which does no harm.
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=1.0)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


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
