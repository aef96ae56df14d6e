"""One run being recorded: its log, and MLflow's run made from it while it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.record.clock import now
from nnexp.record.description import begun_of, end, fail, owner_tags, write_into
from nnexp.record.labels import label_name
from nnexp.record.log import RunLog, taken_up
from nnexp.record.log_folder import remove
from nnexp.record.outbox import Outbox
from nnexp.record.projection import Projection
from nnexp.record.store import Store
from nnexp.train.report import EpochReport, Outcome


class RunRecord:
    """A run being recorded. Not safe to share between threads or processes."""

    def __init__(self, store: Store, config: Config, log: RunLog) -> None:
        """The run is opened in the store, or the one that is there gone on with.

        Raises:
            Whatever the store does; no run is left as if it were going on.
        """
        self.store, self.config, self.log = store, config, log
        self.outbox = Outbox(store)
        self._run = Projection(store, log)
        try:
            self._run.advance()
        except BaseException:
            if self._run.state.opening or self.rows:
                self.fail("it could not be opened in full", status="KILLED")
            else:
                log.close()
                remove(log.folder)
            raise

    @classmethod
    def start(
        cls,
        store: Store,
        experiment: str,
        config: Config,
        dataset: Dataset,
        folder: Path,
        tags: Mapping[str, str] | None = None,
        made: str = "",
    ) -> RunRecord:
        """Open a run with its parameters, tags and data set; its log is in a folder.

        `tags`, and words for its name, are those of a run that is not made by its config alone.
        """
        name = f"{label_name(config)} {made}".rstrip()
        begun = begun_of(store, experiment, name, config, dataset, tags or {})
        return cls(store, config, RunLog(folder, begun))

    @classmethod
    def go_on(cls, store: Store, config: Config, log: RunLog) -> RunRecord | None:
        """Take up a run that was stopped; None if another process has just put its log away."""
        return cls(store, config, log) if taken_up(log, store.folder, now(), owner_tags()) else None

    @property
    def run_id(self) -> str:
        """MLflow's id."""
        return self._run.run_id

    @property
    def renewed(self) -> bool:
        """Whether the store had the run no more, and has been given it anew."""
        return self._run.renewed

    @property
    def rows(self) -> list[dict[str, float]]:
        """The values of the evaluated epochs."""
        return self.log.logged.rows

    @property
    def last(self) -> dict[str, float]:
        """The values of the last evaluated epoch."""
        return self.rows[-1] if self.rows else {}

    @property
    def lost(self) -> str:
        """Why the store has not the run, though it answers; empty if it may be waiting for it."""
        return self.outbox.refusal or self.outbox.lost.get(self.log.key, "")

    @property
    def unsent(self) -> str:
        """What is to be said of a run whose end the store has not received, or not kept."""
        if self.outbox.refused:
            return (
                f"the tracking store refused run {self.run_id} ({self.lost}); it is kept in "
                f"{self.outbox.refused[-1]}: python -m nnexp doctor sends it once the store takes "
                "it"
            )
        if self.lost:
            return (
                f"run {self.run_id} is not recorded: the tracking store answers, but "
                f"{self.lost}; the run is kept in {self.store.folder} and sent again at the "
                "next start"
            )
        return (
            f"{self.outbox.trouble}; nothing is lost: the rest of this run is kept in "
            f"{self.store.folder} and delivered at the next start"
        )

    def add(self, report: EpochReport) -> None:
        """Note a report; its values are sent with the next batch."""
        if report.metrics:
            self.log.add_epoch(report.epoch, now(), report.metrics)
        self.outbox.advance(self._run)

    def artifacts(self) -> Path:
        """An empty folder for the run's artifacts."""
        return write_into(self.log)

    def finish(self, outcome: Outcome) -> bool:
        """Close the run with its outcome and artifacts.

        Returns whether it has arrived; if not, it is kept and delivered at the next start.
        """
        end(self.log, self.config, outcome)
        return bool(self.outbox.send(self._run))

    def fail(self, reason: str, status: str = "FAILED") -> bool:
        """Close the run as FAILED or KILLED, with the reason as a tag; whether it has arrived."""
        # A full disk must not keep the reason from the store.
        with suppress(OSError):
            fail(self.log, reason, status)
        return bool(self.outbox.send(self._run))
