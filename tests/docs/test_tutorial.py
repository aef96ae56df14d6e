"""docs/tutorial.md is carried out as it stands, in order, in a folder of its own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.inside import inside

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(python|console)\n(.*?)```", TEXT, re.DOTALL)
REFUSED = "reg.lmbda=1 "
"""The one command that the page says is refused."""


@pytest.mark.slow
def test_every_command_does_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = {}
    for language, block in BLOCKS:
        if language == "python":
            exec(compile(block, str(PAGE), "exec"), {})
            continue
        for line in block.splitlines():
            typed = shlex.split(line.removeprefix("$ python -m nnexp "))
            done = inside(tmp_path, *typed)
            assert done.returncode == (2 if REFUSED in line else 0), (line, done.stderr)
            said[typed[0]] = done.stdout
    assert "3 classes: level (200), slanting (200), upright (200)" in said["import-data"]
    assert "8 runs" in said["-m"]
    assert "l2" in said["compare"].partition("\n")[0].lower()
    assert len(re.findall(r"^(?:l2|none) +4 ", said["compare"], re.MULTILINE)) == 2
    assert list((tmp_path / "answer").glob("*.html"))
