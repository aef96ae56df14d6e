"""A checkpoint is whole or refused, whatever happens while it is written or lies on disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnexp.record.checkpoint import CheckpointFile, DamagedCheckpoint
from nnexp.train.snapshot import Snapshot

KILLS = int(os.environ.get("NNEXP_KILLS", "5"))


def snapshot(epoch: int) -> Snapshot:
    return Snapshot({"weights0": np.full((20, 30), epoch, np.float32)}, {"epoch": epoch})


def epoch_in(file: CheckpointFile) -> int:
    """The epoch of the checkpoint that is read, all of whose parts agree."""
    found = file.read()
    assert found is not None
    taken, record, _ = found
    epoch = int(taken.values["epoch"])
    assert (taken.arrays["weights0"] == epoch).all()
    assert taken.arrays["weights0"].dtype == np.float32
    assert record == {"rows": [epoch]}
    return epoch


def write(file: CheckpointFile, epoch: int) -> None:
    file.write(snapshot(epoch), {"rows": [epoch]})


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path, "ab" * 32)
    assert file.read() is None
    for epoch in (1, 2, 3):
        write(file, epoch)
        assert epoch_in(file) == epoch
    file.remove()
    assert not list(tmp_path.iterdir())


class Crash(BaseException):
    """The end of the process, as far as the code can tell."""


@pytest.mark.parametrize("place", ["replace", "fsync"])
@pytest.mark.parametrize("call", [1, 2])
def test_crash_between_any_two_steps_leaves_the_old_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, call: int
) -> None:
    file = CheckpointFile(tmp_path, "ab" * 32)
    write(file, 1)
    write(file, 2)
    real: Callable[..., Any] = getattr(os, place)
    calls = 0

    def crashing(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise Crash
        return real(*arguments)

    monkeypatch.setattr(os, place, crashing)
    with pytest.raises(Crash):
        write(file, 3)
    monkeypatch.undo()
    assert epoch_in(file) in (2, 3)
    write(file, 4)
    assert epoch_in(file) == 4


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_anywhere_is_refused_for_the_one_before(tmp_path: Path, data: st.DataObject) -> None:
    file = CheckpointFile(tmp_path, "ab" * 32)
    write(file, 1)
    write(file, 2)
    content = bytearray(file.path.read_bytes())
    if data.draw(st.booleans()):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    file.path.write_bytes(content)
    assert epoch_in(file) == 1
    found = file.read()
    assert found is not None
    assert "is damaged" in found[2]
    file.older.write_bytes(content)
    with pytest.raises(DamagedCheckpoint, match="no other is left"):
        file.read()


def test_objects_are_never_written(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path, "ab" * 32)
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        file.write(Snapshot({"weights0": np.array([object()])}, {}), {})


WRITER = """
import sys
from pathlib import Path
import numpy as np
from nnexp.record.checkpoint import CheckpointFile
from nnexp.train.snapshot import Snapshot
file, epoch = CheckpointFile(Path(sys.argv[1]), "ab" * 32), 0
while True:
    epoch += 1
    weights = np.full((20, 30), epoch, np.float32)
    file.write(Snapshot({"weights0": weights}, {"epoch": epoch}), {"rows": [epoch]})
    print(epoch, flush=True)
"""


def test_kill_in_the_middle_of_writing_leaves_the_last_or_the_one_before(tmp_path: Path) -> None:
    """Hundreds a second are written, so that the kill falls into the writing of one."""
    file, rng = CheckpointFile(tmp_path, "ab" * 32), np.random.default_rng(5)
    root = str(Path(__file__).parents[2])
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": root},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for _ in range(5):
            process.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        said = process.communicate()[0].split()
        last = int(said[-1]) if said else 5
        # Written before it was said; the one after it may be in place and not said.
        assert epoch_in(file) in (last, last + 1)
        file.remove()
