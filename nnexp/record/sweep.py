"""The parent run of a sweep, and what is recorded under it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.record.clock import now
from nnexp.record.description import owner_tags
from nnexp.record.events import Begun, DamagedLog, Tagged
from nnexp.record.log import RunLog
from nnexp.record.log_folder import RUNS, lock, remove
from nnexp.record.outbox import Outbox
from nnexp.record.patient_client import patient
from nnexp.record.processes import alive
from nnexp.record.projection import Projection
from nnexp.record.projection_state import state_of, taken_out
from nnexp.record.served_runs import MOST_RUNS
from nnexp.record.store import Store
from nnexp.record.store_sql import PAGE, database, ids_tagged, read_columns, run_ids
from nnexp.record.tags import finished_run

if TYPE_CHECKING:
    from mlflow.entities import Run

FEW = 100
"""Runs that a server is asked for one by one."""

_RUN = "tags.`nnexp.kind` = 'run'"

PRUNED = "nnexp.pruned"
"""The tag of a run that a search has given up, with the epochs that it was trained for."""

REUSED = "reused.json"
"""The artifact of a search that lists the runs of others that are part of it, by id, with the tags
that they would have."""

TRIAL = "nnexp.trial"
"""The tag of a search's run with the number of its trial."""


@dataclass(frozen=True)
class Recorded:
    """A run as the store has it."""

    run_id: str
    status: str
    sweep: str
    metrics: Mapping[str, float]
    reason: str


def waiting(log: RunLog) -> Recorded:
    """A run that has finished and that the store does not have yet: by the key of its log."""
    parent = log.logged.tags.get("nnexp.sweep", "")
    return Recorded(log.key, "FINISHED", parent, log.logged.final, "")


def sweep_key(experiment: str, fingerprints: Sequence[str]) -> str:
    """What makes two sweeps the same: the experiment and the set of runs."""
    text = "\n".join([experiment, *sorted(fingerprints)])
    return hashlib.sha256(text.encode()).hexdigest()


