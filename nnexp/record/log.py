"""The log of a run: the truth about it, from which MLflow's run is made and can be made again.

A file that is only ever appended to, in a folder of its own beside the run's artifacts. A line is
handed to the system as soon as its event has happened, so a process that is killed loses at most
the line in the making: a torn line is cut off when the run is gone on with. With every checkpoint,
before values are sent to the store, and at the end, the file is synced: what a loss of power can
take is what came since, and that is trained again from the checkpoint.
"""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from nnexp.atomic_files import move, named, write_synced
from nnexp.errors import NnexpError
from nnexp.record.events import (
    Begun,
    DamagedLog,
    Ended,
    Event,
    Logged,
    Values,
    WentOn,
    decode,
    encode,
)
from nnexp.record.locks import locked, wait_for
from nnexp.record.log_folder import ARTIFACTS, HALF, LOG, create, lock, recorded_log, remove
from nnexp.record.sending import MetricPoint


class OtherValues(NnexpError):
    """An epoch that is trained again has come out otherwise."""


class RunLog:
    """The log of one run in its folder, written by one process and read by any."""

    def __init__(self, folder: Path, begun: Begun | None = None) -> None:
        """The log that is there, or with `begun` a new one.

        Raises:
            DamagedLog: what is there cannot be read.
            OSError: there is none, or a new one cannot be written.
        """
        self.folder, self.path = folder, folder / LOG
        self._read, self._unwritten = 0, b""
        self._safe: tuple[int, Ended | None] = 0, None
        """Evaluated epochs that were in the file when it last took all, and the end, if it was."""
        self._file: IO[bytes] | None = None
        if begun is not None:
            self.logged = Logged(begun, tags=dict(begun.tags), owner=begun.owner)
            self._read = create(folder, encode(begun))
            self.hold()
            return
        with open(self.path, "rb") as file:
            first = file.readline()
        event = decode(first[:-1]) if first.endswith(b"\n") else None
        if not isinstance(event, Begun):
            raise DamagedLog("its first line is not whole")
        self._read = len(first)
        self.logged = Logged(event, tags=dict(event.tags), owner=event.owner)
        self.read_on()

    @property
    def key(self) -> str:
        """What the run is known by beside the store, before it has an id in it."""
        return self.folder.name

    @property
    def artifacts(self) -> Path:
        """The folder of its artifacts until they have arrived."""
        return self.folder / ARTIFACTS

    @property
    def size(self) -> int:
        """Bytes of its whole lines."""
        return self._read

    @property
    def is_written(self) -> bool:
        """Whether the disk has taken all that was noted."""
        return not self._unwritten

    @property
    def written(self) -> list[MetricPoint]:
        """The values that are in the file: others may be measured again, at another time."""
        points, (epochs, ended) = self.logged.points, self._safe
        if self.is_written or (ended is not None and ended is self.logged.ended):
            return points
        return points[: sum(len(row) - 1 for row in self.logged.rows[:epochs])]

    @property
    def is_held(self) -> bool:
        """Whether a process writes it, or this one holds it."""
        if self._file is not None:
            return True
        with open(self.path, "r+b") as file:
            return not locked(file)

    def hold(self) -> None:
        """Wait until no other process writes it, and keep others from it until it is closed.

        A line that was never finished is cut off: nothing may stand behind it.

        Raises:
            DamagedLog: what was written since is not to be read.
        """
        if self._file is not None:
            return
        file = open(self.path, "ab", buffering=0)  # noqa: SIM115
        wait_for(lambda: locked(file), self.path)
        self._file = file
        try:
            self.read_on()
        except DamagedLog:
            self.close()
            raise
        if os.fstat(file.fileno()).st_size > self._read:
            file.truncate(self._read)

    def close(self) -> None:
        """Let others write it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def read_on(self) -> None:
        """Take note of what another process has written since.

        Raises:
            DamagedLog: a line is not what was written.
        """
        with open(self.path, "rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # In the making, or never to be finished.
                self.logged.take(decode(line[:-1]))
                self._read += len(line)

    def add(self, *events: Event) -> None:
        """Note what has happened. What a full disk does not take is kept, for the next time."""
        if self.is_written:
            # Counted in epochs: this is done for each, and there may be thousands.
            self._safe = len(self.logged.rows), self.logged.ended
        for event in events:
            self.logged.take(event)
            self._unwritten += encode(event)
        with suppress(OSError):
            self._write()

    def add_epoch(self, step: int, at: int, values: Mapping[str, float]) -> None:
        """Note an evaluated epoch, unless the log has it: from before the run was stopped.

        Where the clock was set back since then, it is not measured earlier for that.

        Raises:
            OtherValues: it has come out otherwise than before.
        """
        for row in reversed(self.logged.rows):
            if row["step"] < step:
                break
            if row["step"] == step:
                self._confirm(row, {"step": step, **values})
                return
        self.add(Values(step, max(at, self.logged.latest), values))

    def go_on(self, at: int, owner: Mapping[str, str]) -> None:
        """Take up a run that was stopped."""
        self.hold()
        self.add(WentOn(at, owner))

    def sync(self) -> None:
        """Make all that was noted outlast a loss of power.

        Raises:
            OSError: the disk takes nothing more.
        """
        self.hold()
        assert self._file is not None
        self._write()
        with named(self.path):
            os.fsync(self._file.fileno())

    def _write(self) -> None:
        if not self._unwritten:
            return
        self.hold()
        assert self._file is not None
        taken = 0
        try:
            with named(self.path):
                taken = self._file.write(self._unwritten) or 0
                if taken != len(self._unwritten):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            # Half a line must not stand before what comes later. A whole one stays: another process
            # may have read it, and sent it to the store.
            taken = self._unwritten.rfind(b"\n", 0, taken) + 1
            self._file.truncate(self._read + taken)
            raise
        finally:
            self._read += taken
            self._unwritten = self._unwritten[taken:]

    @staticmethod
    def _confirm(before: Mapping[str, float], again: Mapping[str, float]) -> None:
        changed = [k for k in before if repr(before[k]) != repr(again.get(k))]
        if changed:
            name = changed[0]
            raise OtherValues(
                f"epoch {before['step']:.0f} has come out otherwise than before the run was "
                f"stopped: {name} {again.get(name)!r}, not {before[name]!r}"
            )


def held_log(folder: Path) -> RunLog | None:
    """The log in a folder once no other process writes it; None if there is none to be read."""
    with suppress(DamagedLog, OSError):
        log = RunLog(folder)
        log.hold()
        return log
    return None


def taken_up(log: RunLog, store_folder: Path, at: int, owner: Mapping[str, str]) -> bool:
    """Go on with a run that was stopped; False if another process has just put its log away.

    Decided under the lock under which what was left is settled.
    """
    with lock(store_folder):
        if not log.path.exists():
            log.close()
            return False
        log.go_on(at, owner)
    return True


def write_whole(folder: Path, events: Iterable[Event], artifacts: Path | None = None) -> RunLog:
    """A log with all its events at once, and with artifacts, which are moved there."""
    create(folder, b"".join(map(encode, events)), artifacts)
    return RunLog(folder)


def put_away(log: RunLog, store_folder: Path, run_id: str) -> None:
    """Move a log to those of the runs that the store has whole; its folder goes."""
    if not log.is_written:
        log.sync()
    path = recorded_log(store_folder, run_id)
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(f"{HALF}{os.getpid()}")
    log.close()
    # Synced: what it is made from goes.
    write_synced(fresh, gzip.compress(log.path.read_bytes(), compresslevel=1, mtime=0))
    move(fresh, path)
    remove(log.folder)


def unpacked(
    store_folder: Path, run_id: str, folder: Path, beside: Mapping[str, str]
) -> RunLog | None:
    """The log of a recorded run, copied into a folder with other texts; None if it has none.

    Raises:
        DamagedLog: it is not what was written.
    """
    try:
        content = gzip.decompress(recorded_log(store_folder, run_id).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, EOFError) as error:
        raise DamagedLog(f"{run_id}: {error}") from error
    create(folder, content, beside=beside)
    return RunLog(folder)
