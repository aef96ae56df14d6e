"""Going on with a sweep: with what was recorded, whatever became of the preset it was asked by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.inside import inside
from tests.runner.typed import recorded
from tests.stores import artifacts, execute

PRESET = """\
# @package _global_
defaults:
  - _self_
size: 100
data:
  n_validation: 50
model:
  hidden: [5]
train:
  epochs: EPOCHS
tracking:
  experiment: mine
  artifacts: light
hydra:
  mode: MULTIRUN
  sweeper:
    params:
      seed: 0,1
"""


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of a preset of one's own that lacks a run; the preset was edited since."""
    folder = tmp_path_factory.mktemp("going_on")
    (folder / "presets" / "experiment").mkdir(parents=True)
    preset = folder / "presets" / "experiment" / "mine.yaml"
    preset.write_text(PRESET.replace("EPOCHS", "1"))
    typed = ("--config-dir", str(folder / "presets"), "experiment=mine", "sweep.workers=1")
    done = inside(folder, *typed, "tracking.tags.paper=fig3")
    assert done.returncode == 0, done.stderr
    preset.write_text(PRESET.replace("EPOCHS", "2"))
    (spare,) = (r for r in recorded(folder) if r.data.params["seed"] == "1")
    assert inside(folder, "delete", spare.info.run_id).returncode == 0
    return folder


def test_a_sweep_goes_on_with_its_recorded_configs(stopped: Path) -> None:
    (parent,) = recorded(stopped, "sweep")
    start = parent.info.run_id[:8]
    listed = inside(stopped, "sweeps")
    assert f"python -m nnexp sweeps --go-on {start}" in listed.stdout
    assert "its preset has changed since" in inside(stopped, "show", start).stdout
    done = inside(stopped, "sweeps", "--go-on", start)
    assert done.returncode == 0, done.stderr
    assert "1 recorded already, 1 to train" in done.stdout
    runs = recorded(stopped)
    assert sorted(r.data.params["seed"] for r in runs) == ["0", "1"]
    assert {r.data.params["train.epochs"] for r in runs} == {"1"}
    assert {r.data.tags["paper"] for r in runs} == {"fig3"}
    assert {r.data.tags["nnexp.sweep"] for r in runs} == {parent.info.run_id}


def test_it_never_becomes_another_sweep(stopped: Path, tmp_path: Path) -> None:
    (parent,) = recorded(stopped, "sweep")
    path = artifacts(stopped, parent.info.run_id) / "asked.json"
    text = path.read_text()
    assert [run["config"] for run in json.loads(text)["runs"]] == [{"seed": "0"}, {"seed": "1"}]
    path.unlink()
    try:
        # Without its configs, as an earlier version recorded it, there is the preset alone.
        done = inside(stopped, "sweeps", "--go-on", parent.info.run_id)
        assert done.returncode == 2
        assert "a preset or a default has changed; nothing was trained" in done.stderr
    finally:
        path.write_text(text)
    execute(stopped, "UPDATE tags SET value = 'abc' WHERE key = 'nnexp.sweep_key'")
    done = inside(stopped, "sweeps", "--go-on", parent.info.run_id)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert len(recorded(stopped)) == 2


def test_runs_of_another_sweep_that_were_deleted_are_missing(tmp_path: Path) -> None:
    """It was shown as done, and no line said how to go on."""
    tiny = ("-m", "size=100", "train.epochs=1", "model.hidden=[5]", "tracking.artifacts=light")
    assert inside(tmp_path, *tiny, "seed=0,1").returncode == 0
    (other,) = recorded(tmp_path, "sweep")
    assert inside(tmp_path, *tiny, "seed=0,1,2").returncode == 0

    def listed() -> dict[str, str]:
        rows = json.loads(inside(tmp_path, "sweeps", "--format", "json").stdout)
        return next(row for row in rows if row["runs"] == 3)

    assert (listed()["done"], listed()["missing"]) == (3, 0)
    assert inside(tmp_path, "delete", "--sweep", other.info.run_id).returncode == 0
    assert (listed()["done"], listed()["missing"]) == (1, 2)
    start = listed()["sweep"][:8]
    assert f"python -m nnexp sweeps --go-on {start}" in inside(tmp_path, "sweeps").stdout
    done = inside(tmp_path, "sweeps", "--go-on", start.upper())
    assert "1 recorded already, 2 to train" in done.stdout, done.stderr
    assert (listed()["done"], listed()["missing"]) == (3, 0)
