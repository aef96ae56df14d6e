"""What is put in a database at once is what MLflow's client would have put there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException

from nnexp.record import insertion
from nnexp.record.insertion import NewRun, end_run, insert_run, insert_values
from nnexp.record.mlflow_private import remover
from nnexp.record.sending import MetricPoint, log, log_data
from nnexp.record.store import Store, experiment_id, open_store
from nnexp.record.store_sql import database
from tests.stores import address

TABLES = {
    "params": "key, value",
    "metrics": "key, value, timestamp, step, is_nan",
    "latest_metrics": "key, value, timestamp, step, is_nan",
}
NAN, INF = float("nan"), float("inf")

POINTS = st.lists(
    st.builds(
        MetricPoint,
        st.sampled_from(("a", "train/cost")),
        st.floats() | st.sampled_from((0.0, -0.0, 1.0, 1e308, 5e-324, NAN, INF)),
        st.integers(0, 3),
        st.sampled_from((0, 1, 1_700_000_000_000)),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("values")


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    return open_store(address(folder))


def opened(store: Store) -> str:
    return str(store.client.create_run(experiment_id(store, "values")).info.run_id)


def rows_of(folder: Path, run_id: str) -> dict[str, list[Any]]:
    """The rows of a run in each table, without its id."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as db:
        return {
            table: sorted(
                db.execute(f"select {columns} from {table} where run_uuid = ?", (run_id,))
            )
            for table, columns in TABLES.items()
        }


@given(
    points=POINTS,
    later=POINTS,
    params=st.dictionaries(st.sampled_from("xyz"), st.text(max_size=9)),
)
@example(points=[MetricPoint("a", NAN, 1, 5), MetricPoint("a", NAN, 1, 5)], later=[], params={})
@example(
    points=[MetricPoint("a", 2.0, 1, 5)], later=[MetricPoint("a", 3.0, 0, 9)], params={"x": "1"}
)
@example(points=[], later=[], params={"x": "long " * 2000})
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_what_the_client_writes(
    store: Store,
    folder: Path,
    points: list[MetricPoint],
    later: list[MetricPoint],
    params: dict[str, str],
) -> None:
    """Of a new run, and of one that has values already, some of them perhaps the same."""
    by_client, at_once = opened(store), opened(store)
    log(store, by_client, points, params)
    log(store, by_client, later)
    assert insert_values(store, at_once, points, params)
    if not insert_values(store, at_once, later, {}):
        log(store, at_once, later)
    assert rows_of(folder, at_once) == rows_of(folder, by_client)


def test_a_value_that_comes_after_others_is_the_last(store: Store, folder: Path) -> None:
    run_id = opened(store)
    assert insert_values(
        store, run_id, [MetricPoint("a", 5.0, 1, 1), MetricPoint("b", 1.0, 1, 1)], {}
    )
    assert insert_values(store, run_id, [MetricPoint("a", 4.0, 2, 2)], {})
    assert store.client.get_run(run_id).data.metrics == {"a": 4.0, "b": 1.0}


@pytest.mark.parametrize(
    ("points", "params"),
    [
        ([MetricPoint("a\nb", 1.0, 0, 0)], {}),
        ([MetricPoint("a", 1.0, 0, -1)], {}),
        ([], {"a\nb": "1"}),
        ([MetricPoint("good", 1.0, 0, 0)], {"k" * 251: "1"}),
    ],
)
def test_what_mlflow_refuses_is_refused(
    store: Store, folder: Path, points: list[MetricPoint], params: dict[str, str]
) -> None:
    run_id = opened(store)
    with pytest.raises(MlflowException):
        insert_values(store, run_id, points, params)
    assert not any(rows_of(folder, run_id).values())


def test_all_or_nothing(store: Store, folder: Path) -> None:
    """One of the values is there already: the client is to write, and nothing is half done."""
    run_id, there = opened(store), MetricPoint("a", 1.0, 0, 0)
    log(store, run_id, [there])
    before = rows_of(folder, run_id)
    assert not insert_values(store, run_id, [MetricPoint("a", 2.0, 1, 1), there], {"x": "1"})
    assert rows_of(folder, run_id) == before


@pytest.mark.parametrize("gone", ["in the bin", "for good"])
def test_of_a_run_that_is_deleted_nothing_is_kept(store: Store, folder: Path, gone: str) -> None:
    """MLflow's client is to say so."""
    run_id = opened(store)
    store.client.delete_run(run_id)
    if gone == "for good":
        remove = remover(database(store))
        assert remove is not None
        remove(run_id)
    assert not insert_values(store, run_id, [MetricPoint("a", 1.0, 0, 0)], {"x": "1"})
    assert not any(rows_of(folder, run_id).values())


