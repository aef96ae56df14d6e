"""The end of a run on its way to the store: what it consists of, and sending it.

Values carry the time they were measured at and a new run carries a name of its own, so that sending
twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from nnexp.record.readback import Expected, Lost, confirm, confirm_closed
from nnexp.record.seal import note_seal, seal_of_tags
from nnexp.record.sending import MetricPoint, log, log_data
from nnexp.record.store import Store

FOLDER = "undelivered"
"""Where deliveries wait, beside the store."""
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
    metrics: tuple[MetricPoint, ...]
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


def run_of(store: Store, key: str) -> str:
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
