"""Files beside the store that nobody needs any more: their processes were killed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from nnexp.atomic_files import IN_USE
from nnexp.record.checkpoint import SUFFIX, CheckpointFile, run_key
from nnexp.record.log_folder import HALF, IMPORT, RUNS
from nnexp.record.processes import exists
from nnexp.record.projection_state import state_of
from nnexp.record.store import Store

LOCK = re.compile(r"(run|sweep)-[0-9a-f]{16}\.lock")
WORK = re.compile(r"(?:sweep-)?([0-9a-f]{32})(?:-\w+)?")
"""Folders in which the artifacts of runs are written, by the id of the run or the sweep."""

ENDED = ("FINISHED", "FAILED", "KILLED")


@dataclass(frozen=True)
class Leftover:
    """Something that can go: what it is, where, and how it goes."""

    what: str
    path: Path
    remove: Callable[[], None]


def unneeded_files(
    store: Store, finished: Mapping[str, Sequence[str]], status: Callable[[str], str]
) -> Iterator[Leftover]:
    """What is left over beside a store.

    Args:
        finished: by experiment id, the fingerprints of its finished runs.
        status: that of a run, by its id; empty if the store does not know it.
    """
    yield from _locks(store)
    yield from _databases(store)
    yield from _folders(store, status)
    yield from _checkpoints(store, finished, status)


def _locks(store: Store) -> Iterator[Leftover]:
    for path in sorted(store.folder.glob("*.lock")):
        if LOCK.fullmatch(path.name) and path.stat().st_size == 0:
            with _held(path) as free:
                if free:
                    yield Leftover("lock", path, partial(_unlink, path))


def _databases(store: Store) -> Iterator[Leftover]:
    with _held(store.folder / "create.lock") as free:
        for path in sorted(store.folder.glob("fresh-*.db*")) if free else ():
            yield Leftover("half-made database", path, path.unlink)


def _folders(store: Store, status: Callable[[str], str]) -> Iterator[Leftover]:
    for folder in sorted((store.folder / RUNS).glob(f"*{HALF}*/")):
        writer = folder.name.rpartition(HALF)[2]
        if not (writer.isdigit() and exists(int(writer))):
            yield Leftover("half-written log", folder, partial(shutil.rmtree, folder))
    for folder in sorted(store.folder.glob(f"{IMPORT}{HALF}*/")):
        writer = folder.name.rpartition(HALF)[2].partition("-")[0]
        if not (writer.isdigit() and exists(int(writer))):
            yield Leftover("half-written folder", folder, partial(shutil.rmtree, folder))
    for folder in sorted(store.folder.iterdir()):
        found = WORK.fullmatch(folder.name)
        # One of a run that this store does not know may be in use for another store.
        if found and folder.is_dir() and status(found[1]) in ENDED:
            yield Leftover("half-written folder", folder, partial(shutil.rmtree, folder))


def _checkpoints(
    store: Store, finished: Mapping[str, Sequence[str]], status: Callable[[str], str]
) -> Iterator[Leftover]:
    swept = {
        run_key(store, experiment, mark, swept=True)[:32]
        for experiment, marks in finished.items()
        for mark in marks
    }
    for path in sorted(store.folder.glob(f"*{SUFFIX}*")):
        key, _, rest = path.name.partition(SUFFIX)
        if rest.startswith(".new"):
            writer = rest.removeprefix(".new")
            if not (writer.isdigit() and exists(int(writer))):
                yield Leftover("half-written checkpoint", path, path.unlink)
        elif rest == "" and (
            key in swept
            or status(state_of(store.folder / RUNS / key).run_id) in ("FINISHED", "FAILED")
        ):
            with _held(store.folder / f"run-{key[:16]}.lock") as free:
                if free:
                    file = CheckpointFile(store.folder, key)
                    yield Leftover("checkpoint of a run that has ended", path, file.remove)


@contextmanager
def _held(path: Path) -> Iterator[bool]:
    """Hold a lock if nobody else does; whether it is held. One that was not there is not left."""
    there, held = path.exists(), FileLock(path)
    try:
        held.acquire(timeout=0)
    except (Timeout, OSError):  # Held by another process, or nothing can be written here.
        yield False
        return
    try:
        yield True
    finally:
        if not there:
            _unlink(path)
        held.release()


def _unlink(path: Path) -> None:
    """Remove the file of a lock that is held; on Windows it goes when the lock is released."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError as error:
        if getattr(error, "winerror", None) not in IN_USE:
            raise
