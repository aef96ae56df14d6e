"""When a checkpoint is written, and whether it belongs to a run's log."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from nnexp.record.checkpoint import CheckpointFile, Checkpoints
from nnexp.record.events import Begun, Event, Values
from nnexp.record.log import RunLog, write_whole
from nnexp.train.snapshot import Snapshot

BEGUN = Begun("store", "1", "run", 0, {}, {}, {}, {})
SNAPSHOT = Snapshot({"weights": np.zeros(3)}, {"epoch": 2})


def log_of(folder: Path, epochs: int) -> RunLog:
    events: list[Event] = [BEGUN]
    events += [Values(epoch, epoch, {"train/cost": 1.0}) for epoch in range(epochs)]
    return write_whole(folder, events)


class FullDisk(RunLog):
    """A log that the disk takes no more of."""

    def sync(self) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_checkpoint_belongs_to_a_log_with_all_its_epochs(tmp_path: Path) -> None:
    said: list[str] = []
    checkpoints = Checkpoints(CheckpointFile(tmp_path, "ab" * 32), said.append)
    log = log_of(tmp_path / "three", 3)
    checkpoints.write(SNAPSHOT, log)
    log.close()
    for epochs in (3, 4):
        found = checkpoints.found(log_of(tmp_path / str(epochs), epochs))
        assert found is not None
        assert found.values == {"epoch": 2}
    assert not said
    assert checkpoints.found(log_of(tmp_path / "two", 2)) is None
    assert checkpoints.found(None) is None
    assert all("starting afresh" in line for line in said)


def test_no_checkpoint_is_ahead_of_what_the_disk_has_of_the_log(tmp_path: Path) -> None:
    checkpoints = Checkpoints(CheckpointFile(tmp_path, "ab" * 32), print)
    log = log_of(tmp_path / "log", 3)
    with pytest.raises(OSError, match="No space"):
        checkpoints.write(SNAPSHOT, FullDisk(log.folder))
    assert checkpoints.found(log) is None
