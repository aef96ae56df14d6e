"""All that a store holds of some runs, raw: to be compared with what was to be recorded.

Nothing is smoothed over: a value that is there twice is read twice, and the table of last values
is read beside the history, since the two can part.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nnexp.record.mlflow_private import session_of, tables_of
from nnexp.record.patient_client import patient
from nnexp.record.served_runs import pages, runs_of_ids, served_history
from nnexp.record.store import Store
from nnexp.record.store_sql import PAGE, database

MOST = 1.7976931348623157e308
"""What stores hold for an infinite value."""


@dataclass
class Contents:
    """What a store holds of one run."""

    status: str = ""
    """Empty where the store knows no such run."""
    place: str = ""
    """Address of its artifacts."""
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    values: list[tuple[str, int, int, float]] = field(default_factory=list)
    """Name, step, time and value of every value in the history."""
    last: dict[str, float] = field(default_factory=dict)
    """The last value of each metric, as the store says."""


def stored(value: float) -> float:
    """A value as stores hold it: no infinity, no negative zero."""
    if math.isinf(value):
        return math.copysign(MOST, value)
    return value + 0.0


def contents_of(store: Store, ids: Sequence[str]) -> dict[str, Contents]:
    """What a store holds of some runs, by id; deleted ones too.

    A database answers four queries for a thousand runs, a server one per metric for a hundred.
    """
    inner = database(store)
    if inner is not None:
        found = {run_id: Contents() for run_id in ids}
        for part in pages(ids, PAGE):
            patient(_read)(inner, part, found)
        return found
    runs = runs_of_ids(store, ids)
    found = {run_id: _of_run(run) for run_id, run in zip(ids, runs, strict=True)}
    names = sorted({name for held in found.values() for name in held.last})
    for run_id, name, step, at, value, _ in served_history(store, ids, names):
        found[run_id].values.append((name, step, at, value))
    return found


def _of_run(run: Any) -> Contents:
    """All but the history, from MLflow's own object."""
    info, data = run.info, run.data
    return Contents(
        str(info.status or ""),
        str(info.artifact_uri or ""),
        dict(data.params),
        dict(data.tags),
        last=dict(data.metrics),
    )


def _read(inner: Any, ids: Sequence[str], found: Mapping[str, Contents]) -> None:
    table = tables_of(inner)
    with session_of(inner) as session:
        connection = session.connection()

        def rows(source: Any, *columns: str) -> Iterable[Any]:
            from sqlalchemy import select

            chosen: Any = select(*(getattr(source, name) for name in ("run_uuid", *columns)))
            # As the driver gives them, without a row object each: there may be millions.
            return connection.execute(chosen.where(source.run_uuid.in_(ids))).cursor.fetchall()  # type: ignore[no-any-return]

        for run_id, status, place in rows(table.run, "status", "artifact_uri"):
            found[run_id].status, found[run_id].place = str(status), str(place)
        for run_id, key, value in rows(table.param, "key", "value"):
            found[run_id].params[key] = value
        for run_id, key, value in rows(table.tag, "key", "value"):
            found[run_id].tags[key] = value
        nan = math.nan
        for run_id, key, step, at, value, is_nan in rows(
            table.metric, "key", "step", "timestamp", "value", "is_nan"
        ):
            found[run_id].values.append((key, step, at, nan if is_nan else value))
        for run_id, key, value, is_nan in rows(table.latest, "key", "value", "is_nan"):
            found[run_id].last[key] = nan if is_nan else value
