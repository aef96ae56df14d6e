"""All that a store holds of some runs, raw: read back before a run is closed.

Nothing is smoothed over: a value that is there twice is read twice, and the table of last values
is read beside the history, since the two can part. An answer of a store is no proof: a proxy in
trouble says `200 {}`, and a server may lose what it took. What the store lacks is sent again a few
times before a run is closed and its values are let go; then the run stays undelivered.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nnexp.errors import NnexpError
from nnexp.record.files import recorded_sizes
from nnexp.record.patient_client import patient
from nnexp.record.sending import MetricPoint, log
from nnexp.record.served_runs import pages, runs_of_ids, served_history
from nnexp.record.store import Store
from nnexp.record.store_sql import PAGE, database, reader

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
    with reader(inner) as rows:
        for run_id, status, place in rows("run", ids, "status", "artifact_uri"):
            found[run_id].status, found[run_id].place = str(status), str(place)
        for run_id, key, text in rows("param", ids, "key", "value"):
            found[run_id].params[key] = text
        for run_id, key, text in rows("tag", ids, "key", "value"):
            found[run_id].tags[key] = text
        columns = ("key", "step", "timestamp", "value", "is_nan")
        for run_id, key, step, at, value, is_nan in rows("metric", ids, *columns):
            found[run_id].values.append((key, step, at, math.nan if is_nan else value))
        for run_id, key, value, is_nan in rows("latest", ids, "key", "value", "is_nan"):
            found[run_id].last[key] = math.nan if is_nan else value


PAUSES = (0.0, 0.5, 1.5)
"""Seconds before what is missing is sent again, once for each."""


class Lost(NnexpError):
    """A store lacks what it said it had taken."""


@dataclass(frozen=True)
class Expected:
    """What a store must have of a run beside its values before it is closed."""

    params: Mapping[str, str]
    tags: Mapping[str, str]
    artifacts: Mapping[str, int]
    """Bytes, by name."""

    def __bool__(self) -> bool:
        return bool(self.params or self.tags or self.artifacts)


def confirm(
    store: Store,
    run_id: str,
    metrics: Sequence[MetricPoint],
    expected: Expected,
    send_artifacts: Callable[[], None],
) -> None:
    """Read a run back, sending again what the store lacks.

    Raises:
        Lost: it still lacks something.
    """
    lost, missing = missing_of(store, run_id, metrics, expected)
    for pause in PAUSES:
        if not (lost or missing):
            return
        time.sleep(pause)
        log(store, run_id, lost, missing.params, missing.tags)
        if missing.artifacts:
            send_artifacts()
        lost, missing = missing_of(store, run_id, metrics, expected)
    if lost or missing:
        said = [f"{len(lost):,} of {len(metrics):,} values"] if lost else []
        names = {"parameters": missing.params, "tags": missing.tags, "artifacts": missing.artifacts}
        said += [f"{len(those)} {what}" for what, those in names.items() if those]
        raise Lost(f"it has not kept {', '.join(said)} that it said it had taken")


def missing_of(
    store: Store, run_id: str, metrics: Sequence[MetricPoint], expected: Expected
) -> tuple[list[MetricPoint], Expected]:
    """What a store lacks of a run: of its values, and of all else that was expected."""
    found = contents_of(store, [run_id])[run_id]
    # Written as text, since a value that is no number equals nothing, itself included.
    there = {(name, step, repr(value)) for name, step, _, value in found.values}
    lost = [m for m in metrics if (m.name, m.step, repr(stored(m.value))) not in there]
    # And what it has, but does not list as the last of its metric.
    last = {m.name: m for m in metrics}
    lost += [m for name, m in last.items() if name not in found.last]
    sizes = recorded_sizes(store, found.place) if expected.artifacts and found.place else {}
    return lost, Expected(
        # A parameter never changes once it is there; MLflow cuts long texts short.
        {k: v for k, v in expected.params.items() if k not in found.params},
        {k: v for k, v in expected.tags.items() if not _is(found.tags.get(k), v)},
        {name: size for name, size in expected.artifacts.items() if sizes.get(name) != size},
    )


def _is(found: str | None, wanted: str) -> bool:
    return found == wanted or (found is not None and len(found) > 200 and wanted.startswith(found))


def confirm_closed(store: Store, run_id: str, status: str) -> None:
    """Ask a server whether a run has ended as it was told; a database raises if it has not.

    Raises:
        Lost: it has not.
    """
    if database(store) is None and (found := store.client.get_run(run_id).info.status) != status:
        raise Lost(f"it says that the run is {found or 'not there'}, not {status}")
