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

from nnexp.record import new_values
from nnexp.record.new_values import insert_values
from nnexp.record.sending import MetricPoint, log
from nnexp.record.store import Store, experiment_id, open_store
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


@given(points=POINTS, params=st.dictionaries(st.sampled_from("xyz"), st.text(max_size=9)))
@example(points=[MetricPoint("a", NAN, 1, 5), MetricPoint("a", NAN, 1, 5)], params={})
@example(points=[MetricPoint("a", 2.0, 1, 5), MetricPoint("a", 3.0, 0, 9)], params={})
@example(points=[], params={"x": "long " * 2000})
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_is_what_the_client_writes(
    store: Store, folder: Path, points: list[MetricPoint], params: dict[str, str]
) -> None:
    by_client, at_once = opened(store), opened(store)
    log(store, by_client, points, params)
    assert insert_values(store, at_once, points, params)
    assert rows_of(folder, at_once) == rows_of(folder, by_client)


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
    """The last of the tables takes nothing: neither do the others."""
    run_id = opened(store)
    log(store, run_id, [MetricPoint("a", 1.0, 0, 0)])
    before = rows_of(folder, run_id)
    with pytest.raises(MlflowException):
        insert_values(store, run_id, [MetricPoint("a", 2.0, 1, 1)], {"x": "1"})
    assert rows_of(folder, run_id) == before


def test_without_mlflows_checks_the_client_is_to_write(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_values, "checked_batch", lambda *_: None)
    run_id = opened(store)
    assert not insert_values(store, run_id, [MetricPoint("a", 1.0, 0, 0)], {})
    assert not any(rows_of(folder, run_id).values())
