"""A log holds what has happened, in order, whatever stops the process that writes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.record.events import (
    Begun,
    DamagedLog,
    Ended,
    Event,
    Logged,
    Tagged,
    Values,
    WentOn,
    decode,
    encode,
)
from nnexp.record.log import (
    OtherValues,
    RunLog,
    held_log,
    put_away,
    taken_up,
    unpacked,
    write_whole,
)
from nnexp.record.log_folder import HALF, LOG
from nnexp.record.sending import MetricPoint

TEXTS = st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3)
FLOATS = st.floats(allow_nan=False)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Values, st.integers(0, 9), st.integers(0, 2**50), st.dictionaries(st.text(), FLOATS)),
    st.builds(WentOn, st.integers(0, 2**50), TEXTS),
    st.builds(Tagged, TEXTS),
    st.builds(
        Ended,
        st.sampled_from(("FINISHED", "KILLED")),
        st.integers(0, 2**50),
        st.integers(0, 9),
        st.dictionaries(st.text(), FLOATS),
        TEXTS,
    ),
)


def begun(**more: Any) -> Begun:
    return Begun(
        "store", "1", "a run", 5, {"seed": "0"}, {"k": "v"}, {}, {"nnexp.pid": "1"}, **more
    )


@given(EVENTS)
def test_an_event_is_read_as_it_was_written(event: Event) -> None:
    line = encode(event)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line[:-1]) == event


@given(EVENTS, st.data())
def test_a_byte_that_was_changed_is_noticed(event: Event, data: st.DataObject) -> None:
    line = bytearray(encode(event)[:-1])
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DamagedLog):
        decode(bytes(line))


def test_what_one_process_writes_another_reads_as_it_goes(tmp_path: Path) -> None:
    writer = RunLog(tmp_path / "run", begun())
    reader = RunLog(tmp_path / "run")
    for step in range(3):
        writer.add_epoch(step, 10 + step, {"train/cost": 1.0 / (step + 1)})
        reader.read_on()
        assert reader.logged == writer.logged
    writer.add(Ended("FINISHED", 20, 2, {"test/cost": 2.0}, {"done": "1"}))
    writer.close()
    reader.read_on()
    assert reader.logged.rows[-1] == {"step": 2, "train/cost": 1.0 / 3}
    assert reader.logged.points[0] == MetricPoint("train/cost", 1.0, 0, 10)
    assert reader.logged.points[-1] == MetricPoint("test/cost", 2.0, 2, 20)
    assert reader.logged.whole
    assert reader.size == writer.path.stat().st_size


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_line_in_the_making_is_cut_off_when_the_run_goes_on(cut: int, tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run", begun())
    log.add_epoch(0, 10, {"train/cost": 1.0})
    whole = log.size
    log.add_epoch(1, 11, {"train/cost": 0.5})
    log.close()
    os.truncate(log.path, log.size - cut)
    again = RunLog(tmp_path / "run")
    assert [row["step"] for row in again.logged.rows] == [0]
    assert again.size == whole
    again.go_on(12, {"nnexp.pid": "2"})
    again.add_epoch(1, 13, {"train/cost": 0.5})
    again.close()
    read = RunLog(tmp_path / "run").logged
    assert [row["step"] for row in read.rows] == [0, 1]
    assert read.stamps == [10, 13]
    assert read.owner == {"nnexp.pid": "2"}


def test_who_ends_it_for_a_killed_process_cuts_off_its_line_in_the_making(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run", begun())
    log.close()
    with log.path.open("ab") as file:
        file.write(encode(Values(0, 10, {"train/cost": 1.0}))[:-5])
    found = RunLog(tmp_path / "run")
    found.add(Ended("KILLED", 11, whole=False))
    found.close()
    read = RunLog(tmp_path / "run").logged
    assert not read.rows
    assert read.ended == Ended("KILLED", 11, whole=False)


def test_a_folder_goes_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while it is emptied, nothing is left under its name that would look damaged."""
    log = write_whole(tmp_path / "runs" / "key", [begun(), Ended("FINISHED", 2)])

    def killed(*_: object, **more: object) -> None:
        raise SystemExit

    monkeypatch.setattr("shutil.rmtree", killed)
    with pytest.raises(SystemExit):
        put_away(log, tmp_path, "id")
    (left,) = (tmp_path / "runs").iterdir()
    assert HALF in left.name
    assert (tmp_path / "recorded" / "id.gz").exists()


