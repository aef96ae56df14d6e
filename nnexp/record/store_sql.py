"""Reading many runs from a store that is a database: a few queries for a thousand runs.

MLflow's client makes an object of every parameter and value, which takes minutes for ten thousand
runs; these are plain columns of the same tables. Filters are MLflow's own. What differs between
this and the client would be a fault: tests/study/test_frames.py compares both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from nnexp.record.labels import RESERVED
from nnexp.record.mlflow_private import database_of, ids_where, session_of, tables_of
from nnexp.record.served_runs import pages, runs_of_ids, served_history
from nnexp.record.store import Store

if TYPE_CHECKING:
    import pandas as pd

PAGE = 1000
"""Runs per query: databases limit how many values a query may hold."""

INFO = ("run_uuid", "name", "status", "start_time", "end_time")


def database(store: Store) -> Any:
    """MLflow's store object where it is a database, else None (a server)."""
    return database_of(store.client)


def run_ids(inner: Any, experiment_id: str, where: str) -> list[str]:
    """The ids of an experiment's active runs that a filter lets through, the latest first.

    Raises:
        MlflowException: a filter that MLflow does not understand.
    """
    if (found := ids_where(inner, experiment_id, where)) is not None:
        return found
    from mlflow.entities import ViewType

    ids: list[str] = []
    token = None
    while token != "":
        page = inner.search_runs([experiment_id], where, ViewType.ACTIVE_ONLY, PAGE, None, token)
        ids += [str(run.info.run_id) for run in page]
        token = page.token or ""
    return ids


@contextmanager
def reader(inner: Any) -> Iterator[Callable[..., Sequence[Any]]]:
    """What reads columns of one of MLflow's tables for the runs of some ids.

    The id comes first in each row. Rows are as the driver gives them, without an object each: there
    may be millions.
    """
    from sqlalchemy import select

    with session_of(inner) as session:
        connection, ours = session.connection(), tables_of(inner)

        def rows(table: str, ids: Sequence[str], *columns: str, where: Any = True) -> Sequence[Any]:
            source = getattr(ours, table)
            chosen: Any = select(*(getattr(source, name) for name in ("run_uuid", *columns)))
            chosen = chosen.where(source.run_uuid.in_(ids), where)
            return connection.execute(chosen).cursor.fetchall()  # type: ignore[no-any-return]

        yield rows


def ids_tagged(inner: Any, key: str, values: Sequence[str]) -> set[str]:
    """The ids of the runs, of any experiment, whose tag is one of some values."""
    from sqlalchemy import select

    found: set[str] = set()
    with session_of(inner) as session:
        for part in pages(values, PAGE):
            tag = tables_of(inner).tag
            statement: Any = select(tag.run_uuid).where(tag.key == key, tag.value.in_(part))
            found.update(str(row[0]) for row in session.execute(statement))
    return found


