"""What a sweep costs on a Dask cluster, beside the same sweep over processes, on the same cores.

Whole commands, taking turns. The cluster (a scheduler, a worker for each core) is there before, as
a lab's is; every repeat has seeds of its own, or what is recorded would be reused.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.commands import said, seconds_of
from benchmarks.targets import DASK, spread

RUNS = 16
SWEEP = ("size=10k", "train.epochs=20", "tracking.artifacts=light")
"""A run trains for one to two seconds."""


def dask_sweep(repeats: int) -> list[str]:
    """Lines of Markdown: seconds of each, and their ratio."""
    cores = len(os.sched_getaffinity(0))
    seconds: dict[str, list[float]] = {"processes": [], "dask": []}
    with tempfile.TemporaryDirectory() as folder, _cluster(Path(folder), cores) as address:
        ways = {
            "processes": (f"sweep.workers={cores}",),
            "dask": ("sweep.executor=dask", f"sweep.address={address}"),
        }
        for name in ways:
            (Path(folder) / name).mkdir()
        # Unmeasured: the store is created, the kernel compiled, the workers import and read data.
        for repeat in range(repeats + 1):
            for name, more in ways.items():
                seeds = f"seed=range({RUNS * repeat},{RUNS * (repeat + 1)})"
                taken = seconds_of(("-m", *SWEEP, seeds, *more), Path(folder) / name)
                if repeat:
                    seconds[name].append(taken)
                    line = f"sweep of {RUNS} runs: repeat {repeat}: {name}: {taken:.1f} s"
                    print(line, file=sys.stderr, flush=True)
    middle, least, greatest = spread(seconds["dask"], seconds["processes"])
    met = "met" if middle <= DASK else f"missed, by {middle / DASK - 1:.0%}"
    told = (f"{name} {said(values)}" for name, values in seconds.items())
    return [
        "## A sweep on a Dask cluster",
        "",
        f"`python -m nnexp -m {' '.join(SWEEP)} 'seed=range({RUNS})'` over {cores} processes, and "
        f"with `sweep.executor=dask` on a cluster of {cores} workers on the same {cores} cores, "
        f"whole command, {repeats} repeats taking turns: {', '.join(told)}; ratio {middle:.2f} "
        f"({least:.2f} to {greatest:.2f}), at most {DASK}: {met}.",
    ]


@contextmanager
def _cluster(folder: Path, workers: int) -> Iterator[str]:
    """A scheduler and workers on loopback, as docs/cluster.md starts them."""
    dask = [sys.executable, "-m", "dask"]
    note = folder / "scheduler.json"
    command = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    started = [subprocess.Popen([*command, "--scheduler-file", str(note)], **quiet)]  # type: ignore[call-overload]
    try:
        while not note.exists():
            time.sleep(0.1)
        command = [*dask, "worker", "--scheduler-file", str(note), "--nworkers", str(workers)]
        started += [subprocess.Popen([*command, "--nthreads", "1", "--no-dashboard"], **quiet)]  # type: ignore[call-overload]
        yield str(json.loads(note.read_text(encoding="utf-8"))["address"])
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()
