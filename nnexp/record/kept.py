"""Deliveries kept on disk until they have arrived, and those that never will."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nnexp.record.delivery import FOLDER, NEVER, Delivery, Opening, transmit
from nnexp.record.locks import held
from nnexp.record.readback import Expected
from nnexp.record.sending import MetricPoint
from nnexp.record.store import Store, said_by_store

REFUSED = "refused"
"""Where deliveries go that cannot arrive: of runs that the store no longer has, or damaged."""

DELIVER_LOCK = "deliver.lock"

REASON = "reason.txt"
"""Beside a refused delivery: what the store said."""


@dataclass(frozen=True)
class Delivered:
    """What came of sending what earlier processes could not."""

    arrived: int
    waiting: int
    refused: tuple[Path, ...]
    trouble: str


def lock(store: Store) -> AbstractContextManager[None]:
    """Held while a delivery is written or sent: two processes must not send the same one."""
    return held(store.folder / DELIVER_LOCK)


def keep(store: Store, delivery: Delivery, artifacts: Path | None) -> Path:
    """Write a delivery to disk, durably; the folder it is in. `artifacts` is moved there."""
    folder = store.folder / FOLDER / delivery.key
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if artifacts is not None:
        os.replace(artifacts, folder / "artifacts")
    fresh = folder / "delivery.json.new"
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump({"store": store.name, **_plain(delivery)}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, folder / "delivery.json")
    return folder


def deliver(store: Store, folder: Path) -> str:
    """Send a kept delivery and forget it; the run's id. Raises whatever the store raises."""
    run_id = transmit(store, _read(folder)[1], folder / "artifacts")
    shutil.rmtree(folder)
    return run_id


def _plain(delivery: Delivery) -> dict[str, Any]:
    """A delivery as JSON has it. Its values, of which there may be a million, are lists."""
    content = asdict(replace(delivery, metrics=()))
    return {**content, "metrics": delivery.metrics}


def _read(folder: Path) -> tuple[str, Delivery]:
    """The name of the store that a kept delivery is for, and the delivery."""
    content: dict[str, Any] = json.loads((folder / "delivery.json").read_text(encoding="utf-8"))
    name = str(content.pop("store", "") or content.pop("uri"))
    opening = content.pop("opening", None)
    # Up to version 0.3 a value was an object.
    metrics = tuple(
        MetricPoint(**m) if isinstance(m, dict) else MetricPoint(*m) for m in content.pop("metrics")
    )
    expected = content.pop("expected", None)
    return name, Delivery(
        **content,
        metrics=metrics,
        opening=Opening(**opening) if opening is not None else None,
        expected=Expected(**expected) if expected is not None else None,
    )


def kept_deliveries(store: Store, where: str = FOLDER) -> Iterator[tuple[Path, Delivery | None]]:
    """Folders of what is kept for this store, and what is in them; None if that is damaged."""
    for path in sorted((store.folder / where).glob("*/delivery.json")):
        try:
            name, delivery = _read(path.parent)
        except FileNotFoundError:
            continue  # Another process has just delivered it.
        except (ValueError, TypeError, KeyError, OSError):
            yield path.parent, None
        else:
            # Up to version 0.1 it was its address.
            if name in (store.name, store.shown):
                yield path.parent, delivery


def half_written(store: Store) -> list[Path]:
    """Folders of deliveries that were being written when their process was killed.

    Their runs go on from their checkpoints, which are removed later. Ask with the lock held.
    """
    folders = (store.folder / FOLDER).glob("*/")
    return [folder for folder in folders if not (folder / "delivery.json").exists()]


def deliver_all(store: Store) -> Delivered:
    """Send what earlier processes could not; a store that fails again is left alone."""
    arrived, left, refused, trouble = 0, 0, [], ""
    if not any((store.folder / FOLDER).glob("*/delivery.json")):
        return Delivered(0, 0, (), "")
    with lock(store):
        for folder, delivery in kept_deliveries(store):
            if delivery is None:
                refused.append(set_aside(store, folder, "damaged on disk"))
                continue
            if trouble:
                left += 1
                continue
            try:
                deliver(store, folder)
                arrived += 1
            except Exception as error:
                # Whatever the client raises (HTTP, database, MLflow): it stays on disk.
                if getattr(error, "error_code", "") in NEVER:
                    refused.append(set_aside(store, folder, said_by_store(error)))
                else:
                    trouble, left = said_by_store(error), left + 1
    return Delivered(arrived, left, tuple(refused), trouble)


def set_aside(store: Store, folder: Path, reason: str) -> Path:
    """Keep what cannot arrive where it is in nobody's way, with the reason; the folder."""
    aside = store.folder / REFUSED / folder.name
    aside.parent.mkdir(exist_ok=True)
    shutil.rmtree(aside, ignore_errors=True)
    (folder / REASON).write_text(reason, encoding="utf-8")
    os.replace(folder, aside)
    return aside


def taken_back(store: Store, folder: Path) -> Path:
    """Let a refused delivery wait again: the store may have changed its mind; the folder."""
    back = store.folder / FOLDER / folder.name
    back.parent.mkdir(exist_ok=True)
    with lock(store):
        if back.exists():
            shutil.rmtree(back)
        os.replace(folder, back)
    return back
