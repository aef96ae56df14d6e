"""What a loss of power must not take is on the disk before anything is built on it.

The calls of the operating system are watched, not replaced: of each file, how much of it was
synced by then. tests/simulation takes the rest away and goes on from what is left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from nnexp.record import description, projection
from nnexp.record.left_logs import settle
from nnexp.record.log import RunLog
from nnexp.record.log_folder import RECORDED, RUNS
from nnexp.record.projection import Projection
from nnexp.record.projection_state import STATE
from nnexp.record.store import Store, open_store
from tests.inside import inside
from tests.record.test_projection import arrived, ended, folder, store

__all__ = ("folder", "store")  # fixtures

RUN = ("size=100", "data.n_validation=100", "model.hidden=[5]", "train.epochs=3",
       "tracking.artifacts=light")  # fmt: skip


class Disk:
    """By file, how many bytes of it outlast a loss of power."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synced: dict[tuple[int, int], int] = {}
        fsync = os.fsync

        def watched(descriptor: int) -> None:
            fsync(descriptor)
            about = os.fstat(descriptor)
            self.synced[about.st_dev, about.st_ino] = about.st_size

        monkeypatch.setattr(os, "fsync", watched)

    def holds(self, path: Path) -> bool:
        """Whether all that is written of a file is on the disk."""
        about = path.stat()
        return self.synced.get((about.st_dev, about.st_ino), -1) == about.st_size


@contextmanager
def watching(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, look: Any
) -> Iterator[list[Any]]:
    """Before each call of a function, what `look` makes of its arguments."""
    seen: list[Any] = []
    called = getattr(where, name)

    def first(*args: Any, **kwargs: Any) -> Any:
        seen.append(look(*args, **kwargs))
        return called(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(where, name, first)
        yield seen


def test_values_are_in_the_log_for_good_before_the_store_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else they would be measured again, and be there twice."""
    disk = Disk(monkeypatch)

    def look(_: Store, run_id: str, points: Any = (), *rest: Any, **more: Any) -> tuple[int, bool]:
        (log,) = (tmp_path / ".nnexp" / RUNS).glob("*/log*")
        return len(points), disk.holds(log)

    with (
        watching(monkeypatch, projection, "send", look) as later,
        watching(monkeypatch, projection, "insert_values", look) as first,
    ):
        assert inside(tmp_path, *RUN).returncode == 0
    sent = [*first, *later]
    assert sum(points for points, _ in sent) > 12
    assert all(safe for points, safe in sent if points)


def test_artifacts_are_on_the_disk_before_the_log_says_that_they_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)

    def look(log: RunLog, _: Any) -> dict[str, bool]:
        return {path.name: disk.holds(path) for path in log.artifacts.rglob("*") if path.is_file()}

    with watching(monkeypatch, description, "_close", look) as found:
        assert inside(tmp_path, *RUN).returncode == 0
    (held,) = found
    assert {"curves.csv", "weights.npz", "config.yaml"} <= held.keys()
    assert all(held.values())


def test_a_recorded_log_is_on_the_disk_before_it_has_its_name(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)

    def look(source: Any, target: Any) -> tuple[str, bool]:
        return Path(target).parent.name, disk.holds(Path(source))

    with watching(monkeypatch, os, "replace", look) as renamed:
        Projection(store, ended(store, "named")).close()
    assert [safe for where, safe in renamed if where == RECORDED] == [True]
    arrived(store, "named")


@pytest.mark.parametrize(
    ("name", "torn"),
    [("empty", ""), ("cut", '{"run_id": "'), ("list", "[]"), ("other", '{"other": 1}')],
)
def test_a_run_whose_state_beside_the_log_was_torn_is_found_by_its_token(
    store: Store, name: str, torn: str
) -> None:
    log = ended(store, name)
    Projection(store, log).open()
    (log.folder / STATE).write_text(torn, encoding="utf-8")
    (left,) = settle(open_store(store.uri))
    assert left.became == "sent"
    arrived(store, name)
