"""Quick commits during a sweep: what was committed is there, also for others."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nnexp.record.sqlite_commits import quick_commits
from nnexp.record.store import experiment_id, open_store


def test_others_see_at_once_what_was_committed_quickly(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    store = open_store(f"sqlite:///{path}")
    experiment = experiment_id(store, "e")
    with quick_commits(store):
        run = store.client.create_run(experiment)
        other = sqlite3.connect(path)
        assert other.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
        assert other.execute("SELECT run_uuid FROM runs").fetchall() == [(run.info.run_id,)]
        # Someone who reads on and on does not keep the sweep from writing.
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM runs").fetchall()
        store.client.set_terminated(run.info.run_id)
        other.rollback()
        other.close()
    # And a read-only disk, on which there can be no log, is a place to read it from.
    assert {file.name for file in tmp_path.glob("mlflow.db*")} == {"mlflow.db"}
    with closing(sqlite3.connect(path)) as later:
        assert later.execute("PRAGMA journal_mode").fetchall() == [("delete",)]
    again = open_store(f"sqlite:///{path}")
    assert again.client.get_run(run.info.run_id).info.status == "FINISHED"


def test_a_database_in_use_is_written_to_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    store = open_store(f"sqlite:///{path}")
    experiment = experiment_id(store, "e")
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM runs").fetchall() == [(0,)]
    with quick_commits(store):
        # The journal cannot be changed under a reader: that is let be, without waiting for it.
        assert store.client.search_runs([experiment]) == []
        assert reader.execute("PRAGMA journal_mode").fetchall() == [("delete",)]
        reader.rollback()
        run = store.client.create_run(experiment)
    assert reader.execute("SELECT run_uuid FROM runs").fetchall() == [(run.info.run_id,)]
    reader.close()


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1", "postgresql://somewhere"])
def test_other_stores_are_left_alone(uri: str, tmp_path: Path) -> None:
    from sqlalchemy import event

    from nnexp.record import sqlite_commits as quick
    from nnexp.record.store import Store
    from nnexp.record.store_sql import database

    store = open_store(f"sqlite:///{tmp_path / 'mlflow.db'}")
    engine = database(store).engine
    with quick_commits(store):
        assert event.contains(engine, "checkout", quick._quick)
    with quick_commits(Store(uri, store.client, tmp_path)):
        assert not event.contains(engine, "checkout", quick._quick)
