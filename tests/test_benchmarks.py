"""The benchmark program: every contender does the work, and the page says what was measured."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from benchmarks.contenders import CONTENDERS, ready
from benchmarks.targets import TARGETS
from benchmarks.work import Work

NEEDS = {"with_jax": "jax", "with_torch": "torch", "with_sklearn": "sklearn"}


@pytest.mark.parametrize("name", [n for n in CONTENDERS if not n.startswith("floor")])
def test_every_contender_learns(name: str) -> None:
    module, _ = CONTENDERS[name]
    needed = NEEDS.get(module)
    if needed and find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    if name == "PyTorch, compiled step":
        pytest.skip("compiling takes a minute; the program itself tells if it fails")
    contender = ready(name, Work(1000, 30, 16))
    for _ in range(10):
        contender.epoch()
    assert contender.evaluate is not None
    hits = contender.evaluate()
    assert len(hits) == contender.runs
    # 1,000 images that were trained on and 10,000 that were not; a tenth comes by itself.
    assert min(hits) > 0.7 * 11_000


def test_targets_name_contenders() -> None:
    for target in TARGETS:
        assert {target.ours, *target.others} <= set(CONTENDERS)


def test_the_program_measures_and_says_what_is_missing() -> None:
    names = ["nnexp, sweep of 8 settings × 4 seeds", "floor: bare dense products", "JAX, scan"]
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
    assert "repeat 1: JAX, scan" in done.stderr
