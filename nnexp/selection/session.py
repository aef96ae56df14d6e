"""A search in the record: one parent, and under it whatever runs are asked for, batch by batch.

What is recorded already is not trained again. So a search that was killed is gone on with by asking
for the same runs again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.record.description import give_up
from nnexp.record.fingerprint import fingerprint
from nnexp.record.log import held_log
from nnexp.record.outbox import Outbox
from nnexp.record.projection import Projection
from nnexp.record.sqlite_commits import quick_commits
from nnexp.record.store import Store, experiment_id, open_store
from nnexp.record.sweep import (
    PRUNED,
    Recorded,
    find_parent,
    open_parent,
    remove_partial,
    runs_where,
)
from nnexp.record.tags import number
from nnexp.runner.executors import DIED, Executor, executor_of, workers_ahead
from nnexp.runner.notify import without_notify
from nnexp.runner.run import tidy
from nnexp.runner.run_claims import Claims, alone, claims
from nnexp.runner.store_news import confirm_recorded, say_kept
from nnexp.runner.sweep_parent import end_parent, killed_if_stopped
from nnexp.runner.sweep_state import SweepState, checkpoint, log_folder
from nnexp.runner.sweep_training import summarize, train_shared
from nnexp.selection.known_runs import KnownRuns, Rows
from nnexp.selection.reused import ReusedRuns
from nnexp.signals import held_stops
from nnexp.terminal import Console


class Session:
    """Trains runs under a parent, with worker processes that stay until the search ends."""

    def __init__(
        self,
        store: Store,
        experiment: str,
        parent: str,
        console: Console,
        metric: str,
        pool: Executor | None,
        ours: Claims,
        *,
        reuse: bool,
    ) -> None:
        """`metric` is what `train_until` gives, epoch by epoch; `ours` are what this one trains."""
        self.store, self.parent, self.console = store, parent, console
        self.outbox = Outbox(store)
        self._experiment = experiment
        self._pool, self._ours = pool, ours
        self._held: dict[str, str] = {}
        self._asked: dict[str, None] = {}
        """The fingerprints of the runs of this search, in the order of asking."""
        self._known = KnownRuns(store, experiment, parent, metric, self.outbox, reuse=reuse)
        given_up = runs_where(store, [experiment], f"tags.`{PRUNED}` LIKE '%'")
        self._pruned: dict[str, tuple[int, str]] = {}
        for run in given_up:
            mark, epochs = run.data.tags["nnexp.fingerprint"], number(run.data.tags, PRUNED)
            self._pruned[mark] = max(self._pruned.get(mark, (0, "")), (epochs, run.info.run_id))
        self._paused: dict[str, Rows] = {}
        self._reused = ReusedRuns(parent)

    def train(
        self,
        what: str,
        configs: Sequence[Config],
        tags: Sequence[Mapping[str, str]],
        *,
        summary: bool = False,
    ) -> list[Recorded]:
        """What is recorded of these runs, in order; those that were not are trained.

        `what` they are is said where there is something to train. With `summary`, their means over
        seeds are recorded too. A run that was trained here is called by the key of its log, though
        the store has it meanwhile (`id_of`).
        """
        batch, marks = self._batch(configs, tags)
        if batch.missing:
            self._train(batch, what)
            self._known.add(batch.found)
        if summary:
            self.send_held()
            batch.found = {
                mark: replace(run, run_id=self.id_of(run)) for mark, run in batch.found.items()
            }
            summarize(batch)
        for mark in marks:
            self._reused.note(batch.found[mark], batch.tags[mark])
        return [batch.found[mark] for mark in marks]

    def train_until(
        self, what: str, configs: Sequence[Config], tags: Sequence[Mapping[str, str]], epoch: int
    ) -> list[Rows | None]:
        """The values of these runs up to an epoch, in order; None of a run that failed.

        They stop there, to be gone on with or given up.
        """
        batch, marks = self._batch(configs, tags)
        batch.until = epoch
        batch.paused |= {mark: self._paused[mark] for mark in marks if self._is_at(mark, epoch)}
        if batch.missing:
            self._train(batch, what)
            self._known.add(batch.found)
            self._paused |= batch.paused
        rows: list[Rows | None] = []
        for mark in marks:
            ended = batch.found.get(mark)
            if ended is None:
                rows.append(batch.paused[mark])
            else:
                rows.append(self._known.history(ended) if ended.status == "FINISHED" else None)
        return rows

    def give_up(self, config: Config, tags: Mapping[str, str], epoch: int) -> Mapping[str, float]:
        """Record a run that was trained until an epoch as given up; its last values."""
        batch, (mark,) = self._batch([config], [tags])
        epochs, before = self._pruned.get(mark, (0, ""))
        file = checkpoint(batch, 0)
        if epochs >= epoch:
            file.remove()
            data = self.store.client.get_run(before).data
            known = Recorded(before, "KILLED", data.tags["nnexp.sweep"], data.metrics, "")
            self._reused.note(known, {**tags, PRUNED: str(epoch)})
            return known.metrics
        kept = file.read()
        if (run := batch.found.get(mark)) is not None:
            self._reused.note(run, {**tags, PRUNED: str(epoch)})
        if run is not None or kept is None or (log := held_log(log_folder(batch, 0))) is None:
            return {}  # It was recorded elsewhere, whole.
        names = ("time/train_seconds", "time/evaluate_seconds")
        times = dict(zip(names, kept[0].values["seconds"], strict=True))
        last = log.logged.rows[-1]
        why = f"given up by search {self.parent[:8]} after {epoch} of {config.train.epochs} epochs"
        with held_stops():
            give_up(log, why, times, {**batch.tags[mark], PRUNED: str(epoch)})
            self.outbox.hold(Projection(self.store, log))
            file.remove()
        return {**last, **times}

    @property
    def died(self) -> list[str]:
        """The ids of the runs of this search whose processes died."""
        found = self._known.of(self._asked).values()
        return [self.id_of(r) for r in found if r.status == "FAILED" and r.reason.startswith(DIED)]

    def id_of(self, run: Recorded) -> str:
        """A run's id in the store; the key of its log as long as the store does not have it."""
        return self._known.id_of(run.run_id)

    def send_held(self) -> None:
        """Let the store have all runs that have ended."""
        with held_stops():
            self.outbox.send_held()
        self._give_back()

    def _give_back(self) -> None:
        """Give back the claims on what the store has now."""
        for key in [key for key in self._held if key not in self.outbox.held]:
            self._ours.give(self._held.pop(key))

    def _is_at(self, mark: str, epoch: int) -> bool:
        """Whether the values of a run up to an epoch are known, of one that has not ended."""
        if mark in self._pruned and mark not in self._paused:
            self._paused[mark] = self._known.history_of(self._pruned[mark][1])
        return any(row["step"] >= epoch for row in self._paused.get(mark, ()))

    def _batch(
        self, configs: Sequence[Config], tags: Sequence[Mapping[str, str]]
    ) -> tuple[SweepState, list[str]]:
        """The runs, each once, with what is recorded of them; and the fingerprint of each."""
        configs = [without_notify(config) for config in configs]
        datasets = [dataset_of(config) for config in configs]
        marks = [fingerprint(c, d) for c, d in zip(configs, datasets, strict=True)]
        self._asked |= dict.fromkeys(marks)
        found = self._known.of(marks)
        # The first of each mark counts, as in the batch.
        tagged = dict(reversed(list(zip(marks, tags, strict=True))))
        batch = SweepState.of(
            configs, datasets, marks, self.outbox, self.console, self._experiment,
            found=found, tags=tagged, parent=self.parent,
        )  # fmt: skip
        return batch, marks

    def _train(self, batch: SweepState, what: str) -> None:
        first = batch.configs[0]
        self.console.print(what, highlight=False, markup=False)
        if self._pool is None:
            self._pool = executor_of(first.sweep, (), stays=True)
        # What a cluster's workers have ended is recorded at once: it does not say that it waits.
        batch.holds = first.sweep.executor != "dask"

        def look() -> dict[str, Recorded]:
            return self._known.look(batch.marks[k] for k in batch.missing)

        train_shared(batch, look, self._pool, self._ours)
        ended = {batch.found[mark].run_id: mark for mark in batch.marks if mark in batch.found}
        self._held |= {key: mark for key, mark in ended.items() if key in self.outbox.held}
        self._give_back()

    def list_reused(self, folder: Path) -> None:
        """Write the list of the runs that others have recorded, if there are any.

        Raises:
            OSError: the disk takes nothing more.
        """
        self._reused.write(folder, self._known.id_of, self.outbox.replaced)

    def close(self) -> None:
        """Send the workers home."""
        if self._pool is not None:
            self._pool.close()


