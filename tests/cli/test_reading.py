"""Commands that only look: where nothing is recorded they say so, and leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

import nnexp
from nnexp.errors import UserError
from nnexp.record import store
from nnexp.record.store import Store
from nnexp.study.frames import runs
from tests.inside import inside

LOOKING = {
    "runs": (("runs",), 2, "experiment nnexp: not recorded here"),
    "an address that was misspelt": (
        ("runs", "--tracking-uri", "sqlite:///typo.db"),
        2,
        "typo.db); recorded: none yet",
    ),
    "sweeps": (("sweeps",), 0, "no sweeps are recorded here"),
    "experiments": (("experiments",), 0, "nothing is recorded here"),
    "compare": (("compare", "--by", "reg"), 2, "not recorded here"),
    "report": (("report", "x", "--out", "page"), 2, "not recorded here"),
    "claims": (("claims",), 0, "are not recorded"),
    "show": (("show", "abc"), 2, "no recorded run with an id that begins so"),
    "watch": (("watch", "--once"), 0, "nothing is running here"),
    "sensitivity": (("sensitivity",), 2, "not recorded here"),
}


@pytest.mark.parametrize("name", LOOKING)
def test_who_looks_where_nothing_is_recorded_leaves_nothing_behind(
    tmp_path: Path, name: str
) -> None:
    typed, code, told = LOOKING[name]
    done = inside(tmp_path, *typed)
    assert done.returncode == code, done.stderr
    assert told in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_recorded_after_a_look_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="not recorded here"):
        runs()
    assert list(tmp_path.iterdir()) == []
    run = nnexp.run("size=100", "train.epochs=1", "tracking.artifacts=none", quiet=True)
    assert list(runs()["run_id"]) == [run.run_id]


def test_values_of_a_sweep_are_read_from_a_store_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny = ("size=100", "model.hidden=[5]", "train.epochs=1", "tracking.artifacts=none")
    done = nnexp.sweep(*tiny, seed=[0, 1], quiet=True)
    before, opened = store.open_store, list[bool]()

    def noted(uri: str | None, *, reading: bool = False) -> Store:
        opened.append(reading)
        return before(uri, reading=reading)

    monkeypatch.setattr(store, "open_store", noted)
    assert list(done.runs[0].curves.index) == [0, 1]
    assert len(done.frame) == 2
    assert set(done.curves["seed"]) == {0, 1}
    assert opened
    assert all(opened)
