"""Giving a database the values of a run in one transaction.

MLflow makes an object of every value, and asks the database which of them it has, which takes a
run of a few epochs longer than its training. What MLflow would refuse is refused here too, by its
own checks; the run is read back as any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from nnexp.record.contents import stored
from nnexp.record.mlflow_private import checked_batch, session_of, tables_of
from nnexp.record.patient_client import patient
from nnexp.record.sending import MetricPoint
from nnexp.record.store import Store
from nnexp.record.store_sql import database

Row = Mapping[str, Any]


def insert_values(
    store: Store, run_id: str, metrics: Sequence[MetricPoint], params: Mapping[str, str]
) -> bool:
    """Insert values of a run, and its parameters.

    Returns whether that was done: False where the store is no database, has some of them already,
    or has the run no more; then MLflow's client is to write, which leaves out what is there, and
    says what is wrong.

    Raises:
        MlflowException: a name or a value that MLflow refuses, or the database takes nothing.
    """
    inner = database(store)
    if inner is None or (checked := checked_batch(metrics, params)) is None:
        return False
    values = [_row(run_id, metric) for metric in metrics]
    # A value that was measured twice is there once, as MLflow has it.
    values = list({tuple(row.values()): row for row in values}.values())
    named = [{"run_uuid": run_id, "key": k, "value": v} for k, v in checked.items()]
    return not (values or named) or bool(patient(_insert)(inner, run_id, values, named))


def _row(run_id: str, metric: MetricPoint) -> Row:
    is_nan = math.isnan(metric.value)
    return {
        "run_uuid": run_id,
        "key": metric.name,
        "value": 0.0 if is_nan else stored(metric.value),
        "timestamp": metric.timestamp,
        "step": metric.step,
        "is_nan": is_nan,
    }


def _insert(inner: Any, run_id: str, values: Sequence[Row], params: Sequence[Row]) -> bool:
    from sqlalchemy import delete, insert, select
    from sqlalchemy.exc import IntegrityError

    table = tables_of(inner)
    latest = table.latest.__table__
    ours = latest.c.run_uuid == run_id
    with session_of(inner) as session:
        connection = session.connection()
        stage = select(table.run.lifecycle_stage).where(table.run.run_uuid == run_id)
        if connection.execute(stage).scalar() != "active":
            return False
        before = connection.execute(select(latest).where(ours)).mappings().all()
        last = _last([*before, *values])
        try:
            if params:
                connection.execute(insert(table.param.__table__), list(params))
            if values:
                connection.execute(insert(table.metric.__table__), list(values))
                connection.execute(delete(latest).where(ours))
                connection.execute(insert(latest), last)
        except IntegrityError:
            session.rollback()
            return False
    return True


def _last(rows: Sequence[Row]) -> list[Row]:
    """Of each metric the last value: by its step, its time, and the greater of two at once."""
    last: dict[str, Row] = {}
    for row in rows:
        if row["key"] not in last or _order(row) > _order(last[row["key"]]):
            last[row["key"]] = dict(row)
    return list(last.values())


def _order(row: Row) -> tuple[int, int, float]:
    return row["step"], row["timestamp"], row["value"]
