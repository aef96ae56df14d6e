"""docs/extending.md: its file is loaded and its commands run as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.inside import inside
from tests.own_parts import PAGE, write

COMMANDS = re.findall(r"^\$ python -m nnexp (.*)$", PAGE, re.MULTILINE)
TRAINING = [command for command in COMMANDS if not command.startswith("verify")]


def test_each_kind_has_a_command() -> None:
    said = " ".join(TRAINING)
    for word in ("model.activation=", "cost=", "reg=", "init=", "monitor.metrics=", "data="):
        assert f" {word}" in f" {said}"


@pytest.mark.slow
def test_every_command_runs(tmp_path: Path) -> None:
    write(tmp_path)
    for command in TRAINING:
        done = inside(tmp_path, *shlex.split(command), "sweep.workers=1")
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert "--load my_parts.py" in done.stdout
