"""A run under way: begun or gone on with, trained and closed; marked if it is stopped."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from nnexp.config.command import command_of
from nnexp.config.schema import Config
from nnexp.config.words import some
from nnexp.data.dataset import Dataset
from nnexp.errors import NnexpError, stopped_by
from nnexp.record.delivery import NEVER
from nnexp.record.final import completed
from nnexp.record.run import RunRecord
from nnexp.record.store import Store
from nnexp.runner.artifact_process import ArtifactProcess
from nnexp.runner.checkpoints import Checkpoints
from nnexp.runner.run_progress import Screen
from nnexp.runner.stopwatch import DRAWING, Stopwatch
from nnexp.signals import held_stops
from nnexp.train.loop import train
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


@dataclass
class UnderWay:
    """A run of a config, and how far its record has come."""

    config: Config
    dataset: Dataset
    store: Store
    experiment: str
    checkpoints: Checkpoints
    studio: ArtifactProcess
    console: Console
    screen: Screen
    record: RunRecord | None = None
    closed: bool = False
    """The store, or this disk, has the run whole."""

    def carry_out(self, watch: Stopwatch) -> Result:
        """Train the run, record it, and show what came out.

        Raises:
            RunFailed: training diverged, or the disk takes nothing more.
            NotRecorded: the store has lost the run.
        """
        with self._marked_if_stopped():
            with held_stops():
                record, snapshot = self._begin()
                self.record = record
            watch.lap("starting")
            LOGGER.debug("run %s opened: %s", record.run_id, command_of(self.config))
            outcome = self._train(record, snapshot)
            watch.lap()
            LOGGER.debug("trained %s", some(outcome.epochs, "epoch"))
            arrived = self._close(record, outcome, watch)
        if not arrived and not record.lost:
            self.console.print(escape(record.unsent))
        if outcome.failure is not None:
            raise RunFailed(f"run {record.run_id} failed: {outcome.failure}", record.run_id)
        self.screen.ended(
            self.config, self.store, record.run_id, _kept(record, outcome), outcome, watch
        )
        if record.lost:
            raise NotRecorded(record.unsent)
        return Result(record.run_id, self.config, {**record.last, **outcome.metrics})

    def _begin(self) -> tuple[RunRecord, Snapshot | None]:
        """A new run, or the one that a checkpoint belongs to."""
        found = self.checkpoints.found() if self.config.tracking.resume else None
        if found is not None:
            snapshot, kept = found
            return self._go_on(snapshot, kept), snapshot
        self.checkpoints.file.remove()
        return RunRecord.start(self.store, self.experiment, self.config, self.dataset), None

    def _go_on(self, snapshot: Snapshot, kept: dict[str, Any]) -> RunRecord:
        """The run that a checkpoint is of; a new one if the store has it no more."""
        rows, stamps, epoch = kept["rows"], kept["stamps"], snapshot.values["epoch"]
        try:
            record = RunRecord.reopen(
                self.store, kept["run_id"], self.config, self.dataset, rows, stamps
            )
        except Exception as error:
            if getattr(error, "error_code", "") not in NEVER:
                raise
            self.console.print(
                f"the store has no run {kept['run_id']} any more: going on after epoch {epoch} in "
                "a new one",
                highlight=False,
            )
            # What was trained is still worth as much: the checkpoint holds all values so far.
            return RunRecord.start(
                self.store, self.experiment, self.config, self.dataset, rows, stamps
            )
        self.console.print(f"going on after epoch {epoch}", highlight=False)
        return record

    def _train(self, record: RunRecord, snapshot: Snapshot | None) -> Outcome:
        config, dataset = self.config, self.dataset
        outcome: Outcome | None = None
        complained = False

        def kept() -> dict[str, Any]:
            return {"run_id": record.run_id, "rows": record.rows, "stamps": record.stamps}

        with self.screen.training(config, dataset, record.rows):
            for report in train(config, dataset, snapshot):
                record.add(report)
                self.screen.show(report)
                outcome = report.outcome or outcome
                self.checkpoints.after(report, kept)
                if complained != bool(record.trouble):
                    complained = not complained
                    self.console.print(
                        escape(
                            f"the tracking store does not answer ({record.trouble}): training goes "
                            "on, values are kept"
                        )
                        if complained
                        else "the tracking store answers again: it has received what was kept"
                    )
        assert outcome is not None
        return completed(config, dataset, record.rows, outcome)

    def _close(self, record: RunRecord, outcome: Outcome, watch: Stopwatch) -> bool:
        """End the record; whether the store has it all."""
        if outcome.failure is not None:
            with held_stops():
                arrived, self.closed = record.fail(outcome.failure), True
                self.checkpoints.file.remove()
            return arrived
        folder = Path(tempfile.mkdtemp(prefix=f"{record.run_id}-", dir=self.store.folder))
        try:
            if missing := self.studio.write(folder, outcome, record.rows):
                self.console.print(escape(f"recorded without all artifacts: {missing}"))
            watch.lap(DRAWING)
            with held_stops():
                arrived, self.closed = record.finish(outcome, folder), True
                self.checkpoints.file.remove()
            watch.lap("recording")
            LOGGER.debug("run %s closed, %d values", record.run_id, len(outcome.metrics))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return arrived

    @contextmanager
    def _marked_if_stopped(self) -> Iterator[None]:
        """Leave no run as if it were going on: the store, and the user, are told how it ended."""
        try:
            yield
        except KeyboardInterrupt as stop:
            self._say_stopped(stop)
            raise
        except OSError as error:
            record = self.record
            if record is None or self.closed:
                raise
            # The disk is full, or the folder has gone: what is trained can still be gone on with.
            marked = record.fail(str(error), status="KILLED")
            raise RunFailed(
                f"run {record.run_id} cannot be recorded: {error}; it is marked KILLED"
                f"{'' if marked else ' at the next start'}, and the same command goes on with it",
                record.run_id,
            ) from error
        except Exception as error:
            if self.record is not None and not self.closed:
                self.record.fail(f"{type(error).__name__}: {error}")
            raise

    def _say_stopped(self, stop: KeyboardInterrupt) -> None:
        record = self.record
        if record is None:
            return
        if self.closed:
            # It came while the run was being closed, and has waited: the run is whole.
            self.console.print(f"\nrun {record.run_id} had ended already; it is recorded")
            return
        # An impatient second one would leave the run as if it were going on.
        with held_stops(forget=True):
            record.fail(stopped_by(stop), status="KILLED")
        self.console.print(
            f"\nrun {record.run_id} is marked KILLED; the same command goes on with it"
        )


def _kept(record: RunRecord, outcome: Outcome) -> dict[str, float]:
    """The values of the epoch whose weights are kept."""
    best = outcome.metrics.get("best/epoch") if outcome.metrics.get("best/test_accuracy") else None
    return next((row for row in record.rows if row["step"] == best), record.last)
