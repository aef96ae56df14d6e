"""docs/book.md: its sessions run in the order of the page, and end as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.book.printed import SESSION, read, script
from tests.record.stored import restore

PAGE = (Path(__file__).parents[2] / "docs" / "book.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def lines(text: str) -> str:
    """A session without what it calls the result."""
    return text.replace("lists = net.SGD", "net.SGD")


def test_the_first_is_the_chapters() -> None:
    assert len(SESSIONS) == 3
    assert SESSIONS[0] == lines(SESSION)


@pytest.mark.slow
def test_every_session_runs_and_ends_as_the_page_says(tmp_path: Path) -> None:
    """With fewer epochs; the whole first session is among the slow tests of tests/book."""
    restore(tmp_path)
    short = [
        re.sub(r"(SGD\(training_data[^,]*), \d+,", rf"\1, {epochs},", text)
        for text, epochs in zip(SESSIONS, (1, 2, 1), strict=True)
    ]
    assert all(a != b for a, b in zip(short, SESSIONS, strict=True))
    done = script(tmp_path, "\nprint('---')\n".join(short))
    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.split("---\n")
    for printed, size in ((first, 50_000), (second, 1000)):
        said = read(printed)
        assert said.sizes["training_accuracy"] == {size}
        assert said.rest[-1].startswith("recorded: run ")
    for reason in re.findall(r"not recorded: (.*?) …", SESSIONS[2]):
        assert f"not recorded: {reason}" in third
    assert third.count("not recorded") == 2
    assert re.fullmatch(r"\d{4} of 10000", third.splitlines()[-1])
