"""A store is known by an id of its own: a folder that was moved goes on where it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nnexp.record.events import Begun, Ended
from nnexp.record.left_logs import settle
from nnexp.record.log import write_whole
from nnexp.record.log_folder import RUNS
from nnexp.record.store import open_store
from nnexp.record.store_address import follow_move
from tests.inside import inside
from tests.record.test_stale import gone, tags
from tests.stores import address

RUN = ("size=100", "train.epochs=1", "model.hidden=[5]", "tracking.artifacts=light")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    assert inside(folder, *RUN).returncode == 0
    return folder


@pytest.fixture
def moved(recorded: Path, tmp_path: Path) -> tuple[Path, str]:
    """A folder with a recorded run and a delivery that waits, moved since; the run's id."""
    old = tmp_path / "old place"
    shutil.copytree(recorded, old)
    uri = address(old)
    store = open_store(uri)
    (run,) = store.client.search_runs(["1"])
    begun = Begun(store.name, "1", "", 0, {}, {}, {}, tags(*gone()), run_id=run.info.run_id)
    end = Ended("FINISHED", run.info.end_time, tags={"late": "here"})
    write_whole(store.folder / RUNS / "late", [begun, end])
    del store
    new = old.rename(tmp_path / "new")
    return new, str(run.info.run_id)


def test_a_moved_folder_is_followed(moved: tuple[Path, str]) -> None:
    folder, run_id = moved
    shown = inside(folder, "show", run_id[:8])
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr.count("this store was moved") == 1
    assert str(folder / "mlartifacts") in shown.stdout
    assert "missing" not in shown.stdout
    again = inside(folder, "verify", run_id[:8])
    assert again.returncode == 0, again.stdout + again.stderr
    assert "was moved" not in again.stderr


def test_what_waits_in_a_moved_folder_arrives(moved: tuple[Path, str]) -> None:
    folder, run_id = moved
    store = open_store(address(folder))
    assert len(list(settle(store))) == 1
    assert store.client.get_run(run_id).data.tags["late"] == "here"


def test_a_copy_in_the_same_folder_is_another_store(moved: tuple[Path, str]) -> None:
    folder, _ = moved
    shutil.copy(folder / "mlflow.db", folder / "copy.db")
    copy, store = (open_store(f"sqlite:///{folder / name}") for name in ("copy.db", "mlflow.db"))
    assert copy.kept_id == store.kept_id != ""
    assert copy.name != store.name
    assert len(list(settle(copy))) == 0
    assert len(list(settle(store))) == 1


def test_a_folder_by_another_name_is_not_moved(moved: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = moved
    store = open_store(address(folder))
    (tmp_path / "link").symlink_to(folder)
    inner = store.client._tracking_client.store
    assert follow_move(inner, tmp_path / "link") == 0
    location = store.client.get_experiment("1").artifact_location
    assert location == (folder / "mlartifacts").as_uri()


def test_a_process_makes_one_new_store_after_another(tmp_path: Path) -> None:
    for name in ("a.db", "b.db"):
        store = open_store(f"sqlite:///{tmp_path / name}")
        assert store.client.create_experiment("here")
