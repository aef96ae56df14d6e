"""The ends of runs on their way to the store, kept on disk until they have arrived.

What the store does not take is written here and sent again: while the training goes on, at its end,
and at the next start. Values carry the time they were measured at and a new run carries a name of
its own, so that sending twice changes nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock

from nnexp.record.readback import Expected, Lost, confirm, confirm_closed
from nnexp.record.seal import note_seal, seal_of_tags
from nnexp.record.sending import Sent, log, log_data
from nnexp.record.store import Store, said_by_store

FOLDER = "undelivered"
REFUSED = "refused"
"""Where deliveries go that cannot arrive: of runs that the store no longer has, or damaged."""

PATIENCE_SECONDS = 20.0
"""How long a store that did not answer is left alone."""

TOKEN = "nnexp.delivery"
"""The tag by which a run that was opened before is found again."""

NEVER = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "INVALID_STATE")
"""MLflow's answers that will be the same next time."""


@dataclass(frozen=True)
class Opening:
    """A run that is still to be opened in its store; `start_time` in milliseconds."""

    experiment: str
    name: str
    start_time: int
    tags: Mapping[str, str]
    params: Mapping[str, str]
    data: Mapping[str, str]
    """Arguments of MLflow's `Dataset`."""
    token: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Delivery:
    """What is still to be sent of a run: values, tags, and how it ended."""

    run_id: str
    """Empty for a run that is still to be opened."""
    status: str
    """Empty where it stays as it is."""
    end_time: int
    metrics: tuple[Sent, ...]
    """All of the run's values where it is read back, else those to be sent."""
    tags: Mapping[str, str]
    opening: Opening | None = None
    sent: int = 0
    """How many of the values the store has been given before."""
    expected: Expected | None = None
    """What is read back before the run is closed; None where nothing is."""

    @property
    def key(self) -> str:
        """Its folder's name."""
        return self.run_id or (self.opening.token if self.opening else "")


@dataclass(frozen=True)
class Delivered:
    """What came of sending what earlier processes could not."""

    arrived: int
    waiting: int
    refused: tuple[Path, ...]
    trouble: str


def transmit(store: Store, delivery: Delivery, artifacts: Path | None) -> str:
    """Send a delivery and read it back; the run's id. May be repeated.

    Raises:
        Lost: the store lacks what it said it had taken. Or whatever the store raises.
    """
    run_id, place, opening = delivery.run_id, "", delivery.opening
    if opening is not None:
        run = _opened(store, opening)
        run_id, place = str(run.info.run_id), str(run.info.artifact_uri)
        if not run_id:
            raise Lost("it says that it has opened a run, but not which")
        log(store, run_id, delivery.metrics, opening.params, delivery.tags)
        log_data(store, run_id, opening.data)
    else:
        log(store, run_id, delivery.metrics[delivery.sent :], tags=delivery.tags)

    def send_artifacts() -> None:
        if artifacts is not None and artifacts.is_dir():
            _log_artifacts(store, run_id, place, artifacts)

    send_artifacts()
    if delivery.expected is not None:
        confirm(store, run_id, delivery.metrics, delivery.expected, send_artifacts)
        if (seal := seal_of_tags(delivery.expected.tags)) is not None:
            note_seal(store.folder, run_id, seal)
    if delivery.status:
        store.client.set_terminated(run_id, delivery.status, end_time=delivery.end_time)
        confirm_closed(store, run_id, delivery.status)
    return run_id


def _run_of(store: Store, key: str) -> str:
    """The id of the run that a delivery of this name has become; the name if there is none."""
    experiments = [e.experiment_id for e in store.client.search_experiments(max_results=1000)]
    found = store.client.search_runs(experiments, f"tags.`{TOKEN}` = '{key}'")
    return str(found[0].info.run_id) if found else key


def _opened(store: Store, opening: Opening) -> Any:
    """The run of an opening: the one that an attempt before this has left, or a new one."""
    where = f"tags.`{TOKEN}` = '{opening.token}'"
    tries = (store.folder / FOLDER / opening.token).exists()
    before = store.client.search_runs([opening.experiment], where) if tries else []
    return (
        before[0]
        if before
        else store.client.create_run(
            opening.experiment,
            start_time=opening.start_time,
            tags={**opening.tags, TOKEN: opening.token},
            run_name=opening.name,
        )
    )


def _log_artifacts(store: Store, run_id: str, place: str, artifacts: Path) -> None:
    if not place:
        store.client.log_artifacts(run_id, str(artifacts))
        return
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    # The client would ask the store for the run again to learn this address.
    repository: Any = get_artifact_repository(place, tracking_uri=store.uri)
    repository.log_artifacts(str(artifacts))


