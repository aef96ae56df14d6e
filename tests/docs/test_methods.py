"""From the chapter to a command, the table of docs/methods.md: every row's command runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.inside import inside

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
TABLE = TEXT.partition("## From the chapter to a command")[2]
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in TABLE.splitlines()
    if line.startswith("| ") and "`python -m nnexp" in line
]
COMMANDS = [re.search(r"`python -m nnexp ([^`]+)`", " | ".join(row))[1] for row in ROWS]  # type: ignore[index]
CUT = ("size=100", "train.epochs=1", "tracking.artifacts=none")


def test_every_row_has_a_command_and_an_answer_that_is_there() -> None:
    lines = [line for line in TABLE.splitlines() if line.startswith("| ")]
    assert len(COMMANDS) == len(lines) - 1  # All but the head.
    assert len(COMMANDS) >= 25
    for link in re.findall(r"\]\((\.\./[^)#]+)\)", TABLE):
        assert (ROOT / "docs" / link).resolve().exists(), link


# Presets have a test of their own, tests/test_presets.py; a search plans as it goes on.
PLANNED = sorted({c for c in COMMANDS if "experiment=" not in c and not c.startswith("search ")})


@pytest.mark.parametrize("typed", PLANNED)
def test_command_can_be_carried_out(tmp_path: Path, typed: str) -> None:
    done = inside(tmp_path, *shlex.split(typed), "sweep.dry_run=true")
    assert done.returncode == 0, done.stderr
    assert "nothing was trained" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("typed", sorted(set(COMMANDS)))
def test_command_trains_on_a_hundred_images(tmp_path: Path, typed: str) -> None:
    arguments = shlex.split(typed)
    cut = CUT[1:] if "data=neuron" in typed or "slowdown" in typed else CUT
    if arguments[0] == "search":
        cut = (*cut, "data.n_validation=100", "--trials", "2", "--sampler", "random")
    if "experiment=" in typed and "-m" not in arguments:
        cut = (*cut, "seed=0")
    done = inside(tmp_path, *arguments, *cut)
    assert done.returncode == 0, done.stderr
