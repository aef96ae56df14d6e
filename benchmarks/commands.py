"""Whole commands as a user types them, timed on the clock."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


def seconds_of(
    words: Sequence[str],
    folder: Path,
    python: str = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> float:
    """What `python -m nnexp …` takes in a folder; ends this program if the command fails."""
    began = time.perf_counter()
    done = subprocess.run(
        [python, "-m", "nnexp", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"nnexp {' '.join(words)} failed: {done.stderr.strip()[-200:]}")
    return time.perf_counter() - began


def said(values: Sequence[float]) -> str:
    """`12.3 s (11.9 to 12.8)`: the median, and the least to the greatest."""
    return f"{statistics.median(values):.1f} s ({min(values):.1f} to {max(values):.1f})"
