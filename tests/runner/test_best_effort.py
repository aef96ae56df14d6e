"""Figures and model that cannot be made: the run is recorded all the same, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inside import inside
from tests.runner.typed import nnexp, recorded

NO_FIGURES = {"MPLBACKEND": "nonsense"}
"""matplotlib cannot be imported then."""


@pytest.mark.slow
def test_weights_that_no_picture_can_show_are_recorded_with_all_else(tmp_path: Path) -> None:
    fixed = ("init=fixed", "init.weight=1e30", "model.hidden=[5]", "data.n_validation=100")
    done = inside(tmp_path, "size=100", "train.epochs=2", *fixed)
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = recorded(tmp_path)
    assert run.info.status == "FINISHED"
    folder = tmp_path / "mlartifacts" / run.info.run_id / "artifacts"
    assert {"figures", "model", "weights.npz"} < {path.name for path in folder.iterdir()}
    assert not (folder / "missing.txt").exists()


@pytest.mark.parametrize(
    "swept", [(), pytest.param(("-m", "seed=0,1"), marks=pytest.mark.slow)], ids=["run", "sweep"]
)
def test_a_run_without_figures_is_a_run(swept: tuple[str, ...], tmp_path: Path) -> None:
    done = nnexp(tmp_path, *swept, "size=100", "train.epochs=1", env=NO_FIGURES)
    assert done.returncode == 0, done.stdout + done.stderr
    runs = recorded(tmp_path)
    assert done.stdout.count("recorded without all artifacts: no figures (ValueError") == len(runs)
    assert len(runs) == (2 if swept else 1)
    for run in runs:
        assert run.info.status == "FINISHED"
        folder = tmp_path / "mlartifacts" / run.info.run_id / "artifacts"
        there = {path.name for path in folder.iterdir()}
        light = {"config.yaml", "correct.npz", "curves.csv", "environment.json", "weights.npz"}
        assert there == {*light, "model", "missing.txt"}
        assert "no figures" in (folder / "missing.txt").read_text()
