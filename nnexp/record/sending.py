"""Sending values, parameters and tags to a store, in as few requests as MLflow allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nnexp.record.store import Store

BATCH = 1000
"""Metrics per request; MLflow takes no more."""


TAKEN = ("unique constraint", "duplicate entry")
"""What databases say, in any case, where another process has just inserted the same row."""

TRIES = 5
"""How often a data set is recorded anew where another process was quicker."""


class MetricPoint(NamedTuple):
    """A metric value with its step and time (milliseconds)."""

    name: str
    value: float
    step: int
    timestamp: int


def log(
    store: Store,
    run_id: str,
    metrics: Sequence[MetricPoint] = (),
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Send values, parameters and tags; the store has answered when this returns."""
    from mlflow.entities import Metric, Param, RunTag

    values = [Metric(m.name, m.value, m.timestamp, m.step) for m in metrics]
    pairs = [Param(k, v) for k, v in (params or {}).items()]
    labels = [RunTag(k, v) for k, v in (tags or {}).items()]
    room = BATCH - len(pairs) - len(labels)
    send = store.client.log_batch
    if values or pairs or labels:
        send(run_id, metrics=values[:room], params=pairs, tags=labels, synchronous=True)
    for start in range(room, len(values), BATCH):
        send(run_id, metrics=values[start : start + BATCH], synchronous=True)


def log_data(store: Store, run_id: str, data: Mapping[str, str]) -> None:
    """Record the data set of a run as MLflow does."""
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.exceptions import MlflowException

    used = DatasetInput(Dataset(**data), [InputTag("mlflow.data.context", "training")])
    for left in reversed(range(TRIES)):
        try:
            store.client.log_inputs(run_id, [used])
            return
        except MlflowException as error:
            # Of two first runs of an experiment that begin at once MLflow lets one fail: it looks
            # for their data set before it inserts it. Then nothing was recorded, and it is there.
            if not left or not any(word in str(error).lower() for word in TAKEN):
                raise
