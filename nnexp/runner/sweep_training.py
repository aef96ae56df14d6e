"""Training what is missing of a sweep: messages from the workers become recorded runs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from nnexp.config.command import command_of
from nnexp.config.schema import Config
from nnexp.record.checkpoint import CheckpointFile
from nnexp.record.clock import now
from nnexp.record.environment import cores
from nnexp.record.outbox import Outbox
from nnexp.record.store import is_from_store
from nnexp.record.summary import record_summaries, settings_over_seeds
from nnexp.record.sweep import Ended, Recorded, delivery_of
from nnexp.runner.checkpoints import checkpoint_of
from nnexp.runner.executors import Executor, executor_of
from nnexp.runner.run_claims import claims
from nnexp.runner.sweep_progress import SweepProgress
from nnexp.runner.sweep_state import SweepState
from nnexp.runner.worker import (
    Broken,
    Finished,
    Message,
    Note,
    Paused,
    Progress,
    Stopped,
    Stuck,
    Task,
)
from nnexp.signals import held_stops
from nnexp.train.work import work
from nnexp.verbosity import LOGGER

LIGHT_FROM = 20
"""Sweeps of more runs than this leave figures and models to be made on demand."""

HEARTBEAT_SECONDS = 60.0

WAIT_SECONDS = 1.0
"""How often a sweep looks whether another has ended what both were asked for."""


def train_shared(
    sweep: SweepState,
    parent: str,
    outbox: Outbox,
    console: Console,
    look: Callable[[], Mapping[str, Recorded]],
    pool: Executor | None = None,
) -> None:
    """Train what is missing but for what another sweep is training; that is waited for.

    `look` reads again what is recorded of this sweep.

    Raises:
        as `train_missing`.
    """
    waited = False
    with claims(sweep.store.folder, sweep.experiment) as ours:
        while sweep.missing:
            free = {sweep.marks[k] for k in sweep.missing if ours.take(sweep.marks[k])}
            if free:
                # The other sweep may have ended some of them since this one has looked.
                sweep.found |= {mark: run for mark, run in look().items() if mark in free}
                train_missing(sweep, parent, outbox, console, free, pool)
                for mark in free:
                    ours.give(mark)
                continue
            if not waited:
                count = len(sweep.missing)
                which = "1 run is" if count == 1 else f"{count} runs are"
                console.print(f"{which} being trained by another sweep: waiting", highlight=False)
                waited = True
            time.sleep(WAIT_SECONDS)


def train_missing(
    sweep: SweepState,
    parent: str,
    outbox: Outbox,
    console: Console,
    only: Set[str] | None = None,
    pool: Executor | None = None,
) -> None:
    """Train the runs that are not recorded, longest first; record each when it ends, well or not.

    With `only`, those of these fingerprints. A `pool` that stays is used instead of a new one.

    Raises:
        OSError: a worker can write nothing more; what has ended is recorded.
        SourceChanged: so that the fingerprints would not be those of the runs.
        UserError: an engine that cannot be had here.
    """
    missing = [k for k in sweep.missing if only is None or sweep.marks[k] in only]
    if not missing:
        return
    folder = sweep.store.folder / f"sweep-{parent}"
    amount = {k: work(sweep.configs[k], sweep.datasets[k]) for k in missing}
    tasks = _tasks(sweep, amount, folder)
    if pool is None:
        pool = executor_of(sweep.configs[0].sweep, tasks)
    else:
        pool.add(tasks)
    messages = pool.messages()
    tell = _StoreNews(outbox, console)
    beat = time.monotonic()
    try:
        with _board(sweep, amount, console) as board:
            for message in messages:
                if time.monotonic() - beat > HEARTBEAT_SECONDS:
                    outbox.tell(parent, {"nnexp.heartbeat": str(now())})
                    beat = time.monotonic()
                _take(message, sweep, parent, outbox, board)
                _deliver(sweep, outbox)
                tell.changes()
    finally:
        messages.close()
        shutil.rmtree(folder, ignore_errors=True)


def _tasks(sweep: SweepState, amount: Mapping[int, float], folder: Path) -> list[Task]:
    """What the workers are given, the longest first."""
    level = sweep.configs[0].tracking.artifacts
    if level == "auto":
        level = "light" if len(sweep.configs) > LIGHT_FROM else "all"
    return [
        Task(k, sweep.configs[k], level, folder, checkpoint(sweep, k), sweep.until)
        for k in sorted(amount, key=lambda k: -amount[k])
    ]


def _board(sweep: SweepState, amount: Mapping[int, float], console: Console) -> SweepProgress:
    return SweepProgress(
        len(sweep.configs),
        amount,
        {k: sweep.configs[k].train.epochs for k in amount},
        len(sweep.configs) - len(sweep.missing),
        sweep.configs[0].sweep.workers or cores(),
        console,
    )


def _take(
    message: Message, sweep: SweepState, parent: str, outbox: Outbox, board: SweepProgress
) -> None:
    """Do what a worker's message asks for.

    Raises:
        OSError: the worker can write nothing more.
        UserError, SourceChanged: it cannot train.
    """
    if isinstance(message, Progress):
        board.progress(message.run, message.epoch)
    elif isinstance(message, Note):
        board.note(f"{sweep.names[message.run]}: {message.text}")
    elif isinstance(message, Finished):
        _record(sweep, message.run, message.ended, parent, outbox, board)
    elif isinstance(message, Paused):
        sweep.paused[sweep.marks[message.run]] = message.rows
        board.paused(message.run)
    elif isinstance(message, Stuck):
        raise OSError(message.reason)
    elif isinstance(message, Stopped):
        raise message.error
    elif isinstance(message, Broken):
        nothing = Ended([], [], None, now(), None, message.reason)
        _record(sweep, message.run, nothing, parent, outbox, board)


class _StoreNews:
    """Says when the store begins or ceases to answer, or refuses something, once each."""

    def __init__(self, outbox: Outbox, console: Console) -> None:
        self._outbox, self._console = outbox, console
        self._complained, self._refused = False, len(outbox.refused)

    def changes(self) -> None:
        """Say what has changed since the last time."""
        outbox = self._outbox
        if self._refused != len(outbox.refused):
            self._refused = len(outbox.refused)
            self._console.print(escape(_about_refusal(outbox)), highlight=False)
        if self._complained != bool(outbox.kept):
            self._complained = not self._complained
            self._console.print(escape(_about_store(outbox)), highlight=False)


def _record(
    sweep: SweepState, k: int, ended: Ended, parent: str, outbox: Outbox, board: SweepProgress
) -> None:
    config, dataset = sweep.configs[k], sweep.datasets[k]
    name, tags = sweep.names[k], sweep.tags.get(sweep.marks[k], {})
    delivery = delivery_of(sweep.experiment, parent, name, config, dataset, ended, tags)
    with held_stops():
        # Until it has arrived, a run is known by the key of its delivery.
        run_id = outbox.send(delivery, ended.folder) or delivery.key
    if ended.folder is not None:
        shutil.rmtree(ended.folder, ignore_errors=True)
    # Only now that the store has it, or the disk.
    checkpoint(sweep, k).remove()
    outcome = ended.outcome
    failure = ended.failure or (outcome.failure if outcome is not None else None) or ""
    last = ended.rows[-1] if ended.rows else {}
    LOGGER.debug("run %s: %s", run_id, command_of(config))
    metrics = {**last, **(outcome.metrics if outcome is not None else {})}
    status = "FAILED" if failure else "FINISHED"
    sweep.found[sweep.marks[k]] = Recorded(run_id, status, parent, metrics, failure)
    result = f"failed: {failure}" if failure else _result(metrics, config)
    board.ended(k, f"{name}: {result}", failed=bool(failure))


def _result(metrics: Mapping[str, float], config: Config) -> str:
    """What came of a run, in a few words."""
    said = [
        f"{label} {metrics[name]:.2%}"
        for name, label in (
            ("test/accuracy", "test"),
            ("gap/final", "gap"),
            ("validation/accuracy", "validation"),
        )
        if name in metrics and (label != "validation" or config.monitor.test == "never")
    ]
    return ", ".join(said) or f"cost {metrics.get('train/cost', 0.0):.4g}"


def checkpoint(sweep: SweepState, k: int) -> CheckpointFile:
    """The checkpoint of a run of a sweep, by its position."""
    return checkpoint_of(sweep.store, sweep.experiment, sweep.marks[k], swept=True)


def _deliver(sweep: SweepState, outbox: Outbox, *, now: bool = False) -> None:
    """Send what is kept, and note the ids of the runs that have arrived."""
    if not outbox.kept:
        return
    with held_stops():
        arrived = outbox.again(now=now)
    for mark, run in sweep.found.items():
        if run.run_id in arrived:
            sweep.found[mark] = replace(run, run_id=arrived[run.run_id])


def summarize(sweep: SweepState, parent: str, outbox: Outbox) -> None:
    """Record the means over seeds; while the store lacks a run, that is left to the next start."""
    _deliver(sweep, outbox, now=True)
    if outbox.kept or outbox.refused:
        return
    recorded = [sweep.found[mark] for mark in sweep.marks]
    settings = settings_over_seeds(sweep.configs, recorded)
    try:
        record_summaries(sweep.store, sweep.experiment, parent, settings)
    except Exception as error:
        if not is_from_store(error):
            raise
        outbox.note(error)


def _about_refusal(outbox: Outbox) -> str:
    return (
        f"the tracking store refuses what is recorded ({outbox.refusal}): it is kept in "
        f"{outbox.refused[-1]}"
    )


def _about_store(outbox: Outbox) -> str:
    if outbox.kept:
        return (
            f"the tracking store does not answer ({outbox.trouble}): training goes on, what ends "
            "is kept"
        )
    return "the tracking store answers again: it has received what was kept"
