"""What the README shows of `compare` is what it prints."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from tests.inside import inside

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks() -> list[tuple[list[str], list[str]]]:
    """The arguments of each `compare` whose output is shown, and its lines."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", TEXT, flags=re.DOTALL):
        for part in block.split("$ python -m nnexp ")[1:]:
            command, *lines = part.splitlines()
            shown = [line for line in lines if line.strip() and line != "…"]
            if command.startswith("compare ") and shown:
                found.append((shlex.split(command, comments=True), shown))
    return found


def test_the_readme_shows_answers() -> None:
    assert [len(shown) >= 4 for _, shown in blocks()] == [True, True]
    assert all(re.match(r"(Lowest|Highest)? ?[a-z/]+", shown[0]) for _, shown in blocks())


@pytest.mark.slow
def test_compare_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """Trains both presets, unless NNEXP_TEST_STORE names a store that has them."""
    uri = os.environ.get("NNEXP_TEST_STORE", "")
    for preset in () if uri else ("overfitting", "regularized"):
        assert inside(tmp_path, f"experiment={preset}").returncode == 0
    for typed, shown in blocks():
        done = inside(tmp_path, *typed, *(("--tracking-uri", uri) if uri else ()))
        assert done.returncode == 0, done.stderr
        printed = {line.rstrip() for line in done.stdout.splitlines()}
        assert [line for line in shown if line.rstrip() not in printed] == []