def test_without_mlflows_checks_the_client_is_to_write(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insertion, "checked_batch", lambda *_: None)
    run_id = opened(store)
    assert not insert_values(store, run_id, [MetricPoint("a", 1.0, 0, 0)], {})
    assert not any(rows_of(folder, run_id).values())


DATA = {"name": "mnist", "digest": "12345678", "source_type": "nnexp", "source": "{}"}

TEXTS = st.dictionaries(st.sampled_from(("nnexp.kind", "mlflow.user", "note")), st.text(max_size=9))


def whole(folder: Path, run_id: str) -> dict[str, Any]:
    """All that a database holds of a run, but for numbers that are drawn."""
    asked = {
        "run": "select * from runs where run_uuid = ?",
        "tags": "select key, value from tags where run_uuid = ?",
        "data": "select d.name, d.digest, d.dataset_source_type, d.dataset_source, "
        "d.dataset_schema, d.dataset_profile, i.source_type, i.destination_type, i.step, "
        "t.name as tag, t.value from inputs i join datasets d on d.dataset_uuid = i.source_id "
        "join input_tags t on t.input_uuid = i.input_uuid where i.destination_id = ?",
    }
    found: dict[str, Any] = dict(rows_of(folder, run_id))
    with closing(sqlite3.connect(folder / "mlflow.db")) as db:
        db.row_factory = sqlite3.Row
        for name, question in asked.items():
            found[name] = sorted(
                str(dict(row)).replace(run_id, "ID") for row in db.execute(question, (run_id,))
            )
    return found


@given(
    points=POINTS,
    params=st.dictionaries(st.sampled_from("xyz"), st.text(max_size=9)),
    tags=TEXTS,
    data=st.sampled_from(({}, DATA, {**DATA, "schema": "s", "profile": "p"})),
    at=st.sampled_from((1, 1_700_000_000_000)),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_new_run_is_what_the_client_makes_of_it(
    store: Store,
    folder: Path,
    points: list[MetricPoint],
    params: dict[str, str],
    tags: dict[str, str],
    data: dict[str, str],
    at: int,
) -> None:
    """Row by row, and so is the end of it."""
    experiment = experiment_id(store, "values")
    made = store.client.create_run(experiment, start_time=at, tags=tags, run_name="a name").info
    log(store, made.run_id, points, params)
    if data:
        log_data(store, made.run_id, data)
    new = NewRun(experiment, "a name", at, tags, params, data, points)
    opened = insert_run(store, new)
    assert opened is not None
    run_id, place = opened
    assert whole(folder, run_id) == whole(folder, made.run_id)
    assert place == str(made.artifact_uri).replace(made.run_id, run_id)
    store.client.set_terminated(made.run_id, "FINISHED", end_time=at + 5)
    assert end_run(store, run_id, "FINISHED", at + 5)
    assert whole(folder, run_id)["run"] == whole(folder, made.run_id)["run"]


def test_data_of_an_experiment_are_there_once(store: Store, folder: Path) -> None:
    experiment = store.client.create_experiment("data once")
    for k in range(3):
        assert insert_run(store, NewRun(experiment, f"run {k}", 1, {}, {}, DATA, []))
    with closing(sqlite3.connect(folder / "mlflow.db")) as db:
        asked = "select count(*) from datasets where experiment_id = ?"
        assert db.execute(asked, (experiment,)).fetchone() == (1,)


@pytest.mark.parametrize("gone", ["deleted", "never there"])
def test_no_run_of_an_experiment_that_is_not_there(store: Store, gone: str) -> None:
    """MLflow's client is to say so."""
    experiment = "987654"
    if gone == "deleted":
        experiment = store.client.create_experiment("no more")
        store.client.delete_experiment(experiment)
    assert insert_run(store, NewRun(experiment, "a run", 1, {}, {}, {}, [])) is None


def test_a_run_with_a_value_that_mlflow_refuses_is_not_there_at_all(
    store: Store, folder: Path
) -> None:
    experiment = store.client.create_experiment("refused")
    with pytest.raises(MlflowException):
        insert_run(
            store,
            NewRun(experiment, "a run", 1, {}, {}, DATA, [MetricPoint("a\nb", 1.0, 0, 0)]),
        )
    assert not store.client.search_runs([experiment])


def test_a_run_that_is_deleted_does_not_end(store: Store) -> None:
    run_id = opened(store)
    store.client.delete_run(run_id)
    assert not end_run(store, run_id, "FINISHED", 5)
    assert store.client.get_run(run_id).info.status == "RUNNING"
