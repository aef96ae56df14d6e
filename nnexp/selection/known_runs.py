"""What is recorded of the runs of a search, by others too, or has ended and waits for the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from nnexp.record.checkpoint import forget_recorded, run_key
from nnexp.record.events import DamagedLog
from nnexp.record.log import RunLog
from nnexp.record.log_folder import RUNS
from nnexp.record.outbox import Outbox
from nnexp.record.store import Store
from nnexp.record.store_errors import is_from_store
from nnexp.record.store_sql import curves_of_ids
from nnexp.record.sweep import Recorded, find_finished, finished_runs, recorded_runs, waiting

Rows = list[dict[str, float]]
"""Values by epoch (`step`)."""


class KnownRuns:
    """Looks up the runs of a search by their fingerprints.

    A run that has ended and that the store does not have yet is called by the key of its log.
    """

    def __init__(
        self,
        store: Store,
        experiment: str,
        parent: str,
        metric: str,
        outbox: Outbox,
        *,
        reuse: bool,
    ) -> None:
        """`metric` is what `history` gives; without `reuse`, only what this `parent` has counts."""
        self.store, self._experiment, self._metric = store, experiment, metric
        self._outbox, self._reuse = outbox, reuse
        self._found = recorded_runs(store, experiment, None if reuse else parent)
        forget_recorded(store, experiment, self._found)
        self._theirs: dict[str, str] = {}
        """Fingerprints of other commands' runs, by the keys of their logs."""

    def of(self, marks: Iterable[str]) -> dict[str, Recorded]:
        """What is known of some runs."""
        known = {mark: self._found[mark] for mark in marks if mark in self._found}
        return {**self._waiting(mark for mark in marks if mark not in known), **known}

    def add(self, found: Mapping[str, Recorded]) -> None:
        """Note what has ended meanwhile."""
        self._found |= found

    def look(self, marks: Iterable[str]) -> dict[str, Recorded]:
        """What other processes have recorded meanwhile, as far as can be told now."""
        if not self._reuse:
            return {}
        marks = list(marks)
        ended = self._waiting(marks)
        try:
            if not self._outbox.leaves_alone:
                return {**ended, **finished_runs(self.store, self._experiment, marks)}
        except Exception as error:
            # A store that does not answer now is no reason to stop: what ends is kept.
            if not is_from_store(error):
                raise
            self._outbox.note(error)
        return ended

    def history(self, run: Recorded) -> Rows:
        """The values of a run by epoch."""
        with suppress(DamagedLog, OSError):
            if (folder := self.store.folder / RUNS / run.run_id).is_dir():
                return RunLog(folder).logged.rows
        return self.history_of(self.id_of(run.run_id))

    def history_of(self, run_id: str) -> Rows:
        """The recorded values of a run by epoch."""
        by_step: dict[int, dict[str, float]] = {}
        values = curves_of_ids(self.store, [run_id], [self._metric])
        for step, value in zip(values["step"], values["value"], strict=True):
            by_step.setdefault(int(step), {"step": float(step)})[self._metric] = float(value)
        return [by_step[step] for step in sorted(by_step)]

    def id_of(self, run_id: str) -> str:
        """A run's id in the store; the key of its log as long as the store does not have it."""
        arrived = self._outbox.arrived
        if run_id in self._theirs and run_id not in arrived:
            found = find_finished(self.store, self._experiment, self._theirs[run_id])
            if found is not None:
                arrived[run_id] = found.run_id
        return arrived.get(run_id, run_id)

    def _waiting(self, marks: Iterable[str]) -> dict[str, Recorded]:
        """Single runs that have finished; a worker finds by itself what a sweep has left."""
        found = {}
        for mark in marks if self._reuse else ():
            key = run_key(self.store, self._experiment, mark, swept=False)
            folder = self.store.folder / RUNS / key[:32]
            with suppress(DamagedLog, OSError):
                if not folder.is_dir():
                    continue
                ended = (log := RunLog(folder)).logged.ended
                if ended is not None and ended.status == "FINISHED":
                    self._theirs[log.key] = mark
                    found[mark] = waiting(log)
        return found
