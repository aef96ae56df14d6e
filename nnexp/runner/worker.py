"""A worker process: trains one run after another, writes its artifacts, and reports.

Messages go through one pipe to the process that started it, the only one that talks to MLflow.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from nnexp.atomic_files import named
from nnexp.config.extensions import Source
from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.errors import NnexpError, reason_of
from nnexp.extension_files import load, loaded
from nnexp.output import quiet_matplotlib
from nnexp.record.checkpoint import CheckpointFile, Checkpoints
from nnexp.record.clock import now
from nnexp.record.description import completed, end, write_into
from nnexp.record.events import Begun
from nnexp.record.log import RunLog, held_log, taken_up
from nnexp.record.log_folder import lock, make_room
from nnexp.signals import ignore_interrupts
from nnexp.source import SourceChanged, confirm
from nnexp.train.engines import check_engine
from nnexp.train.report import Outcome
from nnexp.train.snapshot import Snapshot

PROGRESS_SECONDS = 0.5


class DataChanged(NnexpError):
    """The data are no longer those that a fingerprint was made of."""


@dataclass(frozen=True)
class Task:
    """A run to train: its position in the sweep, and what to write where."""

    run: int
    config: Config
    begun: Begun
    """What its log begins with."""
    artifacts: str
    folder: Path
    """Of its log."""
    checkpoint: CheckpointFile
    until: int | None = None
    """Stop after this epoch, with a checkpoint to go on from."""
    parts: tuple[Source, ...] = field(default_factory=loaded)
    """A user's own files that are loaded where the task is made, and must be where it is done."""


@dataclass(frozen=True)
class Progress:
    """Completed epochs of a run."""

    run: int
    epoch: int


@dataclass(frozen=True)
class Note:
    """Something to be said about a run that goes on."""

    run: int
    text: str


@dataclass(frozen=True)
class Finished:
    """A run that ended, well or not: its log says how."""

    run: int
    folder: Path


@dataclass(frozen=True)
class Paused:
    """A run that has stopped where it was asked to; its checkpoint holds the rest."""

    run: int
    rows: list[dict[str, float]]


@dataclass(frozen=True)
class Broken:
    """A run that cannot go on because something raised."""

    run: int
    reason: str


@dataclass(frozen=True)
class Stopped:
    """No run of the sweep can be trained here, and why.

    Of an OSError none could end well: nothing can be written here (a full disk, a folder gone).
    """

    error: NnexpError | OSError


@dataclass(frozen=True)
class Idle:
    """Said for the workers while none of them has anything to say: there is time for other work."""


Message = Progress | Note | Finished | Paused | Broken | Stopped | Idle


Tell = Callable[[Message], None]
"""Where the messages of a task go: into a pipe, or what a cluster has for one."""


def serve(
    pipe: Connection, source: Mapping[str, str], scratch: str, environ: Mapping[str, str]
) -> None:
    """Train one task after another until None is received or the other end is gone.

    `source` are the digests of the numeric files that the sweep's fingerprints were made of,
    `scratch` is a folder that who started this process removes, `environ` are his variables.
    """
    ignore_interrupts()
    quiet_matplotlib()
    # Who forked this process off may have begun before they were set.
    os.environ.clear()
    os.environ.update(environ)
    # What a library puts there (matplotlib, where it may not keep a cache) goes with the folder:
    # this process may be killed, and tidies nothing.
    tempfile.tempdir = scratch
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    import_ahead()
    ready: set[str] = set()
    try:
        while (task := pipe.recv()) is not None:
            try:
                make_ready(task, source, ready)
            except NnexpError as error:
                pipe.send(Stopped(error))
                continue
            carry_out(task, pipe.send)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(1)


def import_ahead() -> None:
    """Import what tasks need, while who sends them may still be opening the store.

    What cannot be imported is said by the task that needs it.
    """
    for name in ("nnexp.record.artifacts", "nnexp.train.loop", "numba"):
        with suppress(Exception):
            import_module(name)


def make_ready(task: Task, source: Mapping[str, str], ready: set[str]) -> None:
    """Import what trains with an engine, once; it must be what the fingerprints are of."""
    for part in task.parts:
        load(part, checked=False)
    _confirm_data(task)
    engine = task.config.train.engine
    if engine in ready:
        return
    check_engine(task.config)
    try:
        confirm(source, engine, since="while the sweep ran")
    except SourceChanged as error:
        raise SourceChanged(
            f"{error}; what has ended is recorded, and the same command starts again with the new "
            "source"
        ) from error
    ready.add(engine)


