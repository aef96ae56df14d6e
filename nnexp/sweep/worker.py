"""A worker process: trains stacks, writes the artifacts of finished runs, and reports.

Messages go through one pipe to the process that started it, the only one that talks to MLflow.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from nnexp.config.schema import Config
from nnexp.record.clock import now
from nnexp.record.sweep import Ended
from nnexp.signals import ignore_interrupts
from nnexp.train.report import Outcome

PROGRESS_SECONDS = 0.5


@dataclass(frozen=True)
class Task:
    """A stack to train: configs, their positions in the sweep, and what to write."""

    runs: tuple[int, ...]
    configs: tuple[Config, ...]
    artifacts: str
    folder: Path


@dataclass(frozen=True)
class Progress:
    """Completed epochs of the runs of a stack, by position in the sweep."""

    epochs: dict[int, int]


@dataclass(frozen=True)
class Finished:
    """A run that ended, well or not."""

    run: int
    ended: Ended


@dataclass(frozen=True)
class Broken:
    """Runs of a stack that cannot go on because something raised."""

    runs: tuple[int, ...]
    reason: str


@dataclass(frozen=True)
class Stuck:
    """Nothing can be written here (a full disk, a folder gone): no run could end well."""

    reason: str


@dataclass(frozen=True)
class Done:
    """The stack is trained; the worker is free."""


Message = Progress | Finished | Broken | Stuck | Done


def serve(pipe: Connection) -> None:
    """Train one task after another until None is received or the other end is gone."""
    ignore_interrupts()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        while (task := pipe.recv()) is not None:
            _train(task, pipe)
            pipe.send(Done())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(1)


def _train(task: Task, pipe: Connection) -> None:
    from nnexp.data.dataset import load_dataset
    from nnexp.train.loop import train

    started = now()
    parent = os.getppid()
    rows: list[list[dict[str, float]]] = [[] for _ in task.runs]
    stamps: list[list[int]] = [[] for _ in task.runs]
    waiting = set(range(len(task.runs)))
    epochs: dict[int, int] = {}
    told = 0.0
    try:
        dataset = load_dataset(task.configs[0].data)
        for report in train(task.configs, dataset):
            k = report.run
            if report.metrics:
                rows[k].append({"step": report.epoch, **report.metrics})
                stamps[k].append(now())
            epochs[task.runs[k]] = report.epoch
            if os.getppid() != parent:
                os._exit(1)  # Nobody is left to report to.
            if report.outcome is not None:
                folder = _write(task, k, rows[k], report.outcome)
                ended = Ended(rows[k], stamps[k], report.outcome, started, folder)
                pipe.send(Finished(task.runs[k], ended))
                waiting.discard(k)
            if time.monotonic() - told > PROGRESS_SECONDS:
                pipe.send(Progress(dict(epochs)))
                told = time.monotonic()
    except (BrokenPipeError, ConnectionResetError):
        raise
    except OSError as error:
        pipe.send(Stuck(str(error)))
    except Exception as error:
        runs = tuple(task.runs[k] for k in sorted(waiting))
        pipe.send(Broken(runs, f"{type(error).__name__}: {error}"))


def _write(task: Task, k: int, rows: Sequence[dict[str, float]], outcome: Outcome) -> Path | None:
    if task.artifacts == "none" or outcome.failure is not None:
        return None
    from nnexp.data.dataset import load_dataset
    from nnexp.record.artifacts import write_artifacts

    config = task.configs[k]
    # Its own folder: workers of a killed sweep may still be about when it is started again.
    folder = task.folder / f"{os.getpid()}-run{task.runs[k]}"
    write_artifacts(folder, task.artifacts, config, load_dataset(config.data), outcome, rows)
    return folder
