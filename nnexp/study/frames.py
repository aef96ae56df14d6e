"""Recorded runs as pandas frames: one row a run, or one row a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from nnexp.errors import UserError
from nnexp.record.store import Store, open_store
from nnexp.record.sweep import runs_where
from nnexp.study.lookup import experiment_named

if TYPE_CHECKING:
    from mlflow.entities import Run

NOT_RUNS = ("sweep", "summary", "published", "superseded")
"""Values of the tag `nnexp.kind` that are not rows of `runs`."""


def runs(
    tracking_uri: str | None = None,
    experiment: str = "nnexp",
    where: str | None = None,
    kind: str = "run",
) -> pd.DataFrame:
    """One row per recorded run of an experiment, the latest first.

    Columns: `run_id`, `name`, `status`, `start`, `seconds`, `fingerprint`, `sweep`, `reason`; every
    config key (numbers as numbers); every metric with its last value. Read page by page, a
    thousand runs a request. `where` is MLflow's filter syntax.

    Raises:
        UserError: no such experiment, or a filter that MLflow does not understand.
    """
    store = open_store(tracking_uri)
    return frame_of(select(store, experiment, where, kind))


def select(store: Store, experiment: str, where: str | None = None, kind: str = "run") -> list[Run]:
    """The recorded runs that `runs` makes a frame of."""
    from mlflow.exceptions import MlflowException

    number = experiment_named(store, experiment)
    condition = f"tags.`nnexp.kind` = '{kind}'"
    if where:
        condition = f"{condition} and {where}"
    try:
        return list(runs_where(store, [number], condition))
    except MlflowException as error:
        if not where:
            raise
        reason = " ".join(str(error).split())[:160]
        raise UserError(
            f"--where {where}: {reason}; allowed: MLflow's filters, such as "
            "\"params.`reg.name` = 'l2' and metrics.`test/accuracy` > 0.9\""
        ) from error


def frame_of(found: Iterable[Run]) -> pd.DataFrame:
    """A frame with one row per run, numbers as numbers."""
    frame = pd.DataFrame(_row(run) for run in found)
    if frame.empty:
        return pd.DataFrame(columns=["run_id", "name", "status", "start"])
    for column in frame.columns:
        if frame[column].dtype.kind == "O" or isinstance(frame[column].dtype, pd.StringDtype):
            frame[column] = _as_numbers(frame[column])
    return frame


def curves(
    tracking_uri: str | None = None,
    experiment: str = "nnexp",
    where: str | None = None,
    metrics: Sequence[str] | None = None,
    kind: str = "run",
) -> pd.DataFrame:
    """Every recorded value: columns `run_id`, `metric`, `step`, `value`.

    Read a hundred runs a request and metric, not run by run. `metrics` chooses some by name.

    Raises:
        UserError: as `runs`.
    """
    store = open_store(tracking_uri)
    return curves_of(store, select(store, experiment, where, kind), metrics)


def curves_of(
    store: Store, found: Sequence[Run], metrics: Sequence[str] | None = None
) -> pd.DataFrame:
    """The values of some runs in long form."""
    names = sorted({name for run in found for name in run.data.metrics})
    if metrics is not None:
        names = [name for name in names if name in metrics]
    rows = list(_values(store, [str(run.info.run_id) for run in found], names))
    frame = pd.DataFrame(rows, columns=["run_id", "metric", "step", "value"])
    # Values sent twice after an interruption are the same values.
    return frame.drop_duplicates(["run_id", "metric", "step"], keep="last", ignore_index=True)


def _values(
    store: Store, ids: Sequence[str], names: Sequence[str]
) -> Iterator[tuple[str, str, int, float]]:
    inner: Any = getattr(store.client._tracking_client, "store", None)
    if hasattr(inner, "get_metric_history_bulk"):
        for name in names:
            for start in range(0, len(ids), 100):
                part = list(ids[start : start + 100])
                for m in inner.get_metric_history_bulk(part, name, 2_000_000):
                    yield str(m.run_id), name, int(m.step), float(m.value)
        return
    for run_id in ids:
        for name in names:
            for m in store.client.get_metric_history(run_id, name):
                yield run_id, name, int(m.step), float(m.value)


def _row(run: Run) -> dict[str, Any]:
    info, tags = run.info, run.data.tags
    ended = info.end_time or info.start_time
    return {
        "run_id": info.run_id,
        "name": info.run_name,
        "status": info.status,
        "start": pd.Timestamp(info.start_time, unit="ms"),
        "seconds": (ended - info.start_time) / 1000.0,
        "fingerprint": tags.get("nnexp.fingerprint", ""),
        "source": tags.get("nnexp.source", ""),
        "data": tags.get("nnexp.data", ""),
        "sweep": tags.get("nnexp.sweep", ""),
        "command": tags.get("nnexp.command", ""),
        "reason": tags.get("nnexp.reason", ""),
        **run.data.params,
        **run.data.metrics,
    }


def _as_numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    if column.name in ("run_id", "name", "status", "fingerprint", "sweep", "reason", "size"):
        return column
    try:
        return pd.to_numeric(column)
    except (ValueError, TypeError):
        return column
