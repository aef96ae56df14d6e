"""A worker process: trains one run after another, writes its artifacts, and reports.

Messages go through one pipe to the process that started it, the only one that talks to MLflow.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from nnexp.config.own import Source
from nnexp.config.schema import Config
from nnexp.errors import NnexpError
from nnexp.parts import load, loaded
from nnexp.record.checkpoint import CheckpointFile
from nnexp.record.clock import now
from nnexp.record.files import digests_in, sizes_in
from nnexp.record.sweep import Ended
from nnexp.runner.checkpoints import Checkpoints
from nnexp.signals import ignore_interrupts
from nnexp.source import SourceChanged, confirm
from nnexp.train.engines import check_engine
from nnexp.train.report import Outcome

PROGRESS_SECONDS = 0.5


@dataclass(frozen=True)
class Task:
    """A run to train: its position in the sweep, and what to write where."""

    run: int
    config: Config
    artifacts: str
    folder: Path
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
    """A run that ended, well or not."""

    run: int
    ended: Ended


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
class Stuck:
    """Nothing can be written here (a full disk, a folder gone): no run could end well."""

    reason: str


@dataclass(frozen=True)
class Stopped:
    """No run of the sweep can be trained here, and why."""

    error: NnexpError


Message = Progress | Note | Finished | Paused | Broken | Stuck | Stopped


class Teller(Protocol):
    """Where the messages of a task go: a pipe, or what a cluster has for one."""

    def send(self, message: Message, /) -> None:
        """Tell a message."""


def serve(pipe: Connection, source: Mapping[str, str]) -> None:
    """Train one task after another until None is received or the other end is gone.

    `source` are the digests of the numeric files that the sweep's fingerprints were made of.
    """
    ignore_interrupts()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ready: set[str] = set()
    try:
        while (task := pipe.recv()) is not None:
            try:
                make_ready(task, source, ready)
            except NnexpError as error:
                pipe.send(Stopped(error))
                continue
            carry_out(task, pipe)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(1)


def make_ready(task: Task, source: Mapping[str, str], ready: set[str]) -> None:
    """Import what trains with an engine, once; it must be what the fingerprints are of."""
    for part in task.parts:
        load(part, checked=False)
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


def carry_out(task: Task, pipe: Teller) -> None:
    """Train a run, or say why it cannot be trained."""
    try:
        pipe.send(_trained(task, pipe))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except OSError as error:
        pipe.send(Stuck(str(error)))
    except Exception as error:
        pipe.send(Broken(task.run, f"{type(error).__name__}: {error}"))


def _trained(task: Task, pipe: Teller) -> Finished | Paused:
    """Train a run to its end, or as far as is asked, from its checkpoint if there is one."""
    from nnexp.data.dataset import dataset_of
    from nnexp.record.final import completed
    from nnexp.train.loop import train

    parent = os.getppid()
    checkpoints = Checkpoints(task.checkpoint, lambda text: pipe.send(Note(task.run, text)))
    # The values of the epochs so far with their times, and when the run began: a run that goes on
    # is recorded as one.
    kept: dict[str, Any] = {"rows": [], "stamps": [], "started": now()}
    snapshot = None
    if not task.config.tracking.resume:
        task.checkpoint.remove()
    elif (found := checkpoints.found()) is not None:
        snapshot, kept = found
        if task.until is not None and snapshot.values["epoch"] >= task.until:
            return Paused(task.run, kept["rows"])
        if not kept.pop("paused", False):
            pipe.send(Note(task.run, f"going on after epoch {snapshot.values['epoch']}"))
    rows, stamps = kept["rows"], kept["stamps"]
    outcome: Outcome | None = None
    told = 0.0
    for report in train(task.config, dataset_of(task.config), snapshot):
        if report.metrics:
            rows.append({"step": report.epoch, **report.metrics})
            stamps.append(now())
        outcome = report.outcome
        if os.getppid() != parent:
            os._exit(1)  # Nobody is left to report to.
        if report.epoch == task.until and report.snapshot is not None:
            task.checkpoint.write(report.snapshot(), {**kept, "paused": True})
            return Paused(task.run, rows)
        checkpoints.after(report, partial(dict, kept))
        if time.monotonic() - told > PROGRESS_SECONDS:
            pipe.send(Progress(task.run, report.epoch))
            told = time.monotonic()
    assert outcome is not None
    outcome = completed(task.config, dataset_of(task.config), rows, outcome)
    folder, missing = _write(task, rows, outcome)
    if missing:
        pipe.send(Note(task.run, f"recorded without all artifacts: {missing}"))
    sizes = sizes_in(folder) if folder is not None else {}
    digests = digests_in(folder) if folder is not None else {}
    ended = Ended(rows, stamps, outcome, kept["started"], folder, sizes=sizes, digests=digests)
    return Finished(task.run, ended)


def _write(
    task: Task, rows: Sequence[dict[str, float]], outcome: Outcome
) -> tuple[Path | None, str]:
    """The folder of a run's artifacts, and what could not be made of them."""
    if task.artifacts == "none" or outcome.failure is not None:
        return None, ""
    from nnexp.data.dataset import dataset_of
    from nnexp.record.artifacts import write_artifacts

    # Its own folder: workers of a killed sweep may still be about when it is started again.
    folder = task.folder / f"{os.getpid()}-run{task.run}"
    dataset = dataset_of(task.config)
    missing = write_artifacts(folder, task.artifacts, task.config, dataset, outcome, rows)
    return folder, missing
