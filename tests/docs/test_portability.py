"""Figures of docs/portability.md that the code knows too."""

from __future__ import annotations

import re
from pathlib import Path

from nnexp.kernel import elementary
from tests import golden
from tests.kernel import ulps

TEXT = (Path(__file__).resolve().parents[2] / "docs/portability.md").read_text(encoding="utf-8")


def test_worst_errors_are_those_of_the_code() -> None:
    row = r"^ +{0}(\w+){1}([\d.]+|–){1}([\d.]+){2}$"
    shown = re.findall(row.format(r"\| ", r" \| ", r" \|"), TEXT, re.MULTILINE)
    stated = re.findall(row.format("", " +", ""), elementary.__doc__ or "", re.MULTILINE)
    assert shown == stated
    assert len(shown) == len({name for name, _ in ulps.KINDS})


def test_counts_are_those_of_the_digests() -> None:
    assert f"digests of {len(golden.golden())} short runs" in TEXT
    assert f"{len(ulps.GOLDEN)} digests of the elementary functions" in TEXT
