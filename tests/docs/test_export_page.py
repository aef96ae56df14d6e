"""The session in docs/export.md is what the commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.inside import inside

PAGE = Path(__file__).resolve().parents[2] / "docs" / "export.md"


def test_the_session_of_the_page_is_what_is_printed(tmp_path: Path) -> None:
    (session,) = re.findall(r"```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    steps = re.findall(r"^\$ python -m nnexp (.*)\n((?:[^$].*\n)*)", session, re.MULTILINE)
    assert len(steps) == 5
    for typed, shown in steps:
        # Figures and models, which do not travel, would take most of the time.
        quick = ("tracking.artifacts=light", "sweep.workers=1") if typed.startswith("-m ") else ()
        done = inside(tmp_path, *shlex.split(typed), *quick)
        assert done.returncode == 0, done.stderr
        if shown:
            pattern = ".*".join(map(re.escape, shown.split("…")))
            assert re.fullmatch(pattern, done.stdout), (typed, done.stdout)
