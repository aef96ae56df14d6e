"""Every preset in conf/experiment works: found by listing the folder, run at a tiny size."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inside import inside as nnexp
from tests.runner.typed import recorded

FOLDER = Path(__file__).parent.parent / "conf" / "experiment"
PRESETS = sorted(path.stem for path in FOLDER.glob("*.yaml"))

TINY = ("size=100", "train.epochs=2", "monitor.every=1")
NEURON = ("train.epochs=2",)
SMALL = {
    "dropout_size_choice": ("model.hidden=[10]", "model.activation=relu", "train.eta=0.1"),
    "dropout_size": ("model.hidden=[10]", "model.activation=relu"),
    "headline_distort": ("model.hidden=[10]",),
    "headline_deep": ("model.hidden=[10]",),
}
"""Networks that are large take long to look at, whatever they are trained on."""


SEARCHED = ("l1_l2_search", "learning_rates_search")
"""Presets whose ranges are searched over."""


@pytest.mark.parametrize("name", PRESETS)
def test_preset_opens_with_its_question_and_its_command(name: str) -> None:
    lines = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines[1:] if line.startswith("#")]
    assert lines[0] == "# @package _global_"
    assert "?" in " ".join(comments)
    typed = "search " if name in SEARCHED else ""
    assert any(f"python -m nnexp {typed}experiment={name}" in line for line in comments)


# Of each kind one: a single neuron, the published generators, settings by size.
FEW = ("slowdown", "book", "dropout_manner")


@pytest.mark.parametrize(
    "name",
    [
        n if n in FEW else pytest.param(n, marks=pytest.mark.slow)
        for n in PRESETS
        if n not in SEARCHED
    ],
)
def test_preset_runs_and_is_recorded_under_its_name(name: str, tmp_path: Path) -> None:
    seed = () if name in ("slowdown", "book") else ("seed=0",)
    tiny = NEURON if name == "slowdown" else TINY
    small = SMALL.get(name, ())
    typed = (
        f"experiment={name}",
        *tiny,
        *small,
        *seed,
        "tracking.artifacts=light",
        "sweep.workers=1",
    )
    done = nnexp(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    runs = recorded(tmp_path)
    assert runs
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert {run.data.params["tracking.experiment"] for run in runs} == {name}
