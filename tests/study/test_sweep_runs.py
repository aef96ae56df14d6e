"""What `--sweep ID` chooses: the runs that a sweep trained, and those that it found and reused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nnexp.record.store import open_store
from nnexp.report.report_data import gather
from nnexp.study.lookup import find_sweep
from nnexp.study.sweep_runs import reused_ids, runs_of_sweep
from tests.inside import inside
from tests.runner.typed import recorded
from tests.stores import address, artifacts

TINY = ("size=100", "data.n_validation=100", "model.hidden=[3]", "train.epochs=1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, and a sweep over three seeds and two costs that has it among its own."""
    there = tmp_path_factory.mktemp("reused")
    assert inside(there, *TINY, "cost=quadratic").returncode == 0
    sweep = ("-m", *TINY, "cost=quadratic,crossentropy", "seed=range(3)", "sweep.workers=1")
    done = inside(there, *sweep)
    assert "reused: " in done.stdout
    return there


def test_the_runs_that_a_sweep_reused_are_compared_with_its_own(folder: Path) -> None:
    (parent,) = recorded(folder, "sweep")
    sweep = str(parent.info.run_id)
    done = inside(folder, "compare", "--sweep", sweep[:8], "--by", "cost", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [row["n"] for row in json.loads(done.stdout)["settings"]] == [3, 3]
    store = open_store(address(folder))
    assert gather(store, ["nnexp"], None, [sweep]).runs["run_id"].nunique() == 6


def test_what_a_sweep_trained_itself_is_not_reused(folder: Path) -> None:
    store = open_store(address(folder))
    (parent,) = recorded(folder, "sweep")
    (single,) = (r for r in recorded(folder, "run") if "nnexp.sweep" not in r.data.tags)
    assert reused_ids(store, parent) == [single.info.run_id]
    assert len(runs_of_sweep(store, parent.info.run_id[:8])) == 6


def test_an_id_of_no_sweep_is_refused_by_the_name_of_the_option(folder: Path) -> None:
    for command in (("compare",), ("report",), ("runs",), ("verify",)):
        done = inside(folder, *command, "--sweep", "ffffffff")
        assert done.returncode == 2, command
        assert "--sweep ffffffff: no recorded sweep with an id that begins so" in done.stderr
    assert find_sweep(open_store(address(folder)), recorded(folder, "sweep")[0].info.run_id)


def test_a_list_that_cannot_be_read_leaves_the_runs_that_were_trained(folder: Path) -> None:
    store = open_store(address(folder))
    (parent,) = recorded(folder, "sweep")
    listed = artifacts(folder, parent.info.run_id) / "asked.json"
    before = listed.read_bytes()
    try:
        listed.write_bytes(b"{")
        assert reused_ids(store, parent) == []
        assert len(runs_of_sweep(store, parent.info.run_id)) == 5
    finally:
        listed.write_bytes(before)
