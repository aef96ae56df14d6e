"""The parent run of a sweep, and what is recorded under it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.record.delivery import log
from nnexp.record.run import RunRecord, now, owner_tags
from nnexp.record.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

PAGE = 1000


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


def runs_where(store: Store, experiments: Sequence[str], where: str) -> Iterator[Run]:
    """All active runs of some experiments that a filter lets through, page by page."""
    token: str | None = None
    while True:
        page = store.client.search_runs(
            list(experiments), filter_string=where, max_results=PAGE, page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return


def recorded_runs(store: Store, experiment_id: str) -> dict[str, Recorded]:
    """The finished and failed runs of an experiment by fingerprint; finished ones win."""
    found: dict[str, Recorded] = {}
    for run in runs_where(store, [experiment_id], "tags.`nnexp.kind` = 'run'"):
        tags, status = run.data.tags, str(run.info.status)
        mark = tags.get("nnexp.fingerprint")
        if mark is None or status not in ("FINISHED", "FAILED"):
            continue
        if mark in found and found[mark].status == "FINISHED":
            continue
        sweep, reason = tags.get("nnexp.sweep", ""), tags.get("nnexp.reason", "")
        found[mark] = Recorded(run.info.run_id, status, sweep, dict(run.data.metrics), reason)
    return found


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


def open_parent(store: Store, experiment_id: str, key: str, name: str, tags: dict[str, str]) -> str:
    """The parent run of this sweep: the one recorded before, reopened, or a new one."""
    where = f"tags.`nnexp.sweep_key` = '{key}' and tags.`nnexp.kind` = 'sweep'"
    before = list(runs_where(store, [experiment_id], where))
    if before:
        run_id = str(min(before, key=lambda run: run.info.start_time).info.run_id)
        store.client.update_run(run_id, status="RUNNING")
        log(store, run_id, tags={**tags, **owner_tags()})
        return run_id
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
            store.client.delete_run(run.info.run_id)


def record_child(
    store: Store,
    experiment_id: str,
    parent: str,
    config: Config,
    dataset: Dataset,
    finished: Any,
) -> str:
    """Record one ended run of a sweep (`sweep.worker.Finished`) at once; its run id."""
    tags = {"nnexp.sweep": parent, "mlflow.parentRunId": parent}
    record = RunRecord.start(store, experiment_id, config, dataset, tags, finished.started)
    for row, stamp in zip(finished.rows, finished.stamps, strict=True):
        record.add_row(row, stamp)
    if finished.outcome.failure is not None:
        record.fail(finished.outcome.failure)
    else:
        record.finish(finished.outcome, finished.folder)
    return record.run_id


def record_failure(
    store: Store, experiment_id: str, parent: str, config: Config, dataset: Dataset, reason: str
) -> str:
    """Record a run that could not be trained as FAILED; its run id."""
    tags = {"nnexp.sweep": parent, "mlflow.parentRunId": parent}
    record = RunRecord.start(store, experiment_id, config, dataset, tags)
    record.fail(reason)
    return record.run_id
