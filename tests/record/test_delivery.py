"""Whatever request fails, the end of a run arrives once and whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from nnexp.record.delivery import FOLDER, Delivery, Opening, transmit
from nnexp.record.kept import REFUSED, deliver_all, keep
from nnexp.record.outbox import Outbox
from nnexp.record.readback import Expected, missing_of
from nnexp.record.sending import MetricPoint, log
from nnexp.record.store import Store, open_store
from tests.record.stored import restore

EXPERIMENT = "1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("delivery")
    restore(folder)
    return folder


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{folder / 'mlflow.db'}")
    yield opened
    assert not list((opened.folder / FOLDER).glob("*")), "something was left"


class Failing:
    """A real client that fails at its n-th request, once: before it is carried out, or after."""

    def __init__(self, client: Any, request: int, *, after: bool) -> None:
        self.client, self.left, self.after = client, request, after

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            return getattr(self.client, name)  # What is read from the database is no request.

        def call(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise ConnectionError("gone before")
            answer = getattr(self.client, name)(*args, **kwargs)
            if self.left == 0:
                raise ConnectionError("gone after")
            return answer

        return call


def ended(name: str) -> Delivery:
    """A finished run with a curve longer than one request holds."""
    opening = Opening(
        EXPERIMENT,
        name,
        1_700_000_000_000,
        {"nnexp.kind": "run", "nnexp.name": name},
        {"seed": "1", "train.eta": "0.5"},
        {"name": "mnist", "digest": "12345678", "source_type": "nnexp", "source": "{}"},
    )
    values = tuple(
        MetricPoint("train/cost", 1.0 / (k + 1), k, 1_700_000_000_000 + k) for k in range(1200)
    )
    end, tags = 1_700_000_009_000, {"nnexp.epochs": "1199"}
    expected = Expected(opening.params, {**opening.tags, **tags}, {})
    return Delivery("", "FINISHED", end, values, tags, opening, expected=expected)


def arrived(store: Store, name: str) -> Any:
    """The one run of that name, found whole."""
    (run,) = store.client.search_runs([EXPERIMENT], f"tags.`nnexp.name` = '{name}'")
    assert run.info.status == "FINISHED"
    assert run.info.end_time == 1_700_000_009_000
    assert run.data.params == {"seed": "1", "train.eta": "0.5"}
    assert run.data.tags["nnexp.epochs"] == "1199"
    found = store.client.get_metric_history(run.info.run_id, "train/cost")
    assert sorted((m.step, m.value) for m in found) == [(k, 1.0 / (k + 1)) for k in range(1200)]
    assert len(run.inputs.dataset_inputs) == 1
    return run


def artifacts(folder: Path) -> Path:
    made = folder / "made"
    made.mkdir()
    (made / "curves.csv").write_text("step\n")
    return made


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("request_number", range(1, 6))
def test_failure_of_any_request_loses_and_doubles_nothing(
    store: Store, tmp_path: Path, request_number: int, after: bool
) -> None:
    name = f"run-{request_number}-{after}"
    failing = replace(store, client=cast(Any, Failing(store.client, request_number, after=after)))
    outbox = Outbox(failing)
    assert outbox.send(ended(name), artifacts(tmp_path)) == ""
    assert "gone" in outbox.trouble
    # Left alone for a while, then sent again; the failing client has failed once and works now.
    assert outbox.again() == {}
    (run_id,) = outbox.again(now=True).values()
    assert not outbox.kept
    assert not outbox.trouble
    run = arrived(store, name)
    assert run.info.run_id == run_id
    assert [a.path for a in store.client.list_artifacts(run_id)] == ["curves.csv"]


def test_what_an_earlier_process_kept_is_delivered_at_the_next_start(store: Store) -> None:
    keep(store, ended("kept"), None)
    found = deliver_all(store)
    assert (found.arrived, found.waiting, found.refused) == (1, 0, ())
    arrived(store, "kept")
    assert deliver_all(store).arrived == 0


def test_kill_between_delivering_and_forgetting_doubles_nothing(store: Store) -> None:
    delivery = ended("twice")
    keep(store, delivery, None)
    transmit(store, delivery, None)
    assert deliver_all(store).arrived == 1
    arrived(store, "twice")


def test_store_that_fails_again_is_said_to(store: Store) -> None:
    for name in ("first", "second"):
        keep(store, ended(name), None)
    failing = replace(store, client=cast(Any, Failing(store.client, 1, after=False)))
    found = deliver_all(failing)
    assert (found.arrived, found.waiting) == (0, 2)
    assert "gone before" in found.trouble
    assert deliver_all(store).arrived == 2


def test_delivery_that_can_never_arrive_is_set_aside_and_kept(store: Store) -> None:
    unknown = Delivery("f" * 32, "FINISHED", 1, (MetricPoint("a", 1.0, 0, 1),), {})
    keep(store, unknown, None)
    damaged = keep(store, ended("damaged"), None)
    (damaged / "delivery.json").write_text("{")
    found = deliver_all(store)
    assert found.arrived == 0
    assert {path.parent.name for path in found.refused} == {REFUSED}
    assert len(found.refused) == 2
    assert all((path / "delivery.json").exists() for path in found.refused)


def test_delivery_for_another_store_waits_for_it(store: Store) -> None:
    elsewhere = replace(store, uri="http://elsewhere:5000")
    folder = keep(elsewhere, ended("elsewhere"), None)
    found = deliver_all(store)
    assert (found.arrived, found.waiting, found.refused) == (0, 0, ())
    assert (folder / "delivery.json").exists()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_what_another_command_has_delivered_meanwhile_is_not_waited_for(store: Store) -> None:
    failing = replace(store, client=cast(Any, Failing(store.client, 1, after=False)))
    outbox = Outbox(failing)
    assert outbox.send(ended("overtaken")) == ""
    (key,) = outbox.kept
    assert deliver_all(store).arrived == 1
    run = arrived(store, "overtaken")
    assert outbox.again(now=True) == {key: run.info.run_id}
    assert not outbox.kept
    assert not outbox.trouble


def test_every_value_parameter_tag_and_file_that_a_store_lacks_is_found(
    store: Store, tmp_path: Path
) -> None:
    made = artifacts(tmp_path)
    delivery = ended("lacking")
    assert delivery.expected is not None
    expected = replace(delivery.expected, artifacts={"curves.csv": 5})
    delivery = replace(delivery, expected=expected)
    run_id = transmit(store, delivery, made)
    metrics = [
        MetricPoint("odd", value, step, 1)
        for step, value in enumerate((float("nan"), float("inf"), float("-inf"), -0.0, 1e-320))
    ]
    log(store, run_id, metrics)
    everything = [*delivery.metrics, *metrics]
    assert not missing_of(store, run_id, everything, expected)
    beyond = [
        MetricPoint("odd", 1.0, 9, 1),
        MetricPoint("odd", 2.0, 1, 1),
        MetricPoint("other", 1.0, 0, 1),
    ]
    more = Expected({"p": "1"}, {"nnexp.epochs": "7"}, {"curves.csv": 6, "weights.npz": 1})
    found = missing_of(store, run_id, [*everything, *beyond], more)
    assert set(found.metrics) == set(beyond)
    assert found.params == {"p": "1"}
    assert found.tags == {"nnexp.epochs": "7"}
    assert found.artifacts == ["curves.csv", "weights.npz"]
