"""Reading back what a store has taken, before a run is closed and its values are let go.

An answer is no proof: a proxy in trouble says `200 {}`, and a server may lose what it took. What
the store lacks is sent again a few times; then the run stays undelivered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nnexp.errors import NnexpError
from nnexp.record.contents import Contents, contents_of, stored
from nnexp.record.files import recorded_sizes
from nnexp.record.sending import MetricPoint, log
from nnexp.record.store import Store
from nnexp.record.store_sql import database

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


@dataclass(frozen=True)
class Missing:
    """What a store lacks."""

    metrics: Sequence[MetricPoint] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Sequence[str] = ()
    of: int = 0
    """Values that it should have."""

    def __bool__(self) -> bool:
        return bool(self.metrics or self.params or self.tags or self.artifacts)

    def __str__(self) -> str:
        parts = [f"{len(self.metrics):,} of {self.of:,} values"] if self.metrics else []
        for what, names in (
            ("parameters", self.params),
            ("tags", self.tags),
            ("artifacts", self.artifacts),
        ):
            if names:
                parts.append(f"{len(names)} {what}")
        return f"it has not kept {', '.join(parts)} that it said it had taken"


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
    missing = missing_of(store, run_id, metrics, expected)
    for pause in PAUSES:
        if not missing:
            return
        time.sleep(pause)
        log(store, run_id, missing.metrics, missing.params, missing.tags)
        if missing.artifacts:
            send_artifacts()
        missing = missing_of(store, run_id, metrics, expected)
    if missing:
        raise Lost(str(missing))


def missing_of(
    store: Store, run_id: str, metrics: Sequence[MetricPoint], expected: Expected
) -> Missing:
    """What a store lacks of a run."""
    found = contents_of(store, [run_id])[run_id]
    # Written as text, since a value that is no number equals nothing, itself included.
    there = {(name, step, repr(value)) for name, step, _, value in found.values}
    lost = [m for m in metrics if (m.name, m.step, repr(stored(m.value))) not in there]
    lost += _not_last(metrics, found)
    sizes = recorded_sizes(store, found.place) if expected.artifacts and found.place else {}
    return Missing(
        lost,
        # A parameter never changes once it is there; MLflow cuts long texts short.
        {k: v for k, v in expected.params.items() if k not in found.params},
        {k: v for k, v in expected.tags.items() if not _is(found.tags.get(k), v)},
        [name for name, size in expected.artifacts.items() if sizes.get(name) != size],
        len(metrics),
    )


def _is(found: str | None, wanted: str) -> bool:
    return found == wanted or (found is not None and len(found) > 200 and wanted.startswith(found))


def _not_last(metrics: Sequence[MetricPoint], found: Contents) -> list[MetricPoint]:
    """Values that the store has, but does not list as the last of their metric."""
    last = {m.name: m for m in metrics}
    return [m for name, m in last.items() if name not in found.last]


def confirm_closed(store: Store, run_id: str, status: str) -> None:
    """Ask a server whether a run has ended as it was told; a database raises if it has not.

    Raises:
        Lost: it has not.
    """
    if database(store) is None and (found := store.client.get_run(run_id).info.status) != status:
        raise Lost(f"it says that the run is {found or 'not there'}, not {status}")
