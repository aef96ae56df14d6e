"""Runs that were not trained here: published or imported curves, to be laid beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nnexp.record.clock import now
from nnexp.record.delivery import Sent, log
from nnexp.record.store import Store
from nnexp.record.sweep import runs_where

Curves = Mapping[str, Sequence[tuple[int, float]]]
"""By metric, pairs of step and value."""


def record_curves(
    store: Store,
    experiment_id: str,
    name: str,
    curves: Curves,
    params: Mapping[str, str],
    source: str,
    final: Mapping[str, float],
) -> str:
    """Record curves from elsewhere as a run of kind `published`; one of that name is replaced."""
    where = "tags.`nnexp.kind` = 'published'"
    for before in list(runs_where(store, [experiment_id], where)):
        if before.info.run_name == name:
            store.client.delete_run(before.info.run_id)
    stamp = now()
    tags = {
        "nnexp.kind": "published",
        "nnexp.source_note": source,
        "mlflow.source.name": "nnexp",
        "mlflow.note.content": source,
    }
    run = store.client.create_run(experiment_id, start_time=stamp, tags=tags, run_name=name)
    values = [Sent(m, v, step, stamp) for m, points in curves.items() for step, v in points]
    last = max((v.step for v in values), default=0)
    values += [Sent(m, v, last, stamp) for m, v in final.items() if m not in curves]
    log(store, str(run.info.run_id), values, params=params)
    store.client.set_terminated(run.info.run_id, "FINISHED", end_time=now())
    return str(run.info.run_id)
