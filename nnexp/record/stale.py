"""Runs that are marked RUNNING although nobody works on them any more."""

from __future__ import annotations

from nnexp.record.clock import now
from nnexp.record.processes import HEARTBEAT_MINUTES, alive
from nnexp.record.store import Store
from nnexp.record.sweep import runs_where

REASON = (
    "the process that trained it is gone (killed, or the machine went down); noticed at a later "
    f"start; on other hosts after {HEARTBEAT_MINUTES} minutes without a sign of life"
)


def mark_stale(store: Store, experiment_id: str) -> list[str]:
    """Mark the RUNNING runs of an experiment whose process is gone as KILLED; their ids.

    A summary run that was left half recorded is deleted: its sweep makes it again.
    """
    marked = []
    where = "attributes.status = 'RUNNING'"
    for run in list(runs_where(store, [experiment_id], where)):
        tags = run.data.tags
        if tags.get("nnexp.kind") == "summary" and not alive(tags, now()):
            store.client.delete_run(run.info.run_id)
        ours = tags.get("nnexp.kind") in ("run", "sweep")
        if ours and not alive(tags, now()):
            store.client.set_tag(run.info.run_id, "nnexp.reason", REASON)
            store.client.set_terminated(run.info.run_id, "KILLED", end_time=now())
            marked.append(str(run.info.run_id))
    return marked
