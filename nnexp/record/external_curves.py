"""Runs that were not trained here: published or imported curves, to be laid beside ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nnexp.record.clock import now
from nnexp.record.sending import MetricPoint, log
from nnexp.record.store import Store
from nnexp.record.sweep import runs_where
from nnexp.record.untrained_runs import recorded_at_once

Curves = Mapping[str, Sequence[tuple[int, float]]]
"""By metric, pairs of step and value."""


def is_metric_name(name: str) -> bool:
    """Whether MLflow takes a name for a metric."""
    from mlflow.utils.validation import (
        MAX_ENTITY_KEY_LENGTH,
        path_not_unique,
        validate_param_and_metric_name,
    )

    if len(name) > MAX_ENTITY_KEY_LENGTH or path_not_unique(name):  # type: ignore[no-untyped-call]
        return False
    return bool(validate_param_and_metric_name(name))  # type: ignore[no-untyped-call]


def record_curves(
    store: Store,
    experiment_id: str,
    name: str,
    curves: Curves,
    params: Mapping[str, str],
    source: str,
    final: Mapping[str, float],
) -> str:
    """Record curves from elsewhere as a run of kind `published`; one of that name is replaced.

    It is replaced when the new one is whole: if something fails, the old one is still there.
    """
    where = "tags.`nnexp.kind` = 'published'"
    known = runs_where(store, [experiment_id], where)
    before = [str(run.info.run_id) for run in known if run.info.run_name == name]
    stamp = now()
    tags = {
        "nnexp.kind": "published",
        "nnexp.source_note": source,
        "mlflow.source.name": "nnexp",
        "mlflow.note.content": source,
    }
    values = [MetricPoint(m, v, step, stamp) for m, points in curves.items() for step, v in points]
    last = max((v.step for v in values), default=0)
    values += [MetricPoint(m, v, last, stamp) for m, v in final.items() if m not in curves]
    with recorded_at_once(store, experiment_id, name, stamp, tags) as run_id:
        log(store, run_id, values, params=params)
    for replaced in before:
        store.client.delete_run(replaced)
    return run_id
