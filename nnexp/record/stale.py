"""Runs that are marked RUNNING although nobody works on them any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnexp.record.clock import now
from nnexp.record.processes import HEARTBEAT_MINUTES, alive
from nnexp.record.store import Store
from nnexp.record.sweep import run_ids_with_log, runs_where, take_back

if TYPE_CHECKING:
    from mlflow.entities import Run

REASON = (
    "the process that trained it is gone (killed, or the machine went down); noticed at a later "
    f"start; on other hosts after {HEARTBEAT_MINUTES} minutes without a sign of life"
)

AT_ONCE = ("summary", "ensemble")
"""Kinds of runs that nobody trains: half of one is deleted, and made again when asked for."""


def stale_runs(store: Store, experiment_id: str) -> list[Run]:
    """The RUNNING runs of an experiment whose process is gone.

    Those whose logs are here are not among them: what they say is the truth.
    """
    where = "attributes.status = 'RUNNING'"
    logged = run_ids_with_log(store)
    return [
        run
        for run in runs_where(store, [experiment_id], where)
        if run.data.tags.get("nnexp.kind") in ("run", "sweep", "fork", *AT_ONCE)
        and not alive(run.data.tags, now())
        and run.info.run_id not in logged
    ]


def mark_stale(store: Store, experiment_id: str) -> list[str]:
    """Mark the RUNNING runs of an experiment whose process is gone as KILLED; their ids.

    A summary or an ensemble that was left half recorded is deleted: its command makes it again.
    """
    marked = []
    for run in stale_runs(store, experiment_id):
        if run.data.tags["nnexp.kind"] in AT_ONCE:
            take_back(store, str(run.info.run_id), "KILLED")
        else:
            store.client.set_tag(run.info.run_id, "nnexp.reason", REASON)
            at = max(now(), run.info.start_time or 0)
            store.client.set_terminated(run.info.run_id, "KILLED", end_time=at)
            marked.append(str(run.info.run_id))
    return marked
