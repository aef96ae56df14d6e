"""What is said of an interpreter whose bits are others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.golden import golden
from tests.kernel.ulps import GOLDEN
from tests.portability.other import differing

ALL = {**golden(), **GOLDEN}


def said_of(found: dict[str, str], tmp_path: Path) -> int:
    """An interpreter that prints these digests, whatever it is asked."""
    script = tmp_path / "interpreter.py"
    lines = "".join(f"{name}\t{digest}\n" for name, digest in found.items())
    script.write_text(f"print({lines!r}, end='')", encoding="utf-8")
    return differing("other", [sys.executable, str(script)], tmp_path)


def test_same_bits_are_said_to_be_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said_of(ALL, tmp_path) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    runs, functions = len(golden()), len(GOLDEN)
    assert last.startswith(f"other: {runs} of {runs} golden runs and {functions} of {functions} ")
    assert last.endswith(", bit for bit")


@pytest.mark.parametrize("name", ["main", "exp float32"])
def test_another_digest_and_one_that_is_missing_are_counted(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said_of({**ALL, name: "0" * 64}, tmp_path) == 1
    out = capsys.readouterr().out
    assert f"{name}: DIFFERS: {'0' * 64}, not {ALL[name]}" in out
    assert out.splitlines()[-1].endswith("1 DIFFER OR ARE MISSING")
    assert said_of({k: v for k, v in ALL.items() if k != name}, tmp_path) == 1
    assert said_of({}, tmp_path) == len(ALL)
