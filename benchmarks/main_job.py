"""The main job as a user types it, whole processes, beside nnexp 0.1's: wall time, no core pinned.

    python -m nnexp cost=crossentropy reg=l2

Warm: each has its folder, with a store and a compiled kernel from a run before. Every repeat is
another seed, or what is recorded would be reused.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from benchmarks.commands import said, seconds_of
from benchmarks.contenders import OLD
from benchmarks.previous import SOURCE, MissingError, environment, previous
from benchmarks.targets import MAIN_JOB, spread

JOB = ("cost=crossentropy", "reg=l2")


def main_job(repeats: int) -> list[str]:
    """Lines of Markdown: seconds of each, taking turns, and their ratio."""
    lines = ["## The main job, whole process", ""]
    cores = len(os.sched_getaffinity(0))
    try:
        commands = {"nnexp": (sys.executable, None), OLD: (str(previous()), _old_environment())}
    except MissingError as error:
        return [*lines, f"Not measured beside nnexp 0.1: {error}."]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for name, (python, variables) in commands.items():
            (Path(folder) / name).mkdir()
            seconds_of(("size=100", "train.epochs=1"), Path(folder) / name, python, variables)
        for seed in range(1, repeats + 1):
            for name, (python, variables) in commands.items():
                job = (*JOB, f"seed={seed}")
                taken = seconds_of(job, Path(folder) / name, python, variables)
                seconds[name].append(taken)
                line = f"main job: repeat {seed}: {name}: {taken:.1f} s"
                print(line, file=sys.stderr, flush=True)
    middle, least, greatest = spread(seconds["nnexp"], seconds[OLD])
    met = "met" if middle <= MAIN_JOB else f"missed, by {middle / MAIN_JOB - 1:.0%}"
    told = (f"{name} {said(values)}" for name, values in seconds.items())
    return [
        *lines,
        f"`python -m nnexp {' '.join(JOB)}`, warm, {repeats} repeats taking turns, {cores} cores "
        f"free for it: {', '.join(told)}; ratio {middle:.2f} ({least:.2f} to {greatest:.2f}), "
        f"at most {MAIN_JOB}: {met}.",
    ]


def _old_environment() -> dict[str, str]:
    return {**environment(), "PYTHONPATH": str(SOURCE)}
