"""The main job as a user types it, whole processes, beside nnexp 0.1's: wall time, no core pinned.

    python -m nnexp cost=crossentropy reg=l2

Warm: each has its folder, with a store and a compiled kernel from a run before. Every repeat is
another seed, or what is recorded would be reused.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.contenders import OLD
from benchmarks.previous import SOURCE, MissingError, environment, previous
from benchmarks.targets import MAIN_JOB, spread

JOB = ("cost=crossentropy", "reg=l2")


def main_job(repeats: int) -> list[str]:
    """Lines of Markdown: seconds of each, taking turns, and their ratio."""
    lines = ["## The main job, whole process", ""]
    cores = len(os.sched_getaffinity(0))
    try:
        commands = {"nnexp": (sys.executable, {}), OLD: (str(previous()), _old_environment())}
    except MissingError as error:
        return [*lines, f"Not measured beside nnexp 0.1: {error}."]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for name, (python, variables) in commands.items():
            (Path(folder) / name).mkdir()
            _run(python, Path(folder) / name, variables, ("size=100", "train.epochs=1"))
        for seed in range(1, repeats + 1):
            for name, (python, variables) in commands.items():
                taken = _run(python, Path(folder) / name, variables, (*JOB, f"seed={seed}"))
                seconds[name].append(taken)
                said = f"main job: repeat {seed}: {name}: {taken:.1f} s"
                print(said, file=sys.stderr, flush=True)
    middle, least, greatest = spread(seconds["nnexp"], seconds[OLD])
    met = "met" if middle <= MAIN_JOB else f"missed, by {middle / MAIN_JOB - 1:.0%}"
    told = (f"{name} {_seconds(values)}" for name, values in seconds.items())
    return [
        *lines,
        f"`python -m nnexp {' '.join(JOB)}`, warm, {repeats} repeats taking turns, {cores} cores "
        f"free for it: {', '.join(told)}; ratio {middle:.2f} ({least:.2f} to {greatest:.2f}), "
        f"at most {MAIN_JOB}: {met}.",
    ]


def _old_environment() -> dict[str, str]:
    return {**environment(), "PYTHONPATH": str(SOURCE)}


def _run(python: str, folder: Path, variables: dict[str, str], arguments: tuple[str, ...]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        [python, "-m", "nnexp", *arguments],
        cwd=folder,
        env=variables or None,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"the main job failed: {done.stderr.strip()[-200:]}")
    return time.perf_counter() - started


def _seconds(values: list[float]) -> str:
    middle = statistics.median(values)
    return f"{middle:.1f} s ({min(values):.1f} to {max(values):.1f})"
