"""Giving a database all values of a run that it has just opened, in one transaction.

MLflow makes an object of every value, and asks the database which of them it has, which takes a
run of a few epochs longer than its training. What MLflow would refuse is refused here too, by its
own checks; the run is read back as any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nnexp.record.mlflow_private import checked_batch, session_of, tables_of
from nnexp.record.patient_client import patient
from nnexp.record.sending import MetricPoint
from nnexp.record.store import Store
from nnexp.record.store_sql import database

Row = Mapping[str, Any]


def insert_values(
    store: Store, run_id: str, metrics: Sequence[MetricPoint], params: Mapping[str, str]
) -> bool:
    """Insert the values and parameters of a run that has none.

    Returns whether that was done: False where the store is no database, to be written by MLflow.

    Raises:
        MlflowException: a name or a value that MLflow refuses, or the database takes nothing.
    """
    inner = database(store)
    if inner is None or (checked := checked_batch(metrics, params)) is None:
        return False
    rows = [_row(inner, run_id, metric) for metric in metrics]
    # A value that was measured twice is there once, as MLflow has it.
    rows = list({tuple(row.values()): row for row in rows}.values())
    table = tables_of(inner)
    patient(_insert)(
        inner,
        {
            table.param: [{"run_uuid": run_id, "key": k, "value": v} for k, v in checked.items()],
            table.metric: rows,
            table.latest: list(_latest(rows).values()),
        },
    )
    return True


def _row(inner: Any, run_id: str, metric: MetricPoint) -> Row:
    is_nan, value = inner.sanitize_metric_value(metric.value)
    return {
        "run_uuid": run_id,
        "key": metric.name,
        "value": value,
        "timestamp": metric.timestamp,
        "step": metric.step,
        "is_nan": is_nan,
    }


def _latest(rows: Sequence[Row]) -> dict[str, Row]:
    """Of each metric the last value: by its step, its time, and the greater of two at once."""
    in_order = sorted(rows, key=lambda row: (row["step"], row["timestamp"], row["value"]))
    return {row["key"]: row for row in in_order}


def _insert(inner: Any, rows_of: Mapping[Any, Sequence[Row]]) -> None:
    from sqlalchemy import insert

    with session_of(inner) as session:
        for table, rows in rows_of.items():
            if rows:
                session.connection().execute(insert(table.__table__), list(rows))
