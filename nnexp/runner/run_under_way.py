"""A run under way: begun or gone on with, trained and closed; marked if it is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nnexp.atomic_files import named
from nnexp.config.command import command_of
from nnexp.config.plurals import some
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import NnexpError, reason_of, stopped_by
from nnexp.record.artifacts import write_artifacts
from nnexp.record.checkpoint import Checkpoints
from nnexp.record.description import completed
from nnexp.record.log import RunLog, held_log
from nnexp.record.log_folder import make_room
from nnexp.record.projection_state import state_of
from nnexp.record.run import RunRecord
from nnexp.record.store import Store
from nnexp.runner.figure_process import FigureProcess
from nnexp.runner.run_progress import Recorded, Screen
from nnexp.runner.run_text import DRAWING, Stopwatch
from nnexp.runner.store_news import NotRecorded, StoreNews
from nnexp.signals import held_stops
from nnexp.terminal import Console
from nnexp.train.loop import train
from nnexp.train.report import Outcome
from nnexp.train.snapshot import Snapshot
from nnexp.verbosity import LOGGER


class RunFailed(NnexpError):
    """A run could not go on; it is recorded as FAILED."""

    def __init__(self, message: str, run_id: str) -> None:
        super().__init__(message)
        self.run_id = run_id


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
    folder: Path
    """Of its log."""
    checkpoints: Checkpoints
    artifacts: str
    """What `tracking.artifacts` comes to: `all`, `light` or `none`."""
    figures: FigureProcess | None
    """Draws them, where there are to be any."""
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
        with self._marked_if_stopped(), named(self.folder):
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
            self.console.say(record.unsent)
        if outcome.failure is not None:
            raise RunFailed(f"run {record.run_id} failed: {outcome.failure}", record.run_id)
        kept = _kept(record, outcome)
        done = Recorded(self.config, self.store, record.run_id, kept, outcome, watch, not arrived)
        self.screen.ended(done)
        if record.lost:
            raise NotRecorded(record.unsent)
        return Result(record.run_id, self.config, {**record.last, **outcome.metrics})

    def _begin(self) -> tuple[RunRecord, Snapshot | None]:
        """A new run, or the one that a checkpoint belongs to."""
        log = held_log(self.folder)
        if self.config.tracking.resume and log is not None and not log.logged.whole:
            going_on = self._go_on(log)
            if going_on is not None:
                return going_on
        if log is not None:
            log.close()
        self.checkpoints.file.remove()
        make_room(self.folder)
        record = RunRecord.start(
            self.store, self.experiment, self.config, self.dataset, self.folder
        )
        return record, None

    def _go_on(self, log: RunLog) -> tuple[RunRecord, Snapshot | None] | None:
        """The run that was stopped, in a new one of the store's if it has it no more.

        None if its log was just put away: then there was no checkpoint to go on from.
        """
        snapshot = self.checkpoints.found(log)
        before, epoch = state_of(log.folder).run_id, snapshot.values["epoch"] if snapshot else 0
        record = RunRecord.go_on(self.store, self.config, log)
        if record is None:
            return None
        self.console.say(
            f"the store has no run {before} any more: going on after epoch {epoch} in a new one"
            if record.renewed
            else f"going on after epoch {epoch}"
        )
        return record, snapshot

    def _train(self, record: RunRecord, snapshot: Snapshot | None) -> Outcome:
        config, dataset = self.config, self.dataset
        outcome: Outcome | None = None
        news = StoreNews(record.outbox, self.console, "values are kept")
        with self.screen.training(config, dataset, record.rows):
            for report in train(config, dataset, snapshot):
                record.add(report)
                self.screen.show(report)
                outcome = report.outcome or outcome
                self.checkpoints.after(report, record.log)
                news.changes()
        assert outcome is not None
        return completed(config, dataset, record.rows, outcome)

    def _close(self, record: RunRecord, outcome: Outcome, watch: Stopwatch) -> bool:
        """End the record; whether the store has it all."""
        if outcome.failure is not None:
            with held_stops():
                arrived, self.closed = record.fail(outcome.failure), True
                self.checkpoints.file.remove()
            return arrived
        if missing := write_artifacts(
            record.artifacts(), self.artifacts, self.config, self.dataset, outcome, record.rows,
            None if self.figures is None else self.figures.draw,
        ):  # fmt: skip
            self.console.say(f"recorded without all artifacts: {missing}")
        watch.lap(DRAWING)
        with held_stops():
            arrived, self.closed = record.finish(outcome), True
            self.checkpoints.file.remove()
        watch.lap("recording")
        LOGGER.debug("run %s closed, %d values", record.run_id, len(outcome.metrics))
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
                f"{'' if marked else ' at the next start'}, and the same command {self._goes_on}",
                record.run_id,
            ) from error
        except Exception as error:
            if self.record is not None and not self.closed:
                self.record.fail(reason_of(error))
            raise

    @property
    def _goes_on(self) -> str:
        """What the same command will do with a run that was stopped."""
        return "goes on with it" if self.checkpoints.file.path.exists() else "trains it anew"

    def _say_stopped(self, stop: KeyboardInterrupt) -> None:
        record = self.record
        if record is None:
            return
        if self.closed:
            # It came while the run was being closed, and has waited: the run is whole.
            self.console.say("", f"run {record.run_id} had ended already; it is recorded")
            return
        # An impatient second one would leave the run as if it were going on.
        with held_stops(forget=True):
            record.fail(stopped_by(stop), status="KILLED")
        self.console.say(
            "", f"run {record.run_id} is marked KILLED; the same command {self._goes_on}"
        )


def _kept(record: RunRecord, outcome: Outcome) -> dict[str, float]:
    """The values of the epoch whose weights are kept."""
    best = outcome.metrics.get("best/epoch") if outcome.metrics.get("best/test_accuracy") else None
    return next((row for row in record.rows if row["step"] == best), record.last)
