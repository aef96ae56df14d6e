"""Checkpoints while a run is trained: at the end of an epoch, and not too often."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable

from nnexp.record.checkpoint import SUFFIX, CheckpointFile, DamagedCheckpoint
from nnexp.record.log import RunLog
from nnexp.record.store import Store
from nnexp.train.report import EpochReport
from nnexp.train.snapshot import Snapshot

SECONDS = 1.0
"""A checkpoint at the end of an epoch, but not more often than this."""


def checkpoint_of(store: Store, experiment: str, mark: str, *, swept: bool) -> CheckpointFile:
    """The checkpoint of one run in one experiment of one store.

    A run that is typed alone and the same run in a sweep are recorded in different ways, so each
    has a checkpoint of its own.
    """
    return CheckpointFile(store.folder, run_key(store, experiment, mark, swept=swept))


def forget_recorded(store: Store, experiment: str, marks: Iterable[str]) -> None:
    """Remove checkpoints of recorded runs: a process killed right after recording leaves one."""
    if any(store.folder.glob(f"*{SUFFIX}*")):
        for mark in marks:
            checkpoint_of(store, experiment, mark, swept=True).remove()


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
