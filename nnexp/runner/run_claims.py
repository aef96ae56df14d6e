"""Which process trains a run, so that commands that overlap train none of theirs twice.

A claim is a locked byte of one file, at a place that the run's fingerprint says: a sweep of ten
thousand runs needs one descriptor, and the system gives its claims back when its process ends,
however it does. Nothing is ever written to the file.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from nnexp.record.locks import held_by, locked, unlock
from nnexp.record.store import Store
from nnexp.terminal import Console

FILE = "claims.lock"

WAIT_SECONDS = 1.0
"""How often a process looks whether another has ended what both were asked for."""


class Claims:
    """The runs of one experiment that this process trains."""

    def __init__(self, descriptor: int, experiment: str) -> None:
        self._descriptor, self._experiment = descriptor, experiment

    def take(self, mark: str) -> bool:
        """Claim a run by its fingerprint; whether no other process has. Once more is the same."""
        # Where there are no such locks, at worst a run is trained twice.
        return locked(self._descriptor, self._place(mark))

    def wait(self, mark: str, is_done: Callable[[], bool], say: Callable[[], None]) -> None:
        """Claim a run once no other process has it, or until it is done; `say` that it waits."""
        if self.take(mark):
            return
        say()
        while not self.take(mark) and not is_done():
            time.sleep(WAIT_SECONDS)

    def give(self, mark: str) -> None:
        """Give a claim back."""
        unlock(self._descriptor, self._place(mark))

    def _place(self, mark: str) -> int:
        """Sixty bits of a digest, as far as offsets in a file go."""
        text = f"{self._experiment}\n{mark}"
        return int(hashlib.sha256(text.encode()).hexdigest()[:15], 16)


@contextmanager
def claims(folder: Path, experiment: str) -> Iterator[Claims]:
    """Claims in the folder beside a store; all are given back at the end."""
    descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield Claims(descriptor, experiment)
    finally:
        os.close(descriptor)


@contextmanager
def alone(store: Store, name: str, what: str, console: Console) -> Iterator[None]:
    """Hold the lock of this name; a second process waits for it, and says so."""
    store.folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(store.folder / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.say(f"another process is training {what}; waiting for it to end")
        who = held_by(Path(lock.lock_file))
        console.say(f"it is {who}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