def _confirm_data(task: Task) -> None:
    """The data must be what the fingerprint is of, as the source must."""

    dataset, asked = dataset_of(task.config), task.begun.tags.get("nnexp.data")
    if asked not in (None, dataset.digest):
        raise DataChanged(
            f"data={dataset.name}: has SHA-256 {dataset.digest[:12]} in a worker process, and "
            f"{str(asked)[:12]} where the runs were asked for: it has changed since, or is drawn "
            "anew whenever it is read; allowed: the same data each time"
        )


def carry_out(task: Task, tell: Tell) -> None:
    """Train a run, or say why it cannot be trained."""
    try:
        with named(task.folder):
            ended = _trained(task, tell)
        tell(ended)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except OSError as error:
        tell(Stopped(OSError(str(error))))
    except Exception as error:
        tell(Broken(task.run, reason_of(error)))


def _trained(task: Task, tell: Tell) -> Finished | Paused:
    """Train a run to its end, or as far as is asked, from its checkpoint if there is one."""
    from nnexp.train.loop import train

    parent = os.getppid()
    checkpoints = Checkpoints(task.checkpoint, lambda text: tell(Note(task.run, text)))
    log, snapshot = _taken_up(task, checkpoints, parent)
    if log.logged.whole:
        # A worker of a sweep that was killed has come to its end.
        return Finished(task.run, task.folder)
    epoch = 0 if snapshot is None else snapshot.values["epoch"]
    if task.until is not None and epoch >= task.until:
        log.close()
        return Paused(task.run, log.logged.rows)
    if epoch and not checkpoints.paused:
        tell(Note(task.run, f"going on after epoch {epoch}"))
    outcome: Outcome | None = None
    told = 0.0
    for report in train(task.config, dataset_of(task.config), snapshot):
        if report.metrics:
            log.add_epoch(report.epoch, now(), report.metrics)
        outcome = report.outcome
        _end_if_orphaned(parent)
        if report.epoch == task.until and report.snapshot is not None:
            checkpoints.write(report.snapshot(), log, paused=True)
            log.close()
            return Paused(task.run, log.logged.rows)
        checkpoints.after(report, log)
        if time.monotonic() - told > PROGRESS_SECONDS:
            tell(Progress(task.run, report.epoch))
            told = time.monotonic()
    assert outcome is not None
    outcome = completed(task.config, dataset_of(task.config), log.logged.rows, outcome)
    if missing := _write(task, log, outcome):
        tell(Note(task.run, f"recorded without all artifacts: {missing}"))
    end(log, task.config, outcome)
    return Finished(task.run, task.folder)


def _end_if_orphaned(parent: int) -> None:
    """Nobody is left to report to; another sweep may have begun to train the run."""
    # Who has started this process may have been gone before it was asked for its `parent`.
    started = parent_process()
    if os.getppid() != parent or (started is not None and not started.is_alive()):
        os._exit(1)


def _taken_up(task: Task, checkpoints: Checkpoints, parent: int) -> tuple[RunLog, Snapshot | None]:
    """The log of a run, with what it goes on from if it was stopped and has a whole checkpoint."""
    log = held_log(task.folder)
    if log is not None and log.logged.whole:
        return log, None
    if not task.config.tracking.resume:
        task.checkpoint.remove()
    if log is not None and _is_ours(log, task):
        snapshot = checkpoints.found(log)
        if taken_up(log, task.folder.parent.parent, now(), task.begun.owner):
            return log, snapshot
    if log is not None:
        log.close()
    with lock(task.folder.parent.parent):
        # Else it might replace the log of who trains the run now.
        _end_if_orphaned(parent)
        task.checkpoint.remove()
        make_room(task.folder)
        return RunLog(task.folder, replace(task.begun, at=now())), None


def _is_ours(log: RunLog, task: Task) -> bool:
    """Whether a run that was stopped may be gone on with: with `tracking.reuse=false` only one of
    the same sweep.
    """
    sweep = "nnexp.sweep"
    return task.config.tracking.reuse or log.logged.tags[sweep] == task.begun.tags[sweep]


def _write(task: Task, log: RunLog, outcome: Outcome) -> str:
    """Write a run's artifacts beside its log; what could not be made of them."""
    if task.artifacts == "none" or outcome.failure is not None:
        return ""
    from nnexp.record.artifacts import write_artifacts

    config, rows = task.config, log.logged.rows
    folder = write_into(log)
    return write_artifacts(folder, task.artifacts, config, dataset_of(config), outcome, rows)
