"""What is recorded already: when it is taken, when it is not, and how it is counted."""

from __future__ import annotations

from pathlib import Path

from tests.inside import inside
from tests.runner.typed import recorded

SMALL = ("size=100", "data.n_validation=50", "model.hidden=[5]", "train.epochs=1")
LIGHT = "tracking.artifacts=light"


def test_a_sweep_that_is_to_reuse_nothing_takes_no_single_run(tmp_path: Path) -> None:
    assert inside(tmp_path, *SMALL, LIGHT).returncode == 0
    typed = ("-m", *SMALL, LIGHT, "seed=0,1", "sweep.workers=1", "tracking.reuse=false")
    done = inside(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    assert "recorded already" not in done.stdout
    assert sorted(run.data.params["seed"] for run in recorded(tmp_path)) == ["0", "0", "1"]
    (parent,) = recorded(tmp_path, "sweep")
    assert parent.data.tags["nnexp.reused"] == "0"


def test_a_run_that_is_there_twice_is_one_of_its_sweep(tmp_path: Path) -> None:
    done = inside(tmp_path, "-m", *SMALL, LIGHT, "seed=0,1,2", "sweep.workers=1")
    assert done.returncode == 0, done.stderr
    (parent,) = recorded(tmp_path, "sweep")
    sweep = parent.info.run_id
    first, second, _ = (run.info.run_id for run in recorded(tmp_path))
    assert inside(tmp_path, "delete", first).returncode == 0
    assert inside(tmp_path, "sweeps", "--go-on", sweep).returncode == 0
    assert inside(tmp_path, "restore", first).returncode == 0
    assert inside(tmp_path, "delete", second).returncode == 0
    listed = inside(tmp_path, "sweeps", "--format", "csv").stdout.splitlines()
    assert listed[1].endswith(",3,2,0,1"), "3 runs, 2 done, 1 missing"


def test_runs_of_a_sweep_come_before_their_like_in_another(tmp_path: Path) -> None:
    typed = ("-m", *SMALL, LIGHT, "seed=0,1", "sweep.workers=1")
    assert inside(tmp_path, *typed).returncode == 0
    (first,) = recorded(tmp_path, "sweep")
    assert inside(tmp_path, *typed, "tracking.reuse=false").returncode == 0
    assert len(recorded(tmp_path, "sweep")) == 2
    done = inside(tmp_path, "sweeps", "--go-on", first.info.run_id)
    assert done.returncode == 0, done.stderr
    assert "reused:" not in done.stdout
    listed = inside(tmp_path, "sweeps", "--format", "csv").stdout.splitlines()
    assert [line.split(",", 4)[4] for line in listed[1:]] == ["2,2,0,0"] * 2


def test_a_deleted_sweep_is_said_to_be(tmp_path: Path) -> None:
    done = inside(tmp_path, "-m", *SMALL, LIGHT, "seed=0,1", "sweep.workers=1")
    assert done.returncode == 0, done.stderr
    (parent,) = recorded(tmp_path, "sweep")
    refused = inside(tmp_path, "export", parent.info.run_id, "--out", "a.nnexp")
    assert f"allowed: FINISHED runs of kind run, or --sweep {parent.info.run_id[:8]}" in (
        refused.stderr
    )
    assert inside(tmp_path, "delete", "--sweep", parent.info.run_id).returncode == 0
    done = inside(tmp_path, "sweeps", "--go-on", parent.info.run_id[:8])
    assert done.returncode == 2
    assert "is deleted; python -m nnexp restore brings it back" in done.stderr


def test_artifacts_that_a_recorded_run_lacks_are_not_promised(tmp_path: Path) -> None:
    assert inside(tmp_path, *SMALL, "tracking.artifacts=none").returncode == 0
    done = inside(tmp_path, *SMALL, LIGHT)
    assert "recorded before with tracking.artifacts=none, which light does not" in done.stdout
    (run,) = recorded(tmp_path)
    shown = inside(tmp_path, "show", run.info.run_id)
    assert "(recorded with tracking.artifacts=none, imported without" in shown.stdout
    assert "recorded before with" not in inside(tmp_path, *SMALL).stdout
