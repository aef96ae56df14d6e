"""What a run still has to send to its store, kept on disk until it has arrived.

The end of a run is first written here and then delivered. If the store does not answer, the next
start delivers it: values carry the time they were measured at, so that sending twice changes
nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nnexp.record.store import Store

FOLDER = "undelivered"
BATCH = 1000
"""Metrics per request; MLflow takes no more."""


@dataclass(frozen=True)
class Sent:
    """A metric value with its step and time (milliseconds)."""

    name: str
    value: float
    step: int
    timestamp: int


@dataclass(frozen=True)
class Delivery:
    """The end of a run: values and tags not yet sent, its status, and its artifacts' folder."""

    run_id: str
    status: str
    end_time: int
    metrics: tuple[Sent, ...]
    tags: Mapping[str, str]


def log(
    store: Store,
    run_id: str,
    metrics: Sequence[Sent] = (),
    params: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Send values, parameters and tags in as few requests as MLflow allows."""
    from mlflow.entities import Metric, Param, RunTag

    values = [Metric(m.name, m.value, m.timestamp, m.step) for m in metrics]
    pairs = [Param(k, v) for k, v in (params or {}).items()]
    labels = [RunTag(k, v) for k, v in (tags or {}).items()]
    room = BATCH - len(pairs) - len(labels)
    store.client.log_batch(run_id, metrics=values[:room], params=pairs, tags=labels)
    for start in range(room, len(values), BATCH):
        store.client.log_batch(run_id, metrics=values[start : start + BATCH])


def keep(store: Store, delivery: Delivery, artifacts: Path | None) -> Path:
    """Write a delivery to disk, durably; the folder it is in. `artifacts` is moved there."""
    folder = store.folder / FOLDER / delivery.run_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if artifacts is not None:
        os.replace(artifacts, folder / "artifacts")
    fresh = folder / "delivery.json.new"
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump({"uri": store.shown, **asdict(delivery)}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, folder / "delivery.json")
    return folder


def deliver(store: Store, folder: Path) -> None:
    """Send a kept delivery and forget it. Raises whatever the store raises."""
    content: dict[str, Any] = json.loads((folder / "delivery.json").read_text(encoding="utf-8"))
    run_id = content["run_id"]
    log(store, run_id, [Sent(**m) for m in content["metrics"]], tags=content["tags"])
    if (folder / "artifacts").is_dir():
        store.client.log_artifacts(run_id, str(folder / "artifacts"))
    store.client.set_terminated(run_id, content["status"], end_time=content["end_time"])
    shutil.rmtree(folder)


def deliver_all(store: Store) -> int:
    """Send what earlier processes could not; how many runs that completed."""
    count = 0
    for path in sorted((store.folder / FOLDER).glob("*/delivery.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("uri") == store.shown:
            deliver(store, path.parent)
            count += 1
    return count
