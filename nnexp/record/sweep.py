"""The parent run of a sweep, and what is recorded under it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.record.clock import now
from nnexp.record.delivery import Delivery, Opening
from nnexp.record.readback import Expected
from nnexp.record.run import data_of, owner_tags, params_of, reopened, result_tags, tags_of
from nnexp.record.seal import parts_of, sealed
from nnexp.record.sending import MetricPoint, log
from nnexp.record.store import Store
from nnexp.record.store_sql import database, read_columns, run_ids
from nnexp.redact import redact
from nnexp.train.report import Outcome

if TYPE_CHECKING:
    from mlflow.entities import Run

PAGE = 1000

PRUNED = "nnexp.pruned"
"""The tag of a run that a search has given up, with the epochs that it was trained for."""


@dataclass(frozen=True)
class Ended:
    """A run of a sweep that has ended; `started` and `stamps` (one per row) in milliseconds."""

    rows: list[dict[str, float]]
    stamps: list[int]
    outcome: Outcome | None
    started: int
    folder: Path | None
    failure: str | None = None
    """Why there is no outcome."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of the artifacts in the folder, by name, as their writer has seen them."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Their SHA-256."""


@dataclass(frozen=True)
class Recorded:
    """A run as the store has it."""

    run_id: str
    status: str
    sweep: str
    metrics: Mapping[str, float]
    reason: str


def sweep_key(experiment: str, fingerprints: Sequence[str]) -> str:
    """What makes two sweeps the same: the experiment and the set of runs."""
    text = "\n".join([experiment, *sorted(fingerprints)])
    return hashlib.sha256(text.encode()).hexdigest()


def runs_where(
    store: Store, experiments: Sequence[str], where: str, *, deleted: bool | None = False
) -> Iterator[Run]:
    """All active runs of some experiments that a filter lets through, or the deleted ones.

    With `deleted=None`, both.
    """
    from mlflow.entities import ViewType

    views = {False: ViewType.ACTIVE_ONLY, True: ViewType.DELETED_ONLY, None: ViewType.ALL}
    token: str | None = None
    while True:
        page = store.client.search_runs(
            list(experiments),
            filter_string=where,
            run_view_type=views[deleted],
            max_results=PAGE,
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return


def recorded_runs(
    store: Store, experiment_id: str, parent: str | None = None
) -> dict[str, Recorded]:
    """The finished and failed runs of an experiment by fingerprint; finished ones win.

    With `parent`, only those of that sweep.
    """
    found: dict[str, Recorded] = {}
    for run, mark in _marked_runs(store, experiment_id):
        if mark is None or run.status not in ("FINISHED", "FAILED"):
            continue
        if parent is not None and run.sweep != parent:
            continue
        if mark not in found or found[mark].status != "FINISHED":
            found[mark] = run
    return found


def _marked_runs(store: Store, experiment_id: str) -> Iterator[tuple[Recorded, str | None]]:
    """All runs of an experiment with their fingerprints, the latest first."""
    where, inner = "tags.`nnexp.kind` = 'run'", database(store)
    if inner is None:
        for run in runs_where(store, [experiment_id], where):
            tags, metrics = run.data.tags, dict(run.data.metrics)
            sweep, reason = tags.get("nnexp.sweep", ""), tags.get("nnexp.reason", "")
            recorded = Recorded(run.info.run_id, str(run.info.status), sweep, metrics, reason)
            yield recorded, tags.get("nnexp.fingerprint")
        return
    ids = run_ids(inner, experiment_id, where)
    names = ("nnexp.fingerprint", "nnexp.sweep", "nnexp.reason")
    columns = read_columns(inner, ids, names, params=False)
    none: list[str | None] = [None] * len(ids)
    marks, sweeps, reasons = (columns.tags.get(name, none) for name in names)
    for k, run_id in enumerate(ids):
        metrics = {m: v[k] for m, v in columns.metrics.items() if v[k] is not None}
        status = str(columns.info["status"][k])
        yield Recorded(run_id, status, sweeps[k] or "", metrics, reasons[k] or ""), marks[k]


def find_finished(store: Store, experiment_id: str, mark: str) -> Recorded | None:
    """The finished run of an experiment with a given fingerprint, if there is one."""
    where = (
        f"tags.`nnexp.fingerprint` = '{mark}' and tags.`nnexp.kind` = 'run' "
        "and attributes.status = 'FINISHED'"
    )
    for run in runs_where(store, [experiment_id], where):
        sweep = run.data.tags.get("nnexp.sweep", "")
        return Recorded(str(run.info.run_id), "FINISHED", sweep, dict(run.data.metrics), "")
    return None


def find_parent(store: Store, experiment_id: str, key: str, *, ended: bool) -> str | None:
    """The parent run of this sweep as recorded before; with `ended` also one that has ended."""
    where = f"tags.`nnexp.sweep_key` = '{key}' and tags.`nnexp.kind` = 'sweep'"
    before = [
        run
        for run in runs_where(store, [experiment_id], where)
        if ended or run.info.status not in ("FINISHED", "FAILED")
    ]
    if not before:
        return None
    return str(min(before, key=lambda run: run.info.start_time).info.run_id)


def open_parent(
    store: Store,
    experiment_id: str,
    key: str,
    name: str,
    tags: dict[str, str],
    before: str | None,
) -> str:
    """The parent run of this sweep: the one recorded before, reopened, or a new one."""
    if before is not None:
        reopened(store, before)
        log(store, before, tags={**tags, **owner_tags()})
        return before
    all_tags = {
        "nnexp.kind": "sweep",
        "nnexp.sweep_key": key,
        "mlflow.source.name": "nnexp",
        **owner_tags(),
        **tags,
    }
    run = store.client.create_run(experiment_id, start_time=now(), tags=all_tags, run_name=name)
    return str(run.info.run_id)


def remove_partial(store: Store, experiment_id: str, parent: str) -> None:
    """Delete children that a killed writer left half recorded: they will be trained again."""
    for status in ("RUNNING", "KILLED"):
        where = f"tags.`nnexp.sweep` = '{parent}' and attributes.status = '{status}'"
        for run in list(runs_where(store, [experiment_id], where)):
            if PRUNED not in run.data.tags:
                store.client.delete_run(run.info.run_id)


def delivery_of(
    experiment_id: str,
    parent: str,
    name: str,
    config: Config,
    dataset: Dataset,
    ended: Ended,
    more_tags: Mapping[str, str],
) -> Delivery:
    """All that is to be recorded of one ended run of a sweep but its artifacts."""
    outcome = ended.outcome
    failure = ended.failure or (outcome.failure if outcome is not None else None)
    tags = {
        **tags_of(config, dataset),
        **owner_tags(),
        **more_tags,
        "nnexp.sweep": parent,
        "mlflow.parentRunId": parent,
    }
    if failure is not None:
        tags["nnexp.reason"] = redact(failure)[:5000]
    elif outcome is not None:
        tags |= result_tags(config, outcome)
    values = [
        MetricPoint(name, value, int(row["step"]), stamp)
        for row, stamp in zip(ended.rows, ended.stamps, strict=True)
        for name, value in row.items()
        if name != "step"
    ]
    end = max([now(), *ended.stamps[-1:]])
    if outcome is not None:
        values += [MetricPoint(k, v, outcome.epochs, end) for k, v in outcome.metrics.items()]
    params = params_of(config)
    if failure is None:
        points = ((m.name, m.step, m.value) for m in values)
        tags |= sealed(parts_of(params, tags, points, ended.digests)).tags
    opening = Opening(experiment_id, name, ended.started, tags, params, data_of(config, dataset))
    status = "FINISHED" if failure is None else "FAILED"
    expected = Expected(params, tags, ended.sizes)
    return Delivery("", status, end, tuple(values), {}, opening, expected=expected)
