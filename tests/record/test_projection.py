"""Whatever request fails, the end of a run arrives once and whole."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import pytest

from nnexp.record import insertion
from nnexp.record.checkpoint import SUFFIX
from nnexp.record.contents import Expected, missing_of
from nnexp.record.description import owner_tags
from nnexp.record.events import Begun, Ended, Event, Tagged, Values
from nnexp.record.left_logs import Left, left_behind, settle, take_over
from nnexp.record.log import RunLog, write_whole
from nnexp.record.log_folder import ARTIFACTS, LOG, RECORDED, REFUSED, RUNS
from nnexp.record.outbox import Outbox
from nnexp.record.projection import Projection
from nnexp.record.sending import MetricPoint, log
from nnexp.record.store import Store, open_store
from nnexp.record.store_errors import trouble_of
from tests.faults.forked import forked
from tests.faults.injection import Faults, injected
from tests.record.stored import restore
from tests.record.test_stale import gone, tags
from tests.stores import address

EXPERIMENT = "1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("delivery")
    restore(folder)
    return folder


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    opened = open_store(address(folder))
    yield opened
    assert not list((opened.folder / RUNS).glob("*")), "something was left"


class Failing:
    """A real client that fails at its n-th request, once: before it is carried out, or after."""

    def __init__(self, client: Any, request: int, *, after: bool) -> None:
        self.client, self.left, self.after = client, request, after

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            return getattr(self.client, name)  # What is read from the database is no request.

        return self.counted(getattr(self.client, name))

    def counted(self, request: Callable[..., Any]) -> Callable[..., Any]:
        """A request that may be the one that fails."""

        def call(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0 and not self.after:
                raise ConnectionError("gone before")
            answer = request(*args, **kwargs)
            if self.left == 0:
                raise ConnectionError("gone after")
            return answer

        return call


WRITES = ("_insert_run", "_insert", "_end")


@contextmanager
def failing(store: Store, request: int, *, after: bool = False) -> Iterator[Store]:
    """A store that fails so, whether it is asked by the client or written to as a database."""
    client = Failing(store.client, request, after=after)
    with ExitStack() as stack:
        for name in WRITES:
            counted = client.counted(getattr(insertion, name))
            stack.enter_context(patch.object(insertion, name, counted))
        yield replace(store, client=cast(Any, client))


def events(store: Store, name: str) -> list[Event]:
    """A finished run with a curve longer than one request holds, of a process that is gone."""
    begun = Begun(
        store.name,
        EXPERIMENT,
        name,
        1_700_000_000_000,
        {"seed": "1", "train.eta": "0.5"},
        {"nnexp.kind": "run", "nnexp.name": name},
        {"name": "mnist", "digest": "12345678", "source_type": "nnexp", "source": "{}"},
        tags(*gone()),
    )
    values = [Values(k, 1_700_000_000_000 + k, {"train/cost": 1.0 / (k + 1)}) for k in range(1200)]
    return [begun, *values, Ended("FINISHED", 1_700_000_009_000, tags={"nnexp.epochs": "1199"})]


def ended(store: Store, name: str, artifacts: Path | None = None) -> RunLog:
    return write_whole(store.folder / RUNS / name, events(store, name), artifacts)


def became(left: list[Left]) -> list[str]:
    return [one.became for one in left]


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
@pytest.mark.parametrize(
    ("way", "request_number"),
    [*(("at once", n) for n in range(1, 3)), *(("client", n) for n in range(1, 6))],
)
def test_failure_of_any_request_loses_and_doubles_nothing(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    request_number: int,
    after: bool,
) -> None:
    """Whether the values are put in the database at once or given to MLflow's client."""
    name = f"run-{way}-{request_number}-{after}"
    if way == "client":
        monkeypatch.setattr(insertion, "database", lambda _: None)
    with failing(store, request_number, after=after) as broken:
        outbox = Outbox(broken)
        assert outbox.send(Projection(broken, ended(store, name, artifacts(tmp_path)))) == ""
        assert "gone" in outbox.trouble
        # Left alone for a while, then sent again; it has failed once and works now.
        assert outbox.again() == {}
        (run_id,) = outbox.again(now=True).values()
    assert not outbox.waiting
    assert not outbox.trouble
    run = arrived(store, name)
    assert run.info.run_id == run_id
    assert [a.path for a in store.client.list_artifacts(run_id)] == ["curves.csv"]
    assert (store.folder / RECORDED / f"{run_id}.gz").exists()


