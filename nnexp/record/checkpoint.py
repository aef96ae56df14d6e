"""Checkpoints: one file per unfinished run, whole after a crash at any point.

A file is the SHA-256 of what follows, then an uncompressed npz archive of the arrays and the JSON
values; no pickles. It is written beside its place, synced, and moved there; the one before is kept
until the next is in place, so one whole checkpoint is always left. Each process writes under a name
of its own: two that train the same run at once replace each other's whole files, of the same bits.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.atomic_files import move, named, write_synced
from nnexp.record.log import RunLog
from nnexp.record.store import Store
from nnexp.train.report import EpochReport
from nnexp.train.snapshot import Snapshot

SUFFIX = ".checkpoint"


class DamagedCheckpoint(Exception):
    """A checkpoint that is not what was written."""


class CheckpointFile:
    """The checkpoint of one run, known by a key in hexadecimal."""

    def __init__(self, folder: Path, key: str) -> None:
        self.path = folder / f"{key[:32]}{SUFFIX}"
        self.older = self.path.with_suffix(f"{SUFFIX}.older")

    def write(self, snapshot: Snapshot, record: dict[str, Any]) -> None:
        """Replace the checkpoint; `record` holds plain JSON values of the recorder."""
        text = json.dumps({"values": snapshot.values, "record": record})
        buffer = io.BytesIO()
        np.savez(
            buffer,
            allow_pickle=False,
            json=np.frombuffer(text.encode(), dtype=np.uint8),
            **{f"array_{name}": array for name, array in snapshot.arrays.items()},
        )
        body = buffer.getvalue()
        fresh = self.path.with_suffix(f"{SUFFIX}.new{os.getpid()}")
        with named(self.path):
            write_synced(fresh, hashlib.sha256(body).digest() + body)
        # There is none at first; or another process has just removed it.
        with suppress(FileNotFoundError):
            move(self.path, self.older)
        move(fresh, self.path)
        _sync(self.path.parent)

    def read(self) -> tuple[Snapshot, dict[str, Any], str] | None:
        """The newest whole checkpoint with a remark about damaged ones, or None if there is none.

        Raises:
            DamagedCheckpoint: there are files, but none of them is whole.
        """
        remark = ""
        for path in (self.path, self.older):
            if not path.exists():
                continue
            try:
                return (*_read(path), remark)
            except (DamagedCheckpoint, OSError) as error:
                remark = f"checkpoint {path.name} is damaged ({error}); "
        if remark:
            raise DamagedCheckpoint(remark + "no other is left")
        return None

    def remove(self) -> None:
        """Delete all files of this run: it is finished."""
        # A process that was killed while it wrote has left a file of its own.
        with suppress(FileNotFoundError):
            for name in os.listdir(self.path.parent):
                if name.startswith(self.path.name):
                    (self.path.parent / name).unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make the names in a folder outlast a loss of power, where a system lets us."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> tuple[Snapshot, dict[str, Any]]:
    content = path.read_bytes()
    digest, body = content[:32], content[32:]
    if hashlib.sha256(body).digest() != digest:
        raise DamagedCheckpoint("its checksum differs")
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as archive:
            parsed = json.loads(archive["json"].tobytes().decode())
            arrays = {
                name.removeprefix("array_"): archive[name]
                for name in archive.files
                if name.startswith("array_")
            }
            return Snapshot(arrays, parsed["values"]), parsed["record"]
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DamagedCheckpoint(str(error)) from error


SECONDS = 1.0
"""A checkpoint at the end of an epoch, but not more often than this."""


def checkpoint_of(store: Store, experiment: str, mark: str) -> CheckpointFile:
    """The checkpoint of one run of a sweep in one experiment of one store.

    A run that is typed alone and the same run in a sweep are recorded in different ways, so each
    has a checkpoint of its own.
    """
    return CheckpointFile(store.folder, run_key(store, experiment, mark, swept=True))


def forget_recorded(store: Store, experiment: str, marks: Iterable[str]) -> None:
    """Remove checkpoints of recorded runs: a process killed right after recording leaves one."""
    if any(store.folder.glob(f"*{SUFFIX}*")):
        for mark in marks:
            checkpoint_of(store, experiment, mark).remove()


def run_key(store: Store, experiment: str, mark: str, *, swept: bool) -> str:
    """What a run is known by beside its store, in hexadecimal."""
    parts = [store.name, experiment, mark, *(["sweep"] if swept else [])]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Checkpoints:
    """Reads and writes the checkpoint of a run; whatever is wrong with it, the training goes on."""

    def __init__(self, file: CheckpointFile, say: Callable[[str], None]) -> None:
        """`say` is told what is wrong, in a line."""
        self.file, self._say = file, say
        self._next = time.monotonic() + SECONDS
        self._complained = False
        self.paused = False
        """Whether the run that was found has stopped because it was asked to."""

    def found(self, log: RunLog | None) -> Snapshot | None:
        """What an earlier process has left, if it belongs to the log of the run."""
        try:
            found = self.file.read()
        except DamagedCheckpoint as error:
            self._say(f"{error}: starting afresh")
            return None
        if found is None:
            return None
        snapshot, place, remark = found
        if remark:
            self._say(f"{remark}the one before it is whole")
        rows, self.paused = place.get("rows"), bool(place.get("paused"))
        if log is None or not isinstance(rows, int) or len(log.logged.rows) < rows:
            self._say("the log that the checkpoint belongs to is not there: starting afresh")
            return None
        return snapshot

    def after(self, report: EpochReport, log: RunLog) -> None:
        """Write a checkpoint if it is time."""
        # There is nothing to go on with before the first epoch, which would be reported again.
        if report.snapshot is None or not report.epoch or time.monotonic() < self._next:
            return
        try:
            self.write(report.snapshot(), log)
        except OSError as error:
            if not self._complained:
                self._say(f"no checkpoint could be written: {error}")
            self._complained = True
        self._next = time.monotonic() + SECONDS

    def write(self, snapshot: Snapshot, log: RunLog, *, paused: bool = False) -> None:
        """Write a checkpoint with its place in the log, which is made durable first.

        `paused` says that the run stops there because it was asked to.

        Raises:
            OSError: the disk takes nothing more.
        """
        log.sync()
        self.file.write(snapshot, {"rows": len(log.logged.rows), "paused": paused})