class Columns:
    """What is recorded of some runs, column by column: a list with one entry per run, or None."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._row = _order(ids)
        self.info: dict[str, list[Any]] = {name: [None] * len(ids) for name in INFO}
        self.tags: dict[str, list[Any]] = {}
        self.params: dict[str, list[Any]] = {}
        self.metrics: dict[str, list[Any]] = {}

    def put(self, into: dict[str, list[Any]], rows: Iterable[tuple[str, str, Any]]) -> None:
        """Enter triples of run id, key and value."""
        for run_id, key, value in rows:
            if key not in into:
                into[key] = [None] * len(self._row)
            into[key][self._row[run_id]] = value

    def tag(self, name: str) -> list[str | None]:
        """The values of a tag."""
        return self.tags.get(name, [None] * len(self._row))

    def put_info(self, row: Sequence[Any]) -> None:
        """Enter the values of `INFO` of one run."""
        position = self._row[row[0]]
        for name, value in zip(INFO, row, strict=True):
            self.info[name][position] = value


def read_columns(
    inner: Any,
    ids: Sequence[str],
    tags: Sequence[str],
    *,
    params: bool = True,
    metrics: bool = True,
) -> Columns:
    """Status and times of runs; of the tags those named, and the user's own.

    With `params`, all parameters; with `metrics`, the last value of all metrics.
    """
    from sqlalchemy import not_, or_

    found, tag = Columns(ids), tables_of(inner).tag
    reserved = or_(*(tag.key.startswith(prefix) for prefix in RESERVED))
    asked = or_(tag.key.in_(tags), not_(reserved))
    with reader(inner) as rows:
        for part in pages(ids, PAGE):
            for row in rows("run", part, *INFO[1:]):
                found.put_info(row)
            found.put(found.tags, rows("tag", part, "key", "value", where=asked))
            if params:
                found.put(found.params, rows("param", part, "key", "value"))
            last = rows("latest", part, "key", "value", "is_nan") if metrics else ()
            found.put(found.metrics, ((r, k, math.nan if nan else v) for r, k, v, nan in last))
    return found


def curves_of_ids(
    store: Store, ids: Sequence[str], names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Columns `run_id`, `metric`, `step`, `value`, in the order of the ids, metrics and steps.

    All metrics, or those of some names. A value that was sent twice counts once, as sent last.
    """
    import pandas as pd

    parts = [_sorted(rows, _order(part)) for part, rows in _histories(store, ids, names) if rows]
    if not parts:
        return pd.DataFrame(columns=["run_id", "metric", "step", "value"])
    return pd.concat(parts, ignore_index=True)


def final_values(store: Store, run_id: str, metrics: Mapping[str, float]) -> dict[str, float]:
    """The last values of a run, all of the weights that were kept.

    With early stopping those are of the best epoch; other metrics go on beyond it.
    """
    if "best/test_accuracy" not in metrics:
        return dict(metrics)
    parts = ("train/", "validation/")
    names = [name for name in metrics if name.startswith(parts)]
    long = curves_of_ids(store, [run_id], names)
    kept = long[long["step"] == int(metrics["best/epoch"])]
    return {**metrics, **dict(zip(kept["metric"], kept["value"], strict=True))}


def _histories(
    store: Store, ids: Sequence[str], names: Sequence[str] | None
) -> Iterator[tuple[list[str], Sequence[Any]]]:
    """The rows of `served_runs.Value` of so many runs at a time, with the ids of these."""
    inner = database(store)
    if inner is None:
        if names is None:
            names = sorted({m for run in runs_of_ids(store, ids) for m in run.data.metrics})
        for part in pages(ids, PAGE):
            yield part, list(served_history(store, part, names))
        return
    where = True if names is None else tables_of(inner).metric.key.in_(list(names))
    with reader(inner) as rows:
        for part in pages(ids, PAGE):
            columns = ("key", "step", "timestamp", "value", "is_nan")
            yield part, rows("metric", part, *columns, where=where)


def _order(ids: Sequence[str]) -> dict[str, int]:
    return {run_id: k for k, run_id in enumerate(ids)}


def _sorted(rows: Sequence[Any], order: Mapping[str, int]) -> pd.DataFrame:
    """A page of values in order, each step once."""
    import pandas as pd

    n, names = len(rows), sorted({row[1] for row in rows})
    place = {name: k for k, name in enumerate(names)}
    runs = np.fromiter((order[row[0]] for row in rows), np.int64, n)
    keys = np.fromiter((place[row[1]] for row in rows), np.int64, n)
    steps = np.fromiter((row[2] for row in rows), np.int64, n)
    stamps = np.fromiter((row[3] for row in rows), np.int64, n)
    values = np.fromiter((np.nan if row[5] else row[4] for row in rows), np.float64, n)
    at = np.lexsort((stamps, steps, keys, runs))
    runs, keys, steps = runs[at], keys[at], steps[at]
    same = (np.diff(runs) == 0) & (np.diff(keys) == 0) & (np.diff(steps) == 0)
    last = np.append(~same, True)
    return pd.DataFrame(
        {
            "run_id": np.array(list(order), object)[runs[last]],
            "metric": np.array(names, object)[keys[last]],
            "step": steps[last],
            "value": values[at][last],
        }
    )