def lock(store: Store) -> FileLock:
    """Held while a delivery is written or sent: two processes must not send the same one."""
    return FileLock(store.folder / "deliver.lock")


def keep(store: Store, delivery: Delivery, artifacts: Path | None) -> Path:
    """Write a delivery to disk, durably; the folder it is in. `artifacts` is moved there."""
    folder = store.folder / FOLDER / delivery.key
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if artifacts is not None:
        os.replace(artifacts, folder / "artifacts")
    fresh = folder / "delivery.json.new"
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump({"uri": store.shown, **_plain(delivery)}, file)
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
    """The address that a kept delivery is for, and the delivery."""
    content: dict[str, Any] = json.loads((folder / "delivery.json").read_text(encoding="utf-8"))
    uri, opening = str(content.pop("uri")), content.pop("opening", None)
    # Up to version 0.3 a value was an object.
    metrics = tuple(Sent(**m) if isinstance(m, dict) else Sent(*m) for m in content.pop("metrics"))
    expected = content.pop("expected", None)
    return uri, Delivery(
        **content,
        metrics=metrics,
        opening=Opening(**opening) if opening is not None else None,
        expected=Expected(**expected) if expected is not None else None,
    )


def deliver_all(store: Store) -> Delivered:
    """Send what earlier processes could not; a store that fails again is left alone."""
    arrived, left, refused, trouble = 0, 0, [], ""
    waiting = sorted((store.folder / FOLDER).glob("*/delivery.json"))
    if not waiting:
        return Delivered(0, 0, (), "")
    with lock(store):
        for folder in [path.parent for path in waiting if path.exists()]:
            try:
                if _read(folder)[0] != store.shown:
                    continue
            except (ValueError, TypeError, KeyError, OSError):
                refused.append(_set_aside(store, folder))  # Damaged on disk.
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
                    refused.append(_set_aside(store, folder))
                else:
                    trouble, left = said_by_store(error), left + 1
    return Delivered(arrived, left, tuple(refused), trouble)


def _set_aside(store: Store, folder: Path) -> Path:
    aside = store.folder / REFUSED / folder.name
    aside.parent.mkdir(exist_ok=True)
    shutil.rmtree(aside, ignore_errors=True)
    os.replace(folder, aside)
    return aside


class Outbox:
    """Sends the ends of runs; those that the store does not take are kept and sent again."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.kept: dict[str, Path] = {}
        """Folders of what has not arrived, by the delivery's key."""
        self.refused: list[Path] = []
        """Folders of what the store will never take."""
        self.refusal = ""
        """Why it will not, as it has said last."""
        self.lost: dict[str, str] = {}
        """By the delivery's key, what the store lacks although it said it had taken it."""
        self.trouble = ""
        """Why the store could not be reached when it was last tried; empty if it could."""
        self._next = 0.0

    def send(self, delivery: Delivery, artifacts: Path | None = None) -> str:
        """The run's id, or nothing if it is kept for later.

        Raises:
            OSError: it could not be sent, nor be written to disk.
        """
        if not self.trouble or time.monotonic() >= self._next:
            try:
                return transmit(self.store, delivery, artifacts)
            except Exception as error:
                # Whatever the store's client raises (HTTP, database, MLflow): work goes on.
                self.note(error)
                if isinstance(error, Lost):
                    self.lost[delivery.key] = str(error)
        with lock(self.store):
            self.kept[delivery.key] = keep(self.store, delivery, artifacts)
        return ""

    def tell(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Send tags that are of no use later; if the store does not answer, they are dropped."""
        if self.trouble:
            return
        try:
            log(self.store, run_id, tags=tags)
        except Exception as error:
            self.note(error)

    def again(self, *, now: bool = False) -> dict[str, str]:
        """Send what is kept, if the store was left alone for long enough or `now`; ids by key."""
        arrived: dict[str, str] = {}
        if not self.kept or not (now or time.monotonic() >= self._next):
            return arrived
        with lock(self.store):
            for key, folder in list(self.kept.items()):
                try:
                    if folder.exists():
                        arrived[key] = deliver(self.store, folder)
                    else:  # Another command has.
                        arrived[key] = _run_of(self.store, key)
                except Exception as error:
                    if getattr(error, "error_code", "") not in NEVER:
                        self.note(error)
                        if isinstance(error, Lost):
                            self.lost[key] = str(error)
                        return arrived
                    # The store answers, and will say the same the next time.
                    self.refusal = said_by_store(error)
                    self.refused.append(_set_aside(self.store, folder))
                del self.kept[key]
                self.lost.pop(key, None)
        self.trouble = ""
        return arrived

    def note(self, error: Exception) -> None:
        """The store has just failed: leave it alone for a while."""
        self.trouble = said_by_store(error)
        self._next = time.monotonic() + PATIENCE_SECONDS