def runs_where(
    store: Store,
    experiments: Sequence[str],
    where: str,
    *,
    deleted: bool | None = False,
    limit: int | None = None,
) -> Iterator[Run]:
    """All active runs of some experiments that a filter lets through, or the deleted ones.

    With `deleted=None`, both. No request asks for more than `limit`.
    """
    from mlflow.entities import ViewType

    views = {False: ViewType.ACTIVE_ONLY, True: ViewType.DELETED_ONLY, None: ViewType.ALL}
    most = MOST_RUNS if database(store) is None else PAGE
    token: str | None = None
    while True:
        page = store.client.search_runs(
            list(experiments),
            filter_string=where,
            run_view_type=views[deleted],
            max_results=min(most, limit or most),
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return


def tags_where(
    store: Store, experiments: Sequence[str], where: str, *names: str
) -> Iterator[tuple[tuple[str | None, ...], str]]:
    """Of the active runs of experiments that a filter lets through, some tags and the status."""
    inner = database(store)
    if inner is None:
        for run in runs_where(store, experiments, where):
            yield tuple(run.data.tags.get(name) for name in names), str(run.info.status)
        return
    for experiment in experiments:
        ids = run_ids(inner, experiment, where)
        found = read_columns(inner, ids, names, params=False, metrics=False)
        tags = zip(*map(found.tag, names), strict=True)
        yield from zip(tags, found.info["status"], strict=True)


def recorded_runs(
    store: Store,
    experiment_id: str,
    parent: str | None = None,
    marks: Sequence[str] = (),
    *,
    own: str = "",
) -> dict[str, Recorded]:
    """The finished and failed runs of an experiment by fingerprint; finished ones win.

    With `parent`, only those of that sweep, of "" none; with `marks`, at least those of these
    fingerprints. Of several of one fingerprint those of the sweep `own` come first.
    """
    if parent == "":
        # A sweep that is new; runs of no sweep are called so too.
        return {}
    runs = marked_runs(store, experiment_id, marks)
    chosen = (pair for pair in runs if parent in (None, pair[0].sweep))
    return by_fingerprint(sorted(chosen, key=lambda pair: pair[0].sweep != own))


def by_fingerprint(runs: Iterable[tuple[Recorded, str | None]]) -> dict[str, Recorded]:
    """Of runs with their fingerprints those that have finished or failed; finished ones win."""
    found: dict[str, Recorded] = {}
    for run, mark in runs:
        if mark is None or run.status not in ("FINISHED", "FAILED"):
            continue
        if mark not in found or found[mark].status != "FINISHED":
            found[mark] = run
    return found


def marked_runs(
    store: Store, experiment_id: str, marks: Sequence[str] = ()
) -> Iterator[tuple[Recorded, str | None]]:
    """All runs of an experiment with their fingerprints, or at least those of some fingerprints."""
    inner = database(store)
    if inner is None:
        # A server takes a minute to hand out ten thousand runs: few are asked for one by one.
        few = marks if len(marks) <= FEW else ()
        for more in [f" and tags.`nnexp.fingerprint` = '{mark}'" for mark in few] or [""]:
            for run in runs_where(store, [experiment_id], _RUN + more):
                yield _recorded(run), run.data.tags.get("nnexp.fingerprint")
        return
    ids = run_ids(inner, experiment_id, _RUN)
    if marks:
        asked = ids_tagged(inner, "nnexp.fingerprint", marks)
        ids = [run_id for run_id in ids if run_id in asked]
    names = ("nnexp.fingerprint", "nnexp.sweep", "nnexp.reason")
    columns = read_columns(inner, ids, names, params=False)
    found, sweeps, reasons = map(columns.tag, names)
    for k, run_id in enumerate(ids):
        metrics = {m: v[k] for m, v in columns.metrics.items() if v[k] is not None}
        status = str(columns.info["status"][k])
        yield Recorded(run_id, status, sweeps[k] or "", metrics, reasons[k] or ""), found[k]


def _recorded(run: Run) -> Recorded:
    tags, metrics = run.data.tags, dict(run.data.metrics)
    sweep, reason = tags.get("nnexp.sweep", ""), tags.get("nnexp.reason", "")
    return Recorded(str(run.info.run_id), str(run.info.status), sweep, metrics, reason)


def find_finished(store: Store, experiment_id: str, mark: str) -> Recorded | None:
    """The finished run of an experiment with a given fingerprint, if there is one.

    In the experiment "", which `experiment_id` gives for one that is not there yet, there is none.
    """
    if not experiment_id:
        return None
    found = runs_where(store, [experiment_id], finished_run(mark))
    return next(map(_recorded, found), None)


def finished_runs(store: Store, experiment_id: str, marks: Sequence[str]) -> dict[str, Recorded]:
    """The finished runs of an experiment by fingerprint, of those that are asked for."""
    inner = database(store)
    # Mostly there are none, and a database says so at once.
    if inner is not None and not patient(ids_tagged)(inner, "nnexp.fingerprint", marks):
        return {}
    found = {mark: find_finished(store, experiment_id, mark) for mark in marks}
    return {mark: run for mark, run in found.items() if run is not None}


def find_parent(store: Store, experiment_id: str, key: str, *, ended: bool) -> str | None:
    """The parent run of this sweep as recorded before; with `ended` also one that has ended."""
    where = f"tags.`nnexp.sweep_key` = '{key}' and tags.`nnexp.kind` = 'sweep'"
    before = [
        run
        for run in runs_where(store, [experiment_id], where)
        if ended or run.info.status not in ("FINISHED", "FAILED")
    ]
    first = min(before, key=lambda run: run.info.start_time, default=None)
    return None if first is None else str(first.info.run_id)


def open_parent(
    store: Store,
    experiment_id: str,
    experiment_name: str,
    key: str,
    name: str,
    tags: Mapping[str, str],
    before: str | None,
    *,
    ended: bool,
) -> Projection:
    """The parent run of this sweep: the one recorded before, gone on with, or a new one.

    `ended` as for `find_parent`, which found `before`.
    """
    folder = store.folder / RUNS / key[:32]
    with lock(store.folder):
        # Another command may have delivered it meanwhile: it was left, and waited for the store.
        before = before or find_parent(store, experiment_id, key, ended=ended)
        log = _parent_log(store, before, folder) if before is not None else None
        if log is not None:
            log.go_on(now(), owner_tags())
    if is_new := log is None:
        all_tags = {
            "nnexp.kind": "sweep",
            "nnexp.sweep_key": key,
            "mlflow.source.name": "nnexp",
            **tags,
        }
        begun = Begun(
            *(store.name, experiment_id, name, now(), {}, all_tags, {}, owner_tags()),
            experiment_name,
            run_id=before or "",
        )
        log = RunLog(folder, begun)
    log.add(Tagged(tags))
    parent = Projection(store, log)
    try:
        parent.advance()
    except Exception:
        if is_new and not parent.state.opening:
            log.close()
            remove(folder)  # The store has opened nothing, and there is nothing to tell it.
        raise
    return parent


def _parent_log(store: Store, before: str, folder: Path) -> RunLog | None:
    """The log of a parent run that was recorded before; None if it has none that is whole."""
    with suppress(DamagedLog, OSError):
        if state_of(folder).run_id == before:
            return RunLog(folder)
        return taken_out(store, before, folder)
    return None


def supersede(store: Store, outbox: Outbox, run_id: str) -> None:
    """Let a run stay in the store, but no longer be counted among the runs."""
    tags = {"nnexp.kind": "superseded"}
    with suppress(DamagedLog, OSError):
        if (log := taken_out(store, run_id, store.folder / RUNS / run_id)) is not None:
            log.add(Tagged(tags))
            outbox.send(Projection(store, log))
            return
    outbox.tell(run_id, tags)


def remove_partial(store: Store, experiment_id: str, parent: str) -> None:
    """Delete children without a log that were left half recorded: they will be trained again."""
    logged = run_ids_with_log(store)
    for status in ("RUNNING", "KILLED"):
        where = f"tags.`nnexp.sweep` = '{parent}' and attributes.status = '{status}'"
        for run in list(runs_where(store, [experiment_id], where)):
            # Another sweep, which trains it now, may not have noted its id beside the log yet.
            theirs = status == "RUNNING" and alive(run.data.tags, now())
            if PRUNED not in run.data.tags and run.info.run_id not in logged and not theirs:
                take_back(store, str(run.info.run_id), "KILLED")


def run_ids_with_log(store: Store) -> set[str]:
    """Ids of the runs in the store whose logs are here: under way, stopped, or waiting."""
    states = map(state_of, (store.folder / RUNS).glob("*"))
    return {state.run_id for state in states if state.run_id}


def take_back(store: Store, run_id: str, status: str) -> None:
    """Delete a run that is not whole, marked as ended: in the bin too nobody is at work on it."""
    store.client.set_terminated(run_id, status, end_time=now())
    store.client.delete_run(run_id)
