"""Recorded runs as pandas frames: one row a run, or one row a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from nnexp.config.compose import flatten, schema_keys
from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.record.labels import own_tags
from nnexp.record.store import Store, open_store
from nnexp.record.store_sql import INFO, Columns, curves_of_ids, database, read_columns, run_ids
from nnexp.record.sweep import runs_where
from nnexp.study.lookup import experiment_named

if TYPE_CHECKING:
    from mlflow.entities import Run

FIRST_ENGINE = "blas"
"""What trained the runs that hold no `train.engine`: stacks of products, up to version 0.1."""

T = TypeVar("T")

TAGS = ("fingerprint", "source", "data", "environment", "sweep", "command", "reason", "note")
"""The tags `nnexp.…` that are columns of `runs`."""


def runs(
    tracking_uri: str | None = None,
    experiment: str = "nnexp",
    where: str | None = None,
    kind: str = "run",
    limit: int | None = None,
) -> pd.DataFrame:
    """One row per recorded run of an experiment, the latest first; with `limit`, the latest ones.

    Columns: `run_id`, `name`, `status`, `start` (UTC), `seconds`, `fingerprint`, `source`, `data`,
    `environment`, `sweep`, `command`, `reason`, `note`; `tags.KEY`, the user's own;
    every config key (numbers as numbers); every metric with its last value, the best and final
    ones (`best/…`, `gap/…`) among them. Read a thousand
    runs a request. `where` is MLflow's filter syntax.

    Raises:
        UserError: no such experiment, or a filter that MLflow does not understand.

    >>> from nnexp.study import runs
    >>> runs().groupby(["reg.name", "data.n_train"])["test/accuracy"].describe()
    >>> runs(where="params.`reg.name` = 'l2' and metrics.`test/accuracy` > 0.95")
    """
    return runs_in(open_store(tracking_uri, reading=True), experiment, where, kind, limit)


def runs_in(
    store: Store,
    experiment: str,
    where: str | None = None,
    kind: str = "run",
    limit: int | None = None,
    tags: Sequence[str] = TAGS,
) -> pd.DataFrame:
    """`runs` of an open store; `tags` are the tags `nnexp.…` that are columns."""
    inner = database(store)
    if inner is None:
        return frame_of(select(store, experiment, where, kind, limit), tags)
    ids = _ids(store, inner, experiment, where, kind)
    return _frame(read_columns(inner, ids[:limit], _full(tags)), tags)


def starts_of_kind(store: Store, numbers: Iterable[str], kind: str) -> dict[str, list[int]]:
    """By experiments' ids, when their runs of a kind were started (milliseconds)."""
    inner, where = database(store), _condition(None, kind)
    found: dict[str, list[int]] = {number: [] for number in numbers}
    if inner is None:
        for run in runs_where(store, list(found), where):
            found[str(run.info.experiment_id)].append(int(run.info.start_time))
        return found
    for number in found:
        ids = run_ids(inner, number, where)
        starts = read_columns(inner, ids, [], params=False, metrics=False).info["start_time"]
        found[number] = [int(start or 0) for start in starts]
    return found


def select(
    store: Store,
    experiment: str,
    where: str | None = None,
    kind: str = "run",
    limit: int | None = None,
) -> list[Run]:
    """The recorded runs that `runs` makes a frame of."""
    number, condition = experiment_named(store, experiment), _condition(where, kind)
    found = runs_where(store, [number], condition, limit=limit)
    return understood(where, lambda: list(islice(found, limit)))


def frame_of(found: Iterable[Run], tags: Sequence[str] = TAGS) -> pd.DataFrame:
    """The frame of `runs` from MLflow's own objects."""
    recorded = list(found)
    columns = Columns([str(run.info.run_id) for run in recorded])
    for run in recorded:
        info = run.info
        columns.put_info((info.run_id, info.run_name, info.status, info.start_time, info.end_time))
        for kind in ("tags", "params", "metrics"):
            values = getattr(run.data, kind).items()
            columns.put(getattr(columns, kind), ((info.run_id, key, v) for key, v in values))
    return _frame(columns, tags)


def runs_of_ids(store: Store, ids: Sequence[str]) -> pd.DataFrame:
    """The frame of `runs` for some run ids, in their order."""
    inner = database(store)
    if inner is None:
        return frame_of(store.client.get_run(run_id) for run_id in ids)
    return _frame(read_columns(inner, ids, _full(TAGS)), TAGS)


