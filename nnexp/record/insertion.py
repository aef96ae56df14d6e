"""Giving a database a run, or the values of one, in one transaction.

MLflow makes an object of every value, and asks the database which of them it has, which takes a
run of a few epochs longer than its training. What MLflow would refuse is refused here too, by its
own checks; the run is read back as any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from nnexp.record.contents import stored
from nnexp.record.mlflow_private import artifacts_place, checked_batch, session_of, tables_of
from nnexp.record.patient_client import patient
from nnexp.record.sending import MetricPoint
from nnexp.record.store import Store
from nnexp.record.store_sql import database

Row = Mapping[str, Any]


@dataclass(frozen=True)
class NewRun:
    """A run that a store does not have yet, with what is known of it so far."""

    experiment: str
    name: str
    at: int
    """When it began (milliseconds)."""
    tags: Mapping[str, str]
    params: Mapping[str, str]
    data: Mapping[str, str]
    """The fields of MLflow's data set; none if it has none."""
    metrics: Sequence[MetricPoint]


def insert_run(store: Store, new: NewRun) -> tuple[str, str] | None:
    """Insert a run with all that is known of it; its id, and where its artifacts belong.

    None where the store is no database or the experiment is not there; then MLflow's client is to
    open the run, and says what is wrong.

    Raises:
        MlflowException: a name or a value that MLflow refuses, or the database takes nothing.
    """
    inner = database(store)
    if inner is None or (params := checked_batch(new.metrics, new.params)) is None:
        return None
    found: tuple[str, str] | None = patient(_insert_run)(inner, new, params)
    return found


def _insert_run(inner: Any, new: NewRun, params: Mapping[str, str]) -> tuple[str, str] | None:
    """As `SqlAlchemyStore.create_run`, `log_batch` and `log_inputs` do it, one after another."""
    from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
    from sqlalchemy import insert
    from sqlalchemy.exc import IntegrityError

    table, run_id = tables_of(inner), uuid4().hex
    with session_of(inner) as session:
        connection = session.connection()
        if (place := _place(connection, table, new.experiment, run_id)) is None:
            return None
        values = _rows(run_id, new.metrics)
        parts = {
            table.run: [_run_row(run_id, place, new)],
            table.tag: _pairs(run_id, {MLFLOW_RUN_NAME: new.name, **new.tags}),
            table.param: _pairs(run_id, params),
            table.metric: values,
            table.latest: _last(values),
        }
        try:
            for kind, rows in parts.items():
                if rows:
                    connection.execute(insert(kind.__table__), rows)
            if new.data:
                _insert_data(connection, table, run_id, new)
        except IntegrityError:
            session.rollback()
            return None
    return run_id, place


def _place(connection: Any, table: Any, experiment: str, run_id: str) -> str | None:
    """Where the artifacts of a new run belong; None if there is no such experiment."""
    from sqlalchemy import select

    asked = select(table.experiment.artifact_location).where(
        table.experiment.experiment_id == int(experiment),
        table.experiment.lifecycle_stage == "active",
    )
    root = connection.execute(asked).scalar()
    return None if root is None else artifacts_place(root, run_id)


def _run_row(run_id: str, place: str, new: NewRun) -> Row:
    from mlflow.utils.mlflow_tags import MLFLOW_USER

    return {
        "run_uuid": run_id,
        "experiment_id": int(new.experiment),
        "name": new.name,
        "artifact_uri": place,
        "status": "RUNNING",
        "start_time": new.at,
        "lifecycle_stage": "active",
        "user_id": new.tags.get(MLFLOW_USER, "unknown"),
        "source_type": "UNKNOWN",
        "source_name": "",
        "source_version": "",
        "entry_point_name": "",
    }


def _insert_data(connection: Any, table: Any, run_id: str, new: NewRun) -> None:
    """Say what a run was trained with: data of the experiment, which are there once."""
    from sqlalchemy import insert, select

    rows, key = table.dataset, {name: new.data[name] for name in ("name", "digest")}
    same = {"experiment_id": int(new.experiment), **key}
    asked = select(rows.dataset_uuid).where(*(getattr(rows, k) == v for k, v in same.items()))
    if (uuid := connection.execute(asked).scalar()) is None:
        uuid = uuid4().hex
        more = {f"dataset_{name}": text for name, text in new.data.items() if name not in key}
        connection.execute(insert(rows.__table__), [{"dataset_uuid": uuid, **same, **more}])
    edge = {
        "input_uuid": uuid4().hex,
        "source_type": "DATASET",
        "source_id": uuid,
        "destination_type": "RUN",
        "destination_id": run_id,
    }
    said = {"input_uuid": edge["input_uuid"], "name": "mlflow.data.context", "value": "training"}
    connection.execute(insert(table.input.__table__), [edge])
    connection.execute(insert(table.input_tag.__table__), [said])


def end_run(store: Store, run_id: str, status: str, at: int) -> bool:
    """Say that a run has ended, and when (milliseconds).

    Returns whether that was done: False where the store is no database, or has the run no more.
    """
    inner = database(store)
    return inner is not None and bool(patient(_end)(inner, run_id, status, at))


def _end(inner: Any, run_id: str, status: str, at: int) -> bool:
    from sqlalchemy import update

    run = tables_of(inner).run
    ours = run.run_uuid == run_id, run.lifecycle_stage == "active"
    with session_of(inner) as session:
        done = session.connection().execute(
            update(run.__table__).where(*ours).values(status=status, end_time=at)
        )
        return bool(done.rowcount == 1)


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
    values, named = _rows(run_id, metrics), _pairs(run_id, checked)
    return not (values or named) or bool(patient(_insert)(inner, run_id, values, named))


def _pairs(run_id: str, texts: Mapping[str, str]) -> list[Row]:
    return [{"run_uuid": run_id, "key": key, "value": text} for key, text in texts.items()]


def _rows(run_id: str, metrics: Sequence[MetricPoint]) -> list[Row]:
    """A value that was measured twice is there once, as MLflow has it."""
    rows = (_row(run_id, metric) for metric in metrics)
    return list({tuple(row.values()): row for row in rows}.values())


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
