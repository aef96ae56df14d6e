"""Commands that only look: where nothing is recorded they say so, and leave nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

import nnexp
from nnexp.errors import UserError
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
