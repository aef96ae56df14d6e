from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from nnexp.record.clock import now
from nnexp.record.description import fail
from nnexp.record.log import RunLog
from nnexp.record.log_folder import RUNS
from nnexp.record.outbox import Outbox
from nnexp.record.projection import Projection
from nnexp.record.stale import mark_stale
from nnexp.record.store import open_store
from nnexp.runner.sweep_parent import end_parent
from tests.record.stored import restore
from tests.record.test_log import begun
from tests.record.test_stale import gone, tags
from tests.stores import address

DAY = 86_400_000


def test_time_goes_on_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before, real = now(), time.time
    monkeypatch.setattr(time, "time", lambda: real() - 86_400.0)
    time.sleep(0.01)
    after = now()
    assert 10 <= after - before < 60_000


def test_what_goes_on_after_the_clock_was_set_back_is_not_earlier_for_that(tmp_path: Path) -> None:
    """It was begun by another process, which had the clock of before."""
    started = now() + DAY
    log = RunLog(tmp_path / "log", replace(begun(), at=started))
    log.add_epoch(0, started + 5, {"cost": 2.0})
    log.go_on(now(), {})
    log.add_epoch(1, now(), {"cost": 1.0})
    log.add_epoch(2, started + 9, {"cost": 0.5})
    assert log.logged.stamps == [started + 5, started + 5, started + 9]
    fail(log, "stopped", status="KILLED")
    assert log.logged.ended is not None
    assert log.logged.ended.at == started + 9


def test_what_ends_after_the_clock_was_set_back_has_not_ended_before_it_began(
    tmp_path: Path,
) -> None:
    restore(tmp_path)
    store, started = open_store(address(tmp_path)), now() + DAY
    left = store.client.create_run("1", start_time=started, tags=tags(*gone())).info.run_id
    assert mark_stale(store, "1") == [left]
    sweep = replace(begun(), store=store.name, at=started, owner={})
    parent = Projection(store, RunLog(store.folder / RUNS / "sweep", sweep))
    end_parent(parent, Outbox(store), "KILLED", {})
    for run_id in (left, parent.run_id):
        assert store.client.get_run(run_id).info.end_time >= started