@contextmanager
def session(
    config: Config, key: str, name: str, metric: str, tags: Mapping[str, str], console: Console
) -> Iterator[tuple[Session, dict[str, str]]]:
    """A search's parent run, opened or gone on with; what is put into the mapping becomes its tags.

    Args:
        config: of any of its runs: where they are recorded.
        key: what makes two searches the same.
        name: of the parent run.
        metric: what trials are given up by, epoch by epoch.
        tags: that it has from its beginning.

    Raises:
        SweepStopped: it cannot go on here, such as for want of space.
        NotRecorded: the store has not kept what it took.
    """
    reuse = config.tracking.reuse
    with ExitStack() as stack:
        pool = stack.enter_context(workers_ahead(config.sweep))
        store = open_store(config.tracking.uri)
        experiment = experiment_id(store, config.tracking.experiment)
        stack.enter_context(alone(store, f"sweep-{key[:16]}", "this search", console))
        tidy(store, experiment, console)
        before = find_parent(store, experiment, key, ended=reuse)
        with held_stops():
            opened = open_parent(
                store, experiment, config.tracking.experiment, key, name, tags, before, ended=reuse
            )
        parent = opened.run_id
        remove_partial(store, experiment, parent)
        ours = stack.enter_context(claims(store.folder, experiment))
        found = Session(store, experiment, parent, console, metric, pool, ours, reuse=reuse)
        ending: dict[str, str] = {}
        with (
            closing(found),
            killed_if_stopped("search", opened, found.outbox),
            quick_commits(store),
        ):
            try:
                yield found, ending
            finally:
                found.send_held()
        with held_stops():
            found.list_reused(opened.log.artifacts)
            end_parent(opened, found.outbox, "FINISHED", ending)
    say_kept(found.outbox, console)
    confirm_recorded(found.outbox)
