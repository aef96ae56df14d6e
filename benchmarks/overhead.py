"""What a run of a sweep costs outside training: a sweep of many tiny runs, as a user types it.

A run of 100 images and one epoch trains for a millisecond; nearly all else is start-up, composing
and checking configs, evaluating, writing artifacts, and recording in MLflow.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.targets import OUTSIDE_TRAINING


@dataclass
class _Watch:
    """Memory of a process and its children, and CPU time of each, twice a second."""

    pid: int
    memory: list[float] = field(default_factory=list)
    done: bool = False

    def look(self) -> None:
        while not self.done:
            pids = [self.pid, *_children(self.pid)]
            self.memory.append(sum(_resident(pid) for pid in pids))
            time.sleep(0.5)


def overhead(runs: int) -> list[str]:
    """Lines of Markdown: seconds per run, where they go, and memory over time."""
    few = max(10, runs // 10)
    with tempfile.TemporaryDirectory() as folder:
        # The store is created first: its creation is once in a life.
        _sweep(Path(folder), 0, 1)
        short, _ = _sweep(Path(folder), 1, few)
        long, memory = _sweep(Path(folder), 1 + few, runs)
        again, _ = _sweep(Path(folder), 1 + few, runs)
    each = (long - short) / (runs - few)
    met = "met" if long / runs <= OUTSIDE_TRAINING else "missed"
    # Without the last second, in which the processes end one after another.
    body = memory[len(memory) // 4 : -2] or memory
    return [
        "## Cost of a run outside training",
        "",
        f"`python -m nnexp -m size=100 train.epochs=1 'seed=range({runs})'` on {_cores()} cores: "
        f"{long:.1f} s in all, {1e3 * long / runs:.0f} ms per run (at most "
        f"{1e3 * OUTSIDE_TRAINING:.0f}: {met}); start-up aside {1e3 * each:.0f} ms per run, "
        f"by the difference to {few} runs ({short:.1f} s). Memory of all processes together: "
        f"{body[0]:.0f} MB after a quarter of the time, {body[-1]:.0f} MB at the end, "
        f"{max(memory):.0f} MB "
        f"at most. The same command again, with everything recorded: {again:.1f} s.",
    ]


def _sweep(folder: Path, first: int, runs: int) -> tuple[float, list[float]]:
    """Wall time of a sweep, and the memory it had meanwhile (MB)."""
    command = [sys.executable, "-m", "nnexp", "-m", "size=100", "train.epochs=1"]
    print(f"sweep of {runs} tiny runs", file=sys.stderr, flush=True)
    started = time.perf_counter()
    with open(folder / "output.txt", "w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [*command, f"seed=range({first},{first + runs})"],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        watch = _Watch(process.pid)
        thread = threading.Thread(target=watch.look)
        thread.start()
        code = process.wait()
        seconds = time.perf_counter() - started
        watch.done = True
        thread.join()
    if code:
        text = (folder / "output.txt").read_text(encoding="utf-8").strip().splitlines()
        raise SystemExit(f"the sweep failed: {text[-1] if text else code}")
    return seconds, watch.memory


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _resident(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/statm").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