def curves(
    tracking_uri: str | None = None,
    experiment: str = "nnexp",
    where: str | None = None,
    metrics: Sequence[str] | None = None,
    kind: str = "run",
) -> pd.DataFrame:
    """Every recorded value: columns `run_id`, `metric`, `step`, `value`.

    Read a thousand runs a request from a database, a hundred runs and a metric from a server.
    `metrics` chooses some by name.

    Raises:
        UserError: as `runs`.

    >>> from nnexp.study import curves, runs
    >>> long = curves(metrics=["test/accuracy"]).merge(runs()[["run_id", "reg.name"]], on="run_id")
    >>> long.pivot_table(index="step", columns="reg.name", values="value").plot()
    """
    store = open_store(tracking_uri, reading=True)
    inner = database(store)
    if inner is None:
        return curves_of(store, select(store, experiment, where, kind), metrics)
    return curves_of_ids(store, _ids(store, inner, experiment, where, kind), metrics)


def curves_of(
    store: Store, found: Sequence[Run], metrics: Sequence[str] | None = None
) -> pd.DataFrame:
    """The values of some runs in long form."""
    names = sorted({name for run in found for name in run.data.metrics})
    if metrics is not None:
        names = [name for name in names if name in metrics]
    return curves_of_ids(store, [str(run.info.run_id) for run in found], names)


def _ids(store: Store, inner: Any, experiment: str, where: str | None, kind: str) -> list[str]:
    number, condition = experiment_named(store, experiment), _condition(where, kind)
    return understood(where, lambda: run_ids(inner, number, condition))


def _condition(where: str | None, kind: str) -> str:
    condition = f"tags.`nnexp.kind` = '{kind}'"
    return f"{condition} and {where}" if where else condition


def understood(where: str | None, search: Callable[[], T]) -> T:
    """What a search finds; the user's own filter refused in one line if MLflow refuses it."""
    from mlflow.exceptions import MlflowException

    try:
        return search()
    except MlflowException as error:
        if not where:
            raise
        reason = " ".join(str(error).split())[:160]
        raise UserError(
            f"--where {where}: {reason}; allowed: MLflow's filters, such as "
            "'params.`reg.name` = \"l2\" and metrics.`test/accuracy` > 0.9'"
        ) from error


def _full(tags: Sequence[str]) -> list[str]:
    return [f"nnexp.{name}" for name in tags]


def _frame(found: Columns, tags: Sequence[str]) -> pd.DataFrame:
    """A frame with one row per run, numbers as numbers."""
    run_id, name, status, start, end = (found.info[key] for key in INFO)
    if not run_id:
        return pd.DataFrame(columns=["run_id", "name", "status", "start"])
    # Times that no calendar has are none.
    begun = [s or 0 for s in start]
    seconds = [((e or s) - s) / 1000.0 for s, e in zip(begun, end, strict=True)]
    columns: dict[str, Any] = {
        "run_id": run_id,
        "name": name,
        "status": status,
        "start": pd.to_datetime(pd.Series(begun), unit="ms", errors="coerce"),
        "seconds": seconds,
    }
    for tag in tags:
        values = found.tags.get(f"nnexp.{tag}", [None] * len(run_id))
        columns[tag] = [value or "" for value in values]
    for tag, labels in own_tags(found.tags).items():
        columns[f"tags.{tag}"] = [value or "" for value in labels]
    order = {key: k for k, key in enumerate(schema_keys())}
    for key in sorted(found.params, key=lambda key: (order.get(key, len(order)), key)):
        columns[key] = _as_numbers(key, _given(key, found.params, columns["fingerprint"]))
    for key in sorted(found.metrics):
        columns[key] = np.array(found.metrics[key], dtype=np.float64)
    return pd.DataFrame(columns)


def _given(key: str, params: Mapping[str, list[Any]], marks: Sequence[str]) -> list[Any]:
    """The values of a config key; its default where a run was recorded before there was such a key.

    Otherwise it would seem to tell new runs from old ones. Runs of before there was a choice of
    engines were trained with one of their own; `marks` are the runs' fingerprints.
    """
    default, values = _defaults().get(key), params[key]
    if key == "train.engine":
        pairs = zip(values, marks, strict=True)
        return [FIRST_ENGINE if v is None and mark else v for v, mark in pairs]
    if default is None:
        return values
    ours = params.get("cost.name", [None] * len(values))
    pairs = zip(values, ours, strict=True)
    return [default if v is None and cost is not None else v for v, cost in pairs]


@lru_cache(maxsize=1)
def _defaults() -> dict[str, str]:
    return flatten(Config())


def _as_numbers(key: str, values: list[Any]) -> Any:
    """Numbers where all values are, but for `size`, whose `1000` and `1k` are texts."""
    column = pd.Series(values)
    with suppress(ValueError, TypeError):
        return column if key == "size" else pd.to_numeric(column)
    return column