def test_what_an_earlier_process_kept_is_delivered_at_the_next_start(store: Store) -> None:
    ended(store, "kept")
    assert became(list(settle(store))) == ["sent"]
    arrived(store, "kept")
    assert not list(settle(store))


def test_what_an_earlier_version_kept_is_delivered_too(store: Store, tmp_path: Path) -> None:
    begun, *values, end = events(store, "older")
    assert isinstance(begun, Begun)
    assert isinstance(end, Ended)
    opening = {
        "experiment": begun.experiment,
        "name": begun.name,
        "start_time": begun.at,
        "tags": begun.tags,
        "params": begun.params,
        "data": begun.data,
        "token": "0" * 32,
    }
    metrics = [["train/cost", v.values["train/cost"], v.step, v.at] for v in cast(Any, values)]
    content = {
        "store": store.name,
        "run_id": "",
        "status": end.status,
        "end_time": end.at,
        "metrics": metrics,
        "tags": end.tags,
        "opening": opening,
        "sent": 0,
        "expected": {"params": begun.params, "tags": begun.tags, "artifacts": {"curves.csv": 5}},
    }
    folder = store.folder / "undelivered" / ("0" * 32)
    folder.mkdir(parents=True)
    artifacts(tmp_path).rename(folder / ARTIFACTS)
    (folder / "delivery.json").write_text(json.dumps(content))
    take_over(store)
    assert not folder.exists()
    assert became(list(settle(store))) == ["sent"]
    run = arrived(store, "older")
    assert [a.path for a in store.client.list_artifacts(run.info.run_id)] == ["curves.csv"]


def test_kill_between_projecting_and_putting_away_doubles_nothing(store: Store) -> None:
    log = ended(store, "twice")
    copy = log.folder.with_name("copy")
    shutil.copytree(log.folder, copy)
    run_id = Projection(store, log).close()
    (copy / "projection.json").write_text(json.dumps({"run_id": run_id, "opening": True}))
    assert became(list(settle(store))) == ["sent"]
    arrived(store, "twice")


def test_two_processes_that_kept_one_run_for_a_store_record_it_once(store: Store) -> None:
    """As two searches do that were asked for the same run while the store did not answer."""
    first = Projection(store, ended(store, "kept twice"))
    second = Projection(store, RunLog(first.log.folder))
    assert first.close() == second.close()
    arrived(store, "kept twice")


def test_how_far_a_store_was_given_a_log_may_be_forgotten(store: Store) -> None:
    log = ended(store, "forgotten")
    copy = log.folder.with_name("copy")
    shutil.copytree(log.folder, copy)
    Projection(store, log).close()
    (copy / "projection.json").write_text(json.dumps({"opening": True}))
    assert became(list(settle(store))) == ["sent"]
    arrived(store, "forgotten")


@pytest.mark.parametrize(("reuse", "times"), [("true", 1), ("false", 2)])
def test_what_others_have_recorded_while_it_waited_is_not_sent(
    store: Store, reuse: str, times: int
) -> None:
    """A search that could not ask trained a run that another command had just recorded."""
    marked = {"nnexp.fingerprint": f"mark {reuse}"}
    for name in ("theirs", "ours"):
        begun, *rest = events(store, f"{name} {reuse}")
        assert isinstance(begun, Begun)
        params = {**begun.params, "tracking.reuse": reuse}
        log = [replace(begun, params=params, tags={**begun.tags, **marked}), *rest]
        write_whole(store.folder / RUNS / f"{name}-{reuse}", log)
    theirs = Projection(store, RunLog(store.folder / RUNS / f"theirs-{reuse}")).close()
    outbox = Outbox(store)
    outbox.note(ConnectionError("gone"))
    outbox.hold(Projection(store, RunLog(store.folder / RUNS / f"ours-{reuse}")))
    (run_id,) = outbox.again(now=True).values()
    assert (run_id == theirs) == (times == 1)
    where = f"tags.`nnexp.fingerprint` = 'mark {reuse}'"
    assert len(store.client.search_runs([EXPERIMENT], where)) == times
    assert bool(outbox.replaced) == (times == 1)


def test_what_was_begun_of_a_run_that_others_have_recorded_is_deleted(store: Store) -> None:
    """The answer to its opening was lost; it was recorded twice."""
    begun, *rest = events(store, "begun")
    assert isinstance(begun, Begun)
    for name in ("first", "second"):
        marked = {**begun.tags, "nnexp.fingerprint": "begun"}
        log = [replace(begun, tags=marked, token=f"token {name}"), *rest]
        write_whole(store.folder / RUNS / name, log)
    Projection(store, RunLog(store.folder / RUNS / "second")).open()
    first = Projection(store, RunLog(store.folder / RUNS / "first")).close()
    assert not list(settle(store))
    arrived(store, "begun")
    (run,) = store.client.search_runs([EXPERIMENT], "tags.`nnexp.name` = 'begun'")
    assert run.info.run_id == first


