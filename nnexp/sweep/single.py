"""One run: trained, shown and recorded; gone on with where it was interrupted."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from nnexp.config.command import command_of, run_name
from nnexp.config.schema import Config
from nnexp.config.words import some
from nnexp.data.dataset import Dataset, dataset_of
from nnexp.errors import NnexpError, stopped_by
from nnexp.record.bulk import final_values
from nnexp.record.check import warnings_of
from nnexp.record.checkpoint import CheckpointFile
from nnexp.record.delivery import NEVER
from nnexp.record.final import completed
from nnexp.record.fingerprint import fingerprint
from nnexp.record.kept import deliver_all
from nnexp.record.run import RunRecord
from nnexp.record.stale import mark_stale
from nnexp.record.store import Store, experiment_id, import_client, open_store
from nnexp.record.sweep import Recorded, find_finished
from nnexp.signals import held_stops
from nnexp.source import SourceChanged, confirm, file_digests, source_sha256
from nnexp.sweep.checkpoints import Checkpoints, run_key
from nnexp.sweep.locks import alone
from nnexp.sweep.screen import RunScreen, Screen, header
from nnexp.sweep.stopwatch import DRAWING, Stopwatch
from nnexp.sweep.studio import Studio
from nnexp.train.engines import check_engine, compile_ahead, engine_of
from nnexp.train.examples import laid_out
from nnexp.train.loop import train
from nnexp.train.plan import check_data
from nnexp.train.report import Outcome
from nnexp.train.snapshot import Snapshot
from nnexp.verbosity import LOGGER


class RunFailed(NnexpError):
    """A run could not go on; it is recorded as FAILED."""

    def __init__(self, message: str, run_id: str) -> None:
        super().__init__(message)
        self.run_id = run_id


class NotRecorded(NnexpError):
    """What has been trained is whole on this disk, but not in the store, which says it was."""


@dataclass(frozen=True)
class Result:
    """A recorded run."""

    run_id: str
    config: Config
    metrics: dict[str, float]


def run_single(config: Config, console: Console, screen: Screen | None = None) -> Result:
    """Train one run, record it in MLflow, and show what came out.

    A run that is recorded already is shown instead (`tracking.reuse`), one that was interrupted is
    gone on with (`tracking.resume`). It is shown on `screen`, by default as the command does; what
    else there is to say goes to the console.

    Raises:
        UserError: the request cannot be carried out; nothing was recorded.
        RunFailed: training diverged; the run is recorded as FAILED with the reason.
        SourceChanged: the numeric source did, since this program was started.
    """
    watch = Stopwatch()
    screen = screen or RunScreen(console)
    # First of all: what it imports takes as long as a short training.
    with Studio(config, _artifacts(config)) as studio:
        dataset = _ready(config)
        LOGGER.debug("data %s: SHA-256 %s", dataset.name, dataset.digest)
        store = open_store(config.tracking.uri)
        experiment = experiment_id(store, config.tracking.experiment)
        mark = fingerprint(config, dataset)
        LOGGER.debug("store %s, experiment %s", store.shown, config.tracking.experiment)
        LOGGER.debug("fingerprint %s, source %s", mark, source_sha256())
        if config.sweep.dry_run:
            return _dry_run(config, dataset, find_finished(store, experiment, mark), console)
        key = run_key(store, experiment, mark, swept=False)
        file = CheckpointFile(store.folder, key)
        checkpoints = Checkpoints(file, lambda text: console.print(escape(text)))
        with alone(store, f"run-{key[:16]}", "this very run", console):
            tidy(store, experiment, console)
            screen.begins(config, dataset)
            if config.tracking.reuse:
                found = find_finished(store, experiment, mark)
                if found is not None:
                    # A process that was killed right after its run was recorded has left it.
                    file.remove()
                    final = final_values(store, found.run_id, found.metrics)
                    screen.found(config, store, found.run_id, final)
                    warn_of_changes(store, [found.run_id], console)
                    return Result(found.run_id, config, dict(found.metrics))
            _confirm_source(config)
            compile_ahead([config], lambda text: console.print(text, highlight=False))
            return _run(
                config, dataset, store, experiment, checkpoints, studio, console, screen, watch
            )


def _artifacts(config: Config) -> str:
    """What `tracking.artifacts` comes to for a single run; a dry run writes none."""
    level = config.tracking.artifacts
    return "none" if config.sweep.dry_run else "all" if level == "auto" else level


def _ready(config: Config) -> Dataset:
    """The data, read and laid out for training while MLflow is imported.

    Raises:
        UserError: the data cannot be read, or is not what the config asks for.
    """
    # A stop raised within an import would leave the import lock locked: the other thread, which
    # imports too, would wait for it for ever, and this one for that.
    with held_stops(), ThreadPoolExecutor(1) as pool:
        loading = pool.submit(dataset_of, config)
        laying = pool.submit(lambda: laid_out(engine_of(config), loading.result()))
        import_client()
        dataset = loading.result()
        check_data(config, dataset)
        check_engine(config)
        laying.result()
    return dataset


def _confirm_source(config: Config) -> None:
    """What will train must be what the fingerprint is of."""
    try:
        confirm(file_digests(), config.train.engine, since="since this program was started")
    except SourceChanged as error:
        raise SourceChanged(f"{error}; start it again to train with the new source") from error


def _dry_run(config: Config, dataset: Dataset, found: Recorded | None, console: Console) -> Result:
    console.print(header(config, dataset), highlight=False, markup=False)
    state = f"recorded as {found.run_id[:8]}" if found is not None else "not recorded yet"
    console.print(f"{run_name(config)}: {state}", highlight=False, markup=False)
    console.print("dry run: nothing was trained")
    return Result(found.run_id if found else "", config, dict(found.metrics) if found else {})


def warn_of_changes(store: Store, reused: Sequence[str], console: Console) -> None:
    """Say of reused runs whether their records are still what was recorded."""
    for line in warnings_of(store, reused):
        console.print(escape(f"warning: {line}"), highlight=False, soft_wrap=True)


def tidy(store: Store, experiment: str, console: Console) -> None:
    """Deliver what is left from earlier, and mark runs that nobody works on as KILLED."""
    found = deliver_all(store)
    if found.arrived:
        arrived = some(found.arrived, "run")
        console.print(f"delivered {arrived} that the store had not received before")
    if found.waiting:
        waiting = some(found.waiting, "run")
        text = f"{waiting} still to be delivered ({found.trouble})"
        console.print(escape(text), highlight=False)
    for folder in found.refused:
        console.print(escape(f"the store does not know the run in {folder}: kept there"))
    for run_id in mark_stale(store, experiment):
        console.print(f"run {run_id} was left unfinished by a process that is gone: KILLED")


def _run(
    config: Config,
    dataset: Dataset,
    store: Store,
    experiment: str,
    checkpoints: Checkpoints,
    studio: Studio,
    console: Console,
    screen: Screen,
    watch: Stopwatch,
) -> Result:
    record: RunRecord | None = None
    closed = False
    try:
        with held_stops():
            record, snapshot = _begin(config, dataset, store, experiment, checkpoints, console)
        watch.lap("starting")
        LOGGER.debug("run %s opened: %s", record.run_id, command_of(config))
        outcome = _train(record, config, dataset, checkpoints, snapshot, console, screen)
        watch.lap()
        LOGGER.debug("trained %s", some(outcome.epochs, "epoch"))
        if outcome.failure is None:
            folder = Path(tempfile.mkdtemp(prefix=f"{record.run_id}-", dir=store.folder))
            try:
                if missing := studio.write(folder, outcome, record.rows):
                    console.print(escape(f"recorded without all artifacts: {missing}"))
                watch.lap(DRAWING)
                with held_stops():
                    arrived, closed = record.finish(outcome, folder), True
                    checkpoints.file.remove()
                watch.lap("recording")
                LOGGER.debug("run %s closed, %d values", record.run_id, len(outcome.metrics))
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        else:
            with held_stops():
                arrived, closed = record.fail(outcome.failure), True
                checkpoints.file.remove()
    except KeyboardInterrupt as stop:
        if closed and record is not None:
            # It came while the run was being closed, and has waited: the run is whole.
            console.print(f"\nrun {record.run_id} had ended already; it is recorded")
        elif record is not None:
            # An impatient second one would leave the run as if it were going on.
            with held_stops(forget=True):
                record.fail(stopped_by(stop), status="KILLED")
            console.print(
                f"\nrun {record.run_id} is marked KILLED; the same command goes on with it"
            )
        raise
    except OSError as error:
        if record is None or closed:
            raise
        # The disk is full, or the folder has gone: what is trained can still be gone on with.
        marked = record.fail(str(error), status="KILLED")
        raise RunFailed(
            f"run {record.run_id} cannot be recorded: {error}; it is marked KILLED"
            f"{'' if marked else ' at the next start'}, and the same command goes on with it",
            record.run_id,
        ) from error
    except Exception as error:
        if record is not None and not closed:
            record.fail(f"{type(error).__name__}: {error}")
        raise
    if not arrived and not record.lost:
        console.print(escape(record.unsent))
    if outcome.failure is not None:
        raise RunFailed(f"run {record.run_id} failed: {outcome.failure}", record.run_id)
    kept = outcome.metrics.get("best/epoch") if outcome.metrics.get("best/test_accuracy") else None
    last = next((row for row in record.rows if row["step"] == kept), record.last)
    screen.ended(config, store, record.run_id, last, outcome, watch)
    if record.lost:
        raise NotRecorded(record.unsent)
    return Result(record.run_id, config, {**record.last, **outcome.metrics})


def _begin(
    config: Config,
    dataset: Dataset,
    store: Store,
    experiment: str,
    checkpoints: Checkpoints,
    console: Console,
) -> tuple[RunRecord, Snapshot | None]:
    """A new run, or the one that a checkpoint belongs to."""
    found = checkpoints.found() if config.tracking.resume else None
    if found is not None:
        snapshot, kept = found
        rows, stamps = kept["rows"], kept["stamps"]
        try:
            record = RunRecord.reopen(store, kept["run_id"], config, dataset, rows, stamps)
            console.print(f"going on after epoch {snapshot.values['epoch']}", highlight=False)
            return record, snapshot
        except Exception as error:
            if getattr(error, "error_code", "") not in NEVER:
                raise
            console.print(
                f"the store has no run {kept['run_id']} any more: going on after epoch "
                f"{snapshot.values['epoch']} in a new one",
                highlight=False,
            )
            # What was trained is still worth as much: the checkpoint holds all values so far.
            record = RunRecord.start(store, experiment, config, dataset, rows, stamps)
            return record, snapshot
    checkpoints.file.remove()
    return RunRecord.start(store, experiment, config, dataset), None


def _train(
    record: RunRecord,
    config: Config,
    dataset: Dataset,
    checkpoints: Checkpoints,
    snapshot: Snapshot | None,
    console: Console,
    screen: Screen,
) -> Outcome:
    outcome: Outcome | None = None
    complained = False

    def kept() -> dict[str, Any]:
        return {"run_id": record.run_id, "rows": record.rows, "stamps": record.stamps}

    with screen.training(config, dataset, record.rows):
        for report in train(config, dataset, snapshot):
            record.add(report)
            screen.show(report)
            outcome = report.outcome or outcome
            checkpoints.after(report, kept)
            if complained != bool(record.trouble):
                complained = not complained
                console.print(
                    escape(
                        f"the tracking store does not answer ({record.trouble}): training goes on, "
                        "values are kept"
                    )
                    if complained
                    else "the tracking store answers again: it has received what was kept"
                )
    assert outcome is not None
    return completed(config, dataset, record.rows, outcome)
