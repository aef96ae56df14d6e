"""The benchmark program: every contender does the work, and the page says what was measured."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from benchmarks import previous, products
from benchmarks.compare import compare
from benchmarks.contenders import CONTENDERS, FLOOR, JAX_SCAN, NNEXP, OLD, OLD_SINGLE, ready
from benchmarks.targets import TARGETS
from benchmarks.work import DEEP, PRODUCTS, TASKS, WIDE, Work

NEEDS = {
    "with_jax": "jax",
    "with_torch": "torch",
    "with_torch_layers": "torch",
    "with_sklearn": "sklearn",
}

LEARNING = [
    (name, task)
    for name, contender in CONTENDERS.items()
    for task in contender.tasks
    if task in TASKS and name != FLOOR and contender.module != OLD
]


@pytest.mark.parametrize(("name", "task"), LEARNING)
def test_every_contender_learns(name: str, task: str) -> None:
    needed = NEEDS.get(CONTENDERS[name].module)
    if needed and find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    if name == "PyTorch, compiled step":
        pytest.skip("compiling takes a minute; the program itself tells if it fails")
    contender = ready(name, Work(1000, (64, 64, 64) if task == DEEP else (30,), 16, task))
    for _ in range(60 if task in (WIDE, DEEP) else 10):
        contender.epoch()
    assert contender.evaluate is not None
    hits = contender.evaluate()
    assert len(hits) == contender.runs
    # 1,000 images that were trained on and 10,000 that were not; a tenth comes by itself.
    assert min(hits) > 0.7 * 11_000


@pytest.mark.parametrize("task", PRODUCTS)
def test_products_are_the_same(task: str) -> None:
    _, dtype = task.split(", ")
    found = []
    for contender in (products.kernel, products.openblas):
        changed = contender(Work(1, (), 1, task)).epoch()
        assert isinstance(changed, np.ndarray)
        found.append(changed)
    tolerance = 2e-3 if dtype == "float32" else 1e-10
    np.testing.assert_allclose(*found, rtol=0, atol=tolerance)


def test_targets_name_contenders_that_do_the_task() -> None:
    for target in TARGETS:
        for name in (target.ours, *target.others):
            assert target.task in CONTENDERS[name].tasks


def test_without_history_nnexp_0_1_has_a_row_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(previous, "ROOT", tmp_path)
    monkeypatch.setattr(previous, "STAMP", tmp_path / "ready")
    work = Work(100, (30,), 1)
    found = compare([OLD_SINGLE], [work], [0], 1)
    assert "no git history" in found.times[work][OLD_SINGLE].failed


def test_the_program_measures_and_says_what_is_missing() -> None:
    names = [NNEXP, FLOOR, JAX_SCAN]
    if find_spec("torch") is None:
        names.append("PyTorch, plain loop")
    command = [sys.executable, "-m", "benchmarks", "--images", "100", "--repeats", "1"]
    for name in names:
        command += ["--only", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = {
        cells[0]: cells
        for line in done.stdout.splitlines()
        if line.startswith("| ") and len(cells := [c.strip() for c in line.split("|")[1:-1]]) > 2
    }
    for name in names[:3]:
        milliseconds = float(rows[name][2].split()[0])
        assert 0.01 < milliseconds < 10_000
    if len(names) > 3:
        assert "torch is not installed" in " ".join(rows[names[3]])
    assert "numpy" in done.stdout
    assert f"repeat 1: {JAX_SCAN}" in done.stderr