def test_what_an_earlier_process_kept_is_let_go_if_it_is_recorded(store: Store) -> None:
    begun, *rest = events(store, "earlier")
    assert isinstance(begun, Begun)
    log = [replace(begun, tags={**begun.tags, "nnexp.fingerprint": "the same"}), *rest]
    for name in ("one", "two"):
        write_whole(store.folder / RUNS / name, log)
    Projection(store, RunLog(store.folder / RUNS / "one")).close()
    assert not list(settle(store))
    arrived(store, "earlier")


def test_store_that_fails_again_is_said_to(store: Store) -> None:
    for name in ("first", "second"):
        ended(store, name)
    with failing(store, 1) as broken:
        left = list(settle(broken))
    assert became(left) == ["waits", "waits"]
    assert "gone before" in left[0].said
    assert became(list(settle(store))) == ["sent", "sent"]


def test_a_disk_that_takes_no_notes_is_named(store: Store) -> None:
    outbox, log = Outbox(store), ended(store, "no notes")
    with injected(Faults(store.folder, "write", 1, lasting=True)):
        assert outbox.send(Projection(store, log)) == ""
    assert outbox.trouble == (
        "what is recorded cannot be written ([Errno 28] No space left on device: "
        f"'{log.folder / 'projection.json'}')"
    )
    assert outbox.again(now=True)
    arrived(store, "no notes")


def test_a_database_that_cannot_grow_is_named(store: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "small.db")) as database:
        database.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as full:
            database.execute("CREATE TABLE t (x)")
    said = trouble_of(store, full.value)
    assert said == f"{store.shown} cannot be written (database or disk is full)"
    assert "does not answer (refused)" in trouble_of(store, ConnectionRefusedError("refused"))


def test_log_that_can_never_arrive_is_set_aside_and_kept(store: Store) -> None:
    number = store.client.create_experiment("deleted")
    store.client.delete_experiment(number)
    begun, *rest = events(store, "unknown")
    write_whole(store.folder / RUNS / "unknown", [replace(begun, experiment=number), *rest])
    damaged = ended(store, "damaged").folder
    (damaged / LOG).write_text("{")
    left = list(settle(store))
    assert became(left) == ["refused", "refused"]
    assert {one.folder.parent.name for one in left} == {REFUSED}
    assert all((one.folder / LOG).exists() for one in left)
    assert "active" in (store.folder / REFUSED / "unknown" / "reason.txt").read_text()


def test_log_for_another_store_waits_for_it(store: Store) -> None:
    log = ended(replace(store, uri="http://elsewhere:5000", kept_id=""), "elsewhere")
    assert not list(settle(store))
    assert log.path.exists()
    shutil.rmtree(log.folder)


def test_a_run_whose_process_is_gone_is_marked_with_all_its_values(store: Store) -> None:
    log = write_whole(store.folder / RUNS / "gone", events(store, "left")[:-1])
    Projection(store, RunLog(log.folder)).open()  # And was killed before it had sent a value.
    assert became(list(settle(store))) == ["killed"]
    (run,) = store.client.search_runs([EXPERIMENT], "tags.`nnexp.name` = 'left'")
    assert run.info.status == "KILLED"
    assert len(store.client.get_metric_history(run.info.run_id, "train/cost")) == 1200


def test_a_stopped_run_that_has_arrived_is_sent_no_second_time(store: Store) -> None:
    stopped = Ended("KILLED", 1_700_000_009_000, whole=False)
    log = write_whole(store.folder / RUNS / "stopped", [*events(store, "stopped")[:-1], stopped])
    checkpoint = store.folder / f"stopped{SUFFIX}"
    checkpoint.touch()
    assert became(list(settle(store))) == ["sent"]
    assert not left_behind(store)
    assert not list(settle(store))
    assert log.path.exists()  # For who goes on with it.
    checkpoint.unlink()
    assert not list(settle(store))
    assert not log.folder.exists()


