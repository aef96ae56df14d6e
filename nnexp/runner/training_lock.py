"""Locks beside the store: what two processes are asked for at once is done by one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from rich.console import Console

from nnexp.record.locks import held_by
from nnexp.record.store import Store


@contextmanager
def alone(store: Store, name: str, what: str, console: Console) -> Iterator[None]:
    """Hold the lock of this name; a second process waits for it, and says so."""
    store.folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(store.folder / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.print(f"another process is training {what}; waiting for it to end")
        who = held_by(Path(lock.lock_file))
        console.print(f"it is {who}", markup=False, highlight=False)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
