"""A search in the record: one parent, and under it whatever runs are asked for, batch by batch.

What is recorded already is not trained again. So a search that was killed is gone on with by asking
for the same runs again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from rich.console import Console

from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.record.clock import now
from nnexp.record.delivery import Delivery
from nnexp.record.environment import cores
from nnexp.record.fingerprint import fingerprint
from nnexp.record.outbox import Outbox
from nnexp.record.quick import quick_commits
from nnexp.record.store import Store, experiment_id, open_store
from nnexp.record.sweep import Recorded, find_parent, open_parent, recorded_runs, remove_partial
from nnexp.signals import held_stops
from nnexp.sweep.batch import SweepStopped, confirm_recorded, reason_of, say_kept
from nnexp.sweep.locks import alone
from nnexp.sweep.pool import Pool
from nnexp.sweep.single import tidy
from nnexp.sweep.state import Batch
from nnexp.sweep.training import summarize, train_missing, train_shared
from nnexp.train.engines import compile_ahead


class Session:
    """Trains runs under a parent, with worker processes that stay until the search ends."""

    def __init__(
        self, store: Store, experiment: str, parent: str, console: Console, *, reuse: bool
    ) -> None:
        self.store, self.parent, self.console = store, parent, console
        self.outbox = Outbox(store)
        self._experiment, self._reuse = experiment, reuse
        self._pool: Pool | None = None
        self._found = self._recorded()

    def _recorded(self) -> dict[str, Recorded]:
        return recorded_runs(self.store, self._experiment, None if self._reuse else self.parent)

    def train(
        self, configs: Sequence[Config], tags: Sequence[Mapping[str, str]], *, summary: bool = False
    ) -> list[Recorded]:
        """What is recorded of these runs, in order; those that were not are trained.

        With `summary`, their means over seeds are recorded too.
        """
        datasets = [dataset_of(config) for config in configs]
        marks = [fingerprint(c, d) for c, d in zip(configs, datasets, strict=True)]
        unique = {mark: k for k, mark in reversed(list(enumerate(marks)))}
        chosen = sorted(unique.values())
        batch = Batch(
            [configs[k] for k in chosen],
            [datasets[k] for k in chosen],
            [marks[k] for k in chosen],
            self.store,
            self._experiment,
            {mark: self._found[mark] for mark in marks if mark in self._found},
            {marks[k]: tags[k] for k in chosen},
        )
        if batch.missing:
            self._train(batch)
            self._found |= batch.found
        if summary:
            summarize(batch, self.parent, self.outbox)
        return [batch.found[mark] for mark in marks]

    def _train(self, batch: Batch) -> None:
        first = batch.configs[0]
        if self._pool is None:
            compile_ahead(batch.configs, partial(self.console.print, highlight=False))
            self._pool = Pool((), first.sweep.workers or cores(), stays=True)
        if self._reuse:
            train_shared(
                batch, self.parent, self.outbox, self.console, self._recorded, self._pool
            )  # fmt: skip
        else:
            train_missing(batch, self.parent, self.outbox, self.console, pool=self._pool)

    def close(self) -> None:
        """Send the workers home."""
        if self._pool is not None:
            self._pool.close()


@contextmanager
def session(
    config: Config, key: str, name: str, tags: Mapping[str, str], console: Console
) -> Iterator[tuple[Session, dict[str, str]]]:
    """A search's parent run, opened or gone on with; what is put into the mapping becomes its tags.

    Args:
        config: of any of its runs: where they are recorded.
        key: what makes two searches the same.
        name: of the parent run.
        tags: that it has from its beginning.

    Raises:
        SweepStopped: it cannot go on here, such as for want of space.
        NotRecorded: the store has not kept what it took.
    """
    store = open_store(config.tracking.uri)
    experiment = experiment_id(store, config.tracking.experiment)
    reuse = config.tracking.reuse
    with alone(store, f"sweep-{key[:16]}", "this search", console):
        tidy(store, experiment, console)
        before = find_parent(store, experiment, key, ended=reuse)
        with held_stops():
            parent = open_parent(store, experiment, key, name, dict(tags), before)
        remove_partial(store, experiment, parent)
        found, ending = Session(store, experiment, parent, console, reuse=reuse), dict[str, str]()
        try:
            with quick_commits(store):
                yield found, ending
        except BaseException as error:
            with held_stops(forget=True), suppress(OSError):
                killed = {"nnexp.reason": reason_of(error)}
                found.outbox.send(Delivery(parent, "KILLED", now(), (), killed))
            if isinstance(error, OSError):
                raise SweepStopped(
                    f"search {parent} cannot go on: {error}; the same command goes on with it"
                ) from error
            raise
        finally:
            found.close()
        with held_stops():
            found.outbox.send(Delivery(parent, "FINISHED", now(), (), ending))
    say_kept(found.outbox, console)
    confirm_recorded(found.outbox)
