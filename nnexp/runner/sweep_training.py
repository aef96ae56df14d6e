"""Training what is missing of a sweep: messages from the workers become recorded runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import replace

from nnexp.atomic_files import named
from nnexp.config.command import command_of
from nnexp.config.schema import Config
from nnexp.errors import reason_of
from nnexp.kernel.cache import cache_folder
from nnexp.record.clock import now
from nnexp.record.description import fail
from nnexp.record.environment import cores
from nnexp.record.events import DamagedLog
from nnexp.record.log import RunLog, held_log
from nnexp.record.outbox import Outbox
from nnexp.record.projection import Projection
from nnexp.record.store_errors import is_from_store
from nnexp.record.summary import record_summaries, settings_over_seeds
from nnexp.record.sweep import TRIAL, Recorded
from nnexp.runner.executors import Executor, executor_of
from nnexp.runner.run_claims import WAIT_SECONDS, Claims
from nnexp.runner.store_news import StoreNews
from nnexp.runner.sweep_progress import SweepProgress
from nnexp.runner.sweep_state import SweepState, begun, checkpoint, log_folder, tasks_of
from nnexp.runner.worker import (
    Broken,
    Finished,
    Idle,
    Message,
    Note,
    Paused,
    Progress,
    Stopped,
)
from nnexp.signals import held_stops
from nnexp.train.engines import compile_ahead
from nnexp.train.work import work
from nnexp.verbosity import LOGGER

HEARTBEAT_SECONDS = 60.0

SHOWN_MS = 2000
"""A run that takes longer is shown in the store while it is trained."""


def train_shared(
    sweep: SweepState,
    look: Callable[[], Mapping[str, Recorded]],
    pool: Executor | None,
    ours: Claims,
) -> None:
    """Train what is missing but for what another sweep is training; that is waited for.

    `look` reads again what is recorded of this sweep. Without a `pool`, one is made of what is
    missing. What is held (`SweepState.holds`) stays among the claims that are `ours`.

    Raises:
        as `train_missing`.
    """
    with named(cache_folder()):  # The compiler does not say what it could not write.
        missing = [sweep.configs[k] for k in sweep.missing]
        compile_ahead(missing, sweep.console.say)
    waited = False
    while sweep.missing:
        free = {sweep.marks[k] for k in sweep.missing if ours.take(sweep.marks[k])}
        if free:
            # The other sweep may have ended some of them since this one has looked.
            sweep.found |= {mark: run for mark, run in look().items() if mark in free}
            train_missing(sweep, free, pool)
            for mark in free:
                if mark not in sweep.found or sweep.found[mark].run_id not in sweep.outbox.held:
                    ours.give(mark)
            continue
        if not waited:
            count = len(sweep.missing)
            which = "1 run is" if count == 1 else f"{count} runs are"
            sweep.console.say(f"{which} being trained by another sweep: waiting")
            waited = True
        time.sleep(WAIT_SECONDS)


def train_missing(sweep: SweepState, only: Set[str], pool: Executor | None) -> None:
    """Train those of `only` that are not recorded, longest first; record each at its end.

    A `pool` that stays is used instead of a new one.

    Raises:
        OSError: a worker can write nothing more; what has ended is recorded.
        SourceChanged: so that the fingerprints would not be those of the runs.
        UserError: an engine that cannot be had here.
    """
    missing = [k for k in sweep.missing if sweep.marks[k] in only]
    if not missing:
        return
    amount = {k: work(sweep.configs[k], sweep.datasets[k]) for k in missing}
    tasks = tasks_of(sweep, amount)
    if pool is None:
        pool = executor_of(sweep.configs[0].sweep, tasks)
    else:
        pool.add(tasks)
    messages = pool.messages()
    outbox = sweep.outbox
    news = StoreNews(outbox, sweep.console, "what ends is kept")
    live: dict[int, Projection] = {}
    beat = time.monotonic()
    try:
        with _board(sweep, amount) as board:
            for message in messages:
                if time.monotonic() - beat > HEARTBEAT_SECONDS:
                    outbox.tell(sweep.parent, {"nnexp.heartbeat": str(now())})
                    beat = time.monotonic()
                _take(message, sweep, live, board)
                _deliver(sweep)
                news.changes()
    except BaseException as error:
        # Ctrl-C is pressed twice: the second one would come in between.
        with held_stops(forget=True):
            messages.close()
            _mark_stopped(live.values(), outbox, reason_of(error))
        raise
    finally:
        messages.close()


def _mark_stopped(live: Iterable[Projection], outbox: Outbox, reason: str) -> None:
    """Leave no run as if it were going on that the store knows of."""
    for run in live:
        with suppress(DamagedLog, OSError):
            run.log.read_on()
            if run.log.logged.ended is None:
                fail(run.log, reason, "KILLED")
            outbox.send(run)


def _board(sweep: SweepState, amount: Mapping[int, float]) -> SweepProgress:
    # The runs of a search are called by the trials of its final table.
    tagged = ((k, sweep.tags.get(mark, {})) for k, mark in enumerate(sweep.marks))
    return SweepProgress(
        len(sweep.configs),
        amount,
        {k: sweep.configs[k].train.epochs for k in amount},
        len(sweep.configs) - len(sweep.missing),
        sweep.configs[0].sweep.workers or cores(),
        sweep.console,
        {k: f"trial {tags[TRIAL]}:" for k, tags in tagged if TRIAL in tags},
    )


def _take(
    message: Message, sweep: SweepState, live: dict[int, Projection], board: SweepProgress
) -> None:
    """Do what a worker's message asks for.

    Raises:
        OSError: the worker can write nothing more.
        UserError, SourceChanged: it cannot train.
    """
    if isinstance(message, Progress):
        board.progress(message.run, message.epoch)
        _show(sweep, message.run, live)
    elif isinstance(message, Idle):
        with held_stops():
            sweep.outbox.send_held(1)
    elif isinstance(message, Note):
        board.note(message.run, f"{sweep.names[message.run]}: {message.text}")
    elif isinstance(message, Finished):
        live.pop(message.run, None)
        _record(sweep, message.run, RunLog(message.folder), board)
    elif isinstance(message, Paused):
        sweep.paused[sweep.marks[message.run]] = message.rows
        board.paused(message.run)
    elif isinstance(message, Stopped):
        raise message.error
    elif isinstance(message, Broken):
        live.pop(message.run, None)
        folder = log_folder(sweep, message.run)
        log = held_log(folder) or RunLog(folder, begun(sweep, message.run))
        fail(log, message.reason)
        _record(sweep, message.run, log, board)


def _show(sweep: SweepState, k: int, live: dict[int, Projection]) -> None:
    """Let the store have the values so far of a run that takes a while.

    On a cluster whose workers share no folder with this process there is nothing to be seen.
    """
    with suppress(DamagedLog, OSError):
        if k in live:
            live[k].log.read_on()
            sweep.outbox.advance(live[k])
            return
        log = RunLog(log_folder(sweep, k))
        if now() - log.logged.begun.at > SHOWN_MS:
            live[k] = Projection(sweep.store, log)
            sweep.outbox.advance(live[k])


def _record(sweep: SweepState, k: int, log: RunLog, board: SweepProgress) -> None:
    ended = log.logged.ended
    assert ended is not None
    with held_stops():
        # Until it has arrived, a run is known by the key of its log.
        run_id = log.key
        if sweep.holds:
            sweep.outbox.hold(Projection(sweep.store, log))
        else:
            run_id = sweep.outbox.send(Projection(sweep.store, log)) or log.key
        # Only now that the store has it, or the disk.
        checkpoint(sweep, k).remove()
    config, metrics = sweep.configs[k], log.logged.final
    LOGGER.debug("run %s: %s", run_id, command_of(config))
    failure = ended.tags["nnexp.reason"] if ended.status == "FAILED" else ""
    parent = log.logged.tags["nnexp.sweep"]
    sweep.found[sweep.marks[k]] = Recorded(run_id, ended.status, parent, metrics, failure)
    result = f"failed: {failure}" if failure else _result(metrics, config)
    board.ended(k, f"{sweep.names[k]}: {result}", failed=bool(failure))


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


def _deliver(sweep: SweepState, *, now: bool = False) -> None:
    """Send what waits, and note the ids of the runs that have arrived."""
    if not sweep.outbox.waiting:
        return
    with held_stops():
        arrived = sweep.outbox.again(now=now)
    for mark, run in sweep.found.items():
        if run.run_id in arrived:
            sweep.found[mark] = replace(run, run_id=arrived[run.run_id])


def summarize(sweep: SweepState) -> str:
    """Record the means over seeds; while the store lacks a run, that is left to the next start.

    What is returned says why there are none, if they are too many.
    """
    _deliver(sweep, now=True)
    if sweep.outbox.refused or any(map(sweep.waits, sweep.recorded)):
        return ""
    settings = settings_over_seeds(sweep.configs, sweep.recorded)
    try:
        return record_summaries(sweep.store, sweep.experiment, sweep.parent, settings)
    except Exception as error:
        if not is_from_store(error):
            raise
        sweep.outbox.note(error)
        return ""