def test_a_stopped_run_that_goes_on_is_running_without_a_reason(store: Store) -> None:
    begun, *values, end = events(store, "again")
    stopped = Ended(
        "KILLED", 1_700_000_001_500, tags={"nnexp.reason": "stopped by Ctrl-C"}, whole=False
    )
    log = write_whole(store.folder / RUNS / "again", [begun, *values, stopped])
    run_id = Projection(store, log).close()
    assert store.client.get_run(run_id).data.tags["nnexp.reason"] == "stopped by Ctrl-C"
    log.go_on(1_700_000_002_000, owner_tags())
    projection = Projection(store, log)
    projection.open()
    run = store.client.get_run(run_id)
    assert run.info.status == "RUNNING"
    assert "nnexp.reason" not in run.data.tags
    assert run.data.tags["nnexp.pid"] == owner_tags()["nnexp.pid"]
    log.add(end)
    assert projection.close() == run_id
    arrived(store, "again")


def test_a_tag_that_is_changed_and_changed_back_is_so_in_the_store(store: Store) -> None:
    begun, *_, end = events(store, "back and forth")
    log = write_whole(store.folder / RUNS / "back", [begun])
    projection = Projection(store, log)
    for text in ("there", "back and forth"):
        log.add(Tagged({"mlflow.note.content": text, "nnexp.name": text}))
        projection.advance()
        sent = store.client.get_run(projection.run_id).data.tags
        assert (sent["mlflow.note.content"], sent["nnexp.name"]) == (text, text)
    log.add(end)
    projection.close()


def test_a_run_that_the_store_knows_nothing_of_is_trained_again(store: Store) -> None:
    write_whole(store.folder / RUNS / "gone", events(store, "never opened")[:-1])
    assert not list(settle(store))
    assert not store.client.search_runs([EXPERIMENT], "tags.`nnexp.name` = 'never opened'")


def test_a_run_that_somebody_trains_is_let_alone(store: Store) -> None:
    begun, *rest = events(store, "mine")
    ours = replace(begun, owner=owner_tags())
    log = write_whole(store.folder / RUNS / "mine", [ours, *rest[:-1]])
    assert not list(settle(store))
    log.add(rest[-1])
    log.close()
    assert became(list(settle(store))) == ["sent"]  # It waits for this very process.


@pytest.mark.parametrize("killed", [False, True], ids=["goes on", "is killed"])
def test_what_waits_in_a_sweep_is_sent_once_though_another_command_comes(
    store: Store, killed: bool
) -> None:
    """The other command is a process of its own, as is the sweep."""
    names = [f"wait {killed} {k}" for k in range(2)]

    def sweep() -> list[str]:
        with failing(store, 1) as broken:
            outbox = Outbox(broken)
            for name in names:
                begun, *rest = events(store, name)
                ours = replace(begun, owner=owner_tags())
                log = write_whole(store.folder / RUNS / name, [ours, *rest])
                outbox.send(Projection(broken, log))
        assert len(outbox.waiting) == len(names)
        if killed:
            return []
        # They are this process's, and the other one asks the store for nothing.
        assert forked(lambda: became(list(settle(store)))) == []
        return list(outbox.again(now=True).values())

    sent = forked(sweep)
    assert len(sent) == (0 if killed else 2)
    assert became(list(settle(store))) == (["sent", "sent"] if killed else [])
    for name in names:
        arrived(store, name)
    assert not left_behind(store)


def test_every_value_parameter_tag_and_file_that_a_store_lacks_is_found(
    store: Store, tmp_path: Path
) -> None:
    log_ = ended(store, "lacking", artifacts(tmp_path))
    logged = log_.logged
    run_id = Projection(store, log_).close()
    expected = Expected(
        logged.begun.params, {**logged.tags, "nnexp.epochs": "1199"}, {"curves.csv": 5}
    )
    metrics = [
        MetricPoint("odd", value, step, 1)
        for step, value in enumerate((float("nan"), float("inf"), float("-inf"), -0.0, 1e-320))
    ]
    log(store, run_id, metrics)
    everything = [*logged.points, *metrics]
    lost, missing = missing_of(store, run_id, everything, expected)
    assert not lost
    assert not missing
    beyond = [
        MetricPoint("odd", 1.0, 9, 1),
        MetricPoint("odd", 2.0, 1, 1),
        MetricPoint("other", 1.0, 0, 1),
    ]
    more = Expected({"p": "1"}, {"nnexp.epochs": "7"}, {"curves.csv": 6, "weights.npz": 1})
    lost, found = missing_of(store, run_id, [*everything, *beyond], more)
    assert set(lost) == set(beyond)
    assert found.params == {"p": "1"}
    assert found.tags == {"nnexp.epochs": "7"}
    assert found.artifacts == {"curves.csv": 6, "weights.npz": 1}
