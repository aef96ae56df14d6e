"""The numeric source is edited while a sweep is at work: no run is trained with another source."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nnexp.source import source_sha256
from tests.runner.typed import COMMAND, environment, helpers_of, recorded, until

ROOT = Path(__file__).resolve().parents[2]

SWEEP = (
    "-m", "size=1k", "model.hidden=[100]", "monitor.every=50", "tracking.artifacts=light",
    "train.epochs=3,1000", "seed=0,1", "sweep.workers=2",
)  # fmt: skip
"""Two runs that take several seconds, and two short ones that wait for them."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the program, free to be edited."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "nnexp", folder / "nnexp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "conf", folder / "conf")
    return folder


def start(checkout: Path, folder: Path, *typed: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *typed],
        cwd=folder,
        env={**environment(), "PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def killed_after(checkout: Path, folder: Path, edit: tuple[str, str]) -> tuple[int, str]:
    """Edit a file of the program while a sweep is at work, and kill one of its workers."""
    process = start(checkout, folder, *SWEEP)
    said = until(process, "sweep of 4 runs")
    while len(workers := helpers_of(process.pid)) < 2 or not any(folder.glob(".nnexp/*.older")):
        assert process.poll() is None
    path = checkout / "nnexp" / edit[0]
    path.write_text(path.read_text("utf-8") + edit[1], "utf-8")
    os.kill(workers[0], signal.SIGKILL)
    said += process.communicate(timeout=240)[0]
    return process.returncode, said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "record"
    made.mkdir()
    return made


@pytest.mark.parametrize(
    "file", ["nn/costs.py", pytest.param("train/loop.py", marks=pytest.mark.slow)]
)
@pytest.mark.slow
def test_a_sweep_ends_when_its_source_has_changed(checkout: Path, folder: Path, file: str) -> None:
    code, said = killed_after(checkout, folder, (file, "\nCHANGED = 1\n"))
    assert code == 1, said
    assert said.splitlines()[-1] == (
        f"nnexp: the source of nn, kernel, data, train changed while the sweep ran: {file}; what "
        "has ended is recorded, and the same command starts again with the new source"
    )
    (parent,) = recorded(folder, "sweep")
    assert parent.info.status == "KILLED"
    for run in recorded(folder):
        # One that took long enough to be shown while it was trained is marked.
        assert run.info.status in ("FINISHED", "KILLED")
        assert run.data.tags["nnexp.source"] == source_sha256()
    again = start(checkout, folder, *SWEEP)
    said = again.communicate(timeout=240)[0]
    assert again.returncode == 0, said
    assert "going on after epoch" not in said
    sources = [run.data.tags["nnexp.source"] for run in recorded(folder)]
    assert len([digest for digest in sources if digest != source_sha256()]) == 4


@pytest.mark.slow
def test_a_comment_changes_nothing(checkout: Path, folder: Path) -> None:
    code, said = killed_after(checkout, folder, ("nn/costs.py", "\n# A remark.\n"))
    assert code == 0, said
    assert "going on after epoch" in said
    assert {run.data.tags["nnexp.source"] for run in recorded(folder)} == {source_sha256()}


EDITED = """
import sys
from pathlib import Path

import nnexp

path = Path(nnexp.__file__).parent / "nn" / "costs.py"
path.write_text(path.read_text("utf-8") + "\\nCHANGED = 1\\n", "utf-8")
nnexp.run("size=100", "train.epochs=1", "tracking.artifacts=light")
"""


def test_a_run_is_not_trained_with_another_source_than_was_imported(
    checkout: Path, folder: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EDITED],
        cwd=folder,
        env={**environment(), "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "changed since this program was started: nn/costs.py; start it again" in last
    assert recorded(folder) == []
