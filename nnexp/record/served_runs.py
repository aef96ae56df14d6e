"""Reading many runs from a tracking server, in requests that it answers soon each.

A server takes some 60 microseconds of a processor for each value that it hands out, and one that
does not answer for a few seconds counts as away: so no request asks for much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from nnexp.record.mlflow_private import history_of_many
from nnexp.record.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

MOST_RUNS = 100
"""Runs of one request."""

MOST_VALUES = 5_000
"""Values of one request at most, unless a single run has more of a metric."""

AT_ONCE = 4
"""Requests that a server is asked at the same time."""


class Value(NamedTuple):
    """A value of the history, as rows of the database are."""

    run_id: str
    metric: str
    step: int
    timestamp: int
    value: float
    is_nan: bool = False


def runs_of_ids(store: Store, ids: Sequence[str]) -> list[Run]:
    """Some runs, deleted ones too, in the order of their ids.

    Raises:
        MlflowException: there is no such run.
    """
    return [run for part in pages(ids, MOST_RUNS) for run in _runs(store, part)]


def served_history(store: Store, ids: Sequence[str], names: Sequence[str]) -> Iterator[Value]:
    """The whole history of some metrics of some runs, a value that was sent twice twice."""
    for part in pages(ids, MOST_RUNS):
        history = _History(store, part)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for values in pool.map(history.of, names):
                yield from values


def pages(values: Sequence[str], most: int) -> Iterator[list[str]]:
    """Ids or other values in parts of at most so many."""
    for start in range(0, len(values), most):
        yield list(values[start : start + most])


def _runs(store: Store, ids: Sequence[str]) -> list[Run]:
    from mlflow.entities import ViewType

    first = store.client.get_run(ids[0])
    found = {str(first.info.run_id): first}
    if rest := list(ids[1:]):
        where = f"attributes.run_id IN ({', '.join(map(repr, rest))})"
        place = [str(first.info.experiment_id)]
        page = store.client.search_runs(place, where, ViewType.ALL, len(rest))
        found |= {str(run.info.run_id): run for run in page}
    # Those of other experiments are asked for one by one.
    return [found.get(run_id) or store.client.get_run(run_id) for run_id in ids]


class _History:
    """Asks for metrics of the same runs: for all at once, or for as many as fit in an answer."""

    def __init__(self, store: Store, ids: Sequence[str]) -> None:
        self.store, self.ids = store, ids
        # Runs that an answer holds of a metric with a value an epoch.
        self._fitting = len(ids)

    def of(self, name: str) -> list[Value]:
        found: list[Value] = []
        start, runs = 0, len(self.ids)
        while start < len(self.ids):
            part = self.ids[start : start + runs]
            values = self._asked(part, name)
            if values is None:
                # Halved, or as another metric of these runs has shown to fit.
                runs = self._fitting = min(self._fitting, max(1, len(part) // 2))
                continue
            found += values
            start += len(part)
        return found

    def _asked(self, ids: Sequence[str], name: str) -> list[Value] | None:
        """What a request brings; None if that is not all."""
        answer = history_of_many(self.store.client, ids, name, MOST_VALUES)
        if answer is not None and len(answer) < MOST_VALUES:
            return [
                Value(m["run_id"], name, int(m["step"]), int(m["timestamp"]), float(m["value"]))
                for m in answer
            ]
        if answer is not None and len(ids) > 1:
            return None
        return [
            Value(run_id, name, m.step, m.timestamp, m.value)
            for run_id in ids
            for m in self.store.client.get_metric_history(run_id, name)
        ]
