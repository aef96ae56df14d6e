"""Checkpoints while a run is trained: at the end of an epoch, and not too often."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any

from nnexp.record.checkpoint import CheckpointFile, DamagedCheckpoint
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

    def found(self) -> tuple[Snapshot, dict[str, Any]] | None:
        """What an earlier process has left: the snapshot, and what the recorder needs."""
        try:
            found = self.file.read()
        except DamagedCheckpoint as error:
            self._say(f"{error}: starting afresh")
            return None
        if found is None:
            return None
        snapshot, record, remark = found
        if remark:
            self._say(f"{remark}the one before it is whole")
        return snapshot, record

    def after(self, report: EpochReport, record: Callable[[], dict[str, Any]]) -> None:
        """Write a checkpoint if it is time; `record` gives plain JSON values of the recorder."""
        # There is nothing to go on with before the first epoch, which would be reported again.
        if report.snapshot is None or not report.epoch or time.monotonic() < self._next:
            return
        try:
            self.file.write(report.snapshot(), record())
        except OSError as error:
            if not self._complained:
                self._say(f"no checkpoint could be written: {error}")
            self._complained = True
        self._next = time.monotonic() + SECONDS