def test_an_epoch_that_is_trained_again_must_come_out_as_before(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run", begun())
    for step in range(3):
        log.add_epoch(step, 10 + step, {"train/cost": 1.0 - step / 8, "odd": float("nan")})
    log.add_epoch(1, 77, {"train/cost": 0.875, "odd": float("nan")})
    assert log.logged.stamps == [10, 11, 12]
    with pytest.raises(OtherValues, match=r"epoch 1 has come out otherwise .* 0\.876, not 0\.875"):
        log.add_epoch(1, 77, {"train/cost": 0.876, "odd": float("nan")})
    log.close()


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_changed_line_in_the_middle_is_no_torn_one(line: int, tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run", begun())
    for step in range(3):
        log.add_epoch(step, step, {"train/cost": 1.0})
    log.close()
    lines = log.path.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"1", b"2", 1)
    log.path.write_bytes(b"".join(lines))
    with pytest.raises(DamagedLog):
        RunLog(tmp_path / "run")


def test_what_a_full_disk_does_not_take_is_written_when_it_does(tmp_path: Path) -> None:
    """A limit on the size of files, which acts as a disk that is full; in a process of its own."""
    code = f"""
import resource, signal
from pathlib import Path
from nnexp.record.log import RunLog
from tests.record.test_log import begun
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = RunLog(Path({str(tmp_path / "run")!r}), begun())
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (log.size + 20, hard))
log.add_epoch(0, 1, {{"train/cost": 1.0}})
try:
    log.sync()
except OSError:
    print("full", len(log.logged.points), len(log.written))
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
log.add_epoch(1, 2, {{"train/cost": 0.5}})
log.sync()
print("room", len(log.logged.points), len(log.written))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # What is not on disk is measured again if the run is gone on with: the store must not have it.
    assert done.stdout == "full 1 0\nroom 2 2\n"
    rows = RunLog(tmp_path / "run").logged.rows
    assert [row["step"] for row in rows] == [0, 1]


def test_a_killed_process_loses_no_event_that_it_has_noted(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from nnexp.record.log import RunLog
from tests.record.test_log import begun
log = RunLog(Path({str(tmp_path / "run")!r}), begun())
for step in range(10**9):
    log.add_epoch(step, step, {{"train/cost": 1.0 / (step + 1)}})
    print(step, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(300):
        last = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    said = process.communicate()[0].split()
    last = int(said[-1]) if said else last
    log = RunLog(tmp_path / "run")
    steps = [row["step"] for row in log.logged.rows]
    assert steps == list(range(len(steps)))
    assert len(steps) in (last + 1, last + 2)
    assert not log.is_held


def test_only_one_process_writes_it(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run", begun())
    assert RunLog(tmp_path / "run").is_held
    log.close()
    assert not RunLog(tmp_path / "run").is_held


def test_a_log_that_another_process_puts_away_meanwhile_is_not_gone_on_with(tmp_path: Path) -> None:
    """It had it in hand before this one held it: the file is open, but its name is gone."""
    folder = tmp_path / "runs" / "key"
    RunLog(folder, begun()).close()
    other, ours = RunLog(folder), held_log(folder)
    assert ours is not None
    put_away(other, tmp_path, "id")
    assert not taken_up(ours, tmp_path, 5, {"nnexp.pid": "7"})
    assert not folder.exists()
    RunLog(folder, begun()).close()
    again = held_log(folder)
    assert again is not None
    assert taken_up(again, tmp_path, 5, {"nnexp.pid": "7"})
    assert again.logged.owner == {"nnexp.pid": "7"}
    again.close()


def test_a_log_that_was_put_away_comes_out_as_it_was(tmp_path: Path) -> None:
    events = [begun(), Values(0, 1, {"train/cost": 0.1}), Ended("FINISHED", 2)]
    log = write_whole(tmp_path / "runs" / "key", events)
    content = log.path.read_bytes()
    put_away(log, tmp_path, "id")
    assert not log.folder.exists()
    again = unpacked(tmp_path, "id", tmp_path / "runs" / "other", {"note": "text"})
    assert again is not None
    assert (again.folder / LOG).read_bytes() == content
    assert (again.folder / "note").read_text() == "text"
    assert unpacked(tmp_path, "another", tmp_path / "runs" / "third", {}) is None


def test_noting_an_epoch_does_not_go_through_those_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = RunLog(tmp_path / "run", begun())
    with monkeypatch.context() as patched:
        patched.setattr(Logged, "points", property(lambda _: pytest.fail("all values were made")))
        for step in range(3):
            log.add_epoch(step, step, {"train/cost": 1.0})
    assert [point.step for point in log.written] == [0, 1, 2]
    log.close()
