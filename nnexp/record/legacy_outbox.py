"""What earlier versions kept of runs that a store had not received, taken over as logs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import groupby
from typing import Any

from nnexp.record.events import Begun, Ended, Event, Values
from nnexp.record.log import write_whole
from nnexp.record.log_folder import ARTIFACTS, RUNS
from nnexp.record.outbox import REFUSED, lock
from nnexp.record.store import Store

FOLDER, FILE = "undelivered", "delivery.json"


def take_over(store: Store) -> None:
    """Turn the deliveries of versions before 0.4 into logs, which are sent like any other."""
    paths = [path for name in (FOLDER, REFUSED) for path in (store.folder / name).glob(f"*/{FILE}")]
    for path in paths:
        with lock(store.folder), suppress(ValueError, TypeError, KeyError, OSError):
            content = json.loads(path.read_text(encoding="utf-8"))
            name = str(content.get("store") or content["uri"])
            # Up to version 0.1 it was its address.
            if not store.owns(name):
                continue
            artifacts = path.parent / ARTIFACTS
            write_whole(
                store.folder / RUNS / path.parent.name,
                _events(content, name),
                artifacts if artifacts.is_dir() else None,
            )
            shutil.rmtree(path.parent)


def _events(content: Mapping[str, Any], name: str) -> Iterator[Event]:
    opening = content.get("opening") or {}
    yield Begun(
        store=name,
        experiment=opening.get("experiment", ""),
        name=opening.get("name", ""),
        at=opening.get("start_time", content["end_time"]),
        params=opening.get("params", {}),
        tags=opening.get("tags", {}),
        data=opening.get("data", {}),
        owner={},
        run_id=content["run_id"],
        token=opening.get("token", ""),
    )
    # Up to version 0.3 a value was an object.
    metrics = [tuple(m.values()) if isinstance(m, dict) else tuple(m) for m in content["metrics"]]
    for (step, at), group in groupby(metrics, key=lambda m: (m[2], m[3])):
        yield Values(step, at, {metric: value for metric, value, _, _ in group})
    sizes = (content.get("expected") or {}).get("artifacts", {})
    written = {name: (size, "") for name, size in sizes.items()}
    tags = content["tags"]
    yield Ended(content["status"], content["end_time"], tags=tags, artifacts=written)
