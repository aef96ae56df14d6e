"""A run is marked KILLED only when the process that trains it is gone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from nnexp.record.clock import now
from nnexp.record.description import owner_tags
from nnexp.record.processes import HEARTBEAT_MINUTES, alive, started_at
from nnexp.record.stale import mark_stale
from nnexp.record.store import Store, open_store
from nnexp.record.sweep import remove_partial
from tests.record.stored import restore
from tests.stores import address

MINUTE = 60_000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    restore(tmp_path)
    return open_store(address(tmp_path))


def gone() -> tuple[str, str]:
    """The id and the start of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    begun = started_at(process.pid)
    process.communicate(b"\n")
    return str(process.pid), begun


def tags(pid: str, begun: str, host: str | None = None, minutes_ago: float = 0) -> dict[str, str]:
    return {
        "nnexp.kind": "run",
        "nnexp.host": host or socket.gethostname(),
        "nnexp.pid": pid,
        "nnexp.pid_started": begun,
        "nnexp.heartbeat": str(int(now() - minutes_ago * MINUTE)),
    }


def test_only_runs_that_nobody_works_on_are_marked(store: Store) -> None:
    ours = str(os.getpid()), started_at(os.getpid())
    late = HEARTBEAT_MINUTES + 1.0
    cases = {
        "gone": (tags(*gone()), True),
        "at work": (tags(*ours), False),
        "at work, silent": (tags(*ours, minutes_ago=late), False),
        "its id given to another": (tags(ours[0], "1"), True),
        "elsewhere": (tags("1", "1", host="elsewhere"), False),
        "elsewhere, silent": (tags("1", "1", host="elsewhere", minutes_ago=late), True),
        "in another container": ({**tags("1", "1"), "nnexp.boot": "another"}, False),
        "in another, silent": ({**tags(*ours, minutes_ago=late), "nnexp.boot": "another"}, True),
        "not ours": ({"owner": "somebody"}, False),
    }
    ids = {
        name: store.client.create_run("1", tags=with_tags).info.run_id
        for name, (with_tags, _) in cases.items()
    }
    marked = mark_stale(store, "1")
    assert set(marked) == {ids[name] for name, (_, stale) in cases.items() if stale}
    for name, (_, stale) in cases.items():
        run = store.client.get_run(ids[name])
        assert run.info.status == ("KILLED" if stale else "RUNNING"), name
        assert ("gone" in run.data.tags.get("nnexp.reason", "")) == stale


def test_clock_set_back_kills_nobody() -> None:
    elsewhere = tags("1", "1", host="elsewhere", minutes_ago=-600)
    assert alive(elsewhere, now())


@pytest.mark.parametrize("kind", ["summary", "ensemble"])
def test_what_a_killed_process_has_left_half_recorded_is_taken_back(
    kind: str, store: Store
) -> None:
    left = {**tags(*gone()), "nnexp.kind": kind}
    run_id = store.client.create_run("1", tags=left).info.run_id
    assert not mark_stale(store, "1")
    info = store.client.get_run(run_id).info
    assert (info.lifecycle_stage, info.status) == ("deleted", "KILLED")


def test_a_run_that_another_sweep_has_just_opened_is_not_taken_back(store: Store) -> None:
    """Its id may not lie beside its log yet; what nobody works on is deleted."""
    of_sweep = {"nnexp.kind": "run", "nnexp.sweep": "7" * 32}
    theirs = store.client.create_run("1", tags={**of_sweep, **owner_tags()}).info.run_id
    left = store.client.create_run("1", tags={**of_sweep, **tags(*gone())}).info.run_id
    remove_partial(store, "1", "7" * 32)
    assert store.client.get_run(theirs).info.lifecycle_stage == "active"
    assert store.client.get_run(theirs).info.status == "RUNNING"
    assert store.client.get_run(left).info.lifecycle_stage == "deleted"
