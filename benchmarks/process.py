"""A process that holds a contender, pinned to one core and one thread, and its other end.

One line of JSON goes in, one comes out: `{"work": [n, hidden, processes, task]}` gets a contender
ready, `{"measure": true}` measures it, warm. nnexp 0.1 has the same protocol, with one hidden
layer and one task. Anything that goes wrong is a `{"failed": reason}`.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTENDERS, OLD, ready
from benchmarks.previous import SOURCE, environment, previous
from benchmarks.work import Ready, Work

ONE_THREAD = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
LEAST_SECONDS = 0.5
"""So long is measured at least; short epochs are repeated."""


class Process:
    """A contender in a process of its own."""

    def __init__(self, name: str, core: int) -> None:
        """Start it. Raises MissingError if it is nnexp 0.1's and that is not here."""
        python, folder, variables = Path(sys.executable), None, dict(os.environ)
        if CONTENDERS[name].module == OLD:
            python, folder, variables = previous(), SOURCE, environment()
            name = CONTENDERS[name].function
        self._process = subprocess.Popen(
            [str(python), "-m", "benchmarks.process", name, str(core)],
            cwd=folder,
            env={**variables, **ONE_THREAD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, question: dict[str, Any]) -> None:
        """Send a question; `answer` waits for what it says."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # `answer` says so.
            print(json.dumps(question), file=self._process.stdin, flush=True)

    def answer(self) -> dict[str, Any]:
        """The answer to the last question."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            return {"failed": f"the process ended ({self._process.wait()})"}
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def prepare(name: str, work: Work) -> dict[str, Any]:
    """The question that gets a contender ready."""
    if CONTENDERS[name].module == OLD:
        (hidden,) = work.hidden
        return {"work": [work.n, hidden, work.processes]}
    return {"work": astuple(work)}


def _work(n: int, hidden: list[int], processes: int, task: str) -> Work:
    return Work(n, tuple(hidden), processes, task)


def serve(name: str, core: int) -> None:
    """Answer questions from standard input until it ends."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    # What a library prints must not come between the answers.
    answers, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
    os.dup2(2, 1)
    contender: Ready | None = None
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if "work" in question:
                contender = None  # Its memory first.
                contender = ready(name, _work(*question["work"]))
                contender.epoch()
                if contender.evaluate is not None:
                    contender.evaluate()
                answer: dict[str, Any] = {"ready": contender.runs, "blas": blas()}
            else:
                assert contender is not None
                answer = measure(contender)
        except ImportError as error:
            answer = {"failed": f"{(error.name or 'a module').split('.')[0]} is not installed"}
        except Exception as error:
            text = " ".join(str(error).split())
            answer = {"failed": f"{type(error).__name__}: {text[:100]}"}
        print(json.dumps(answer), file=answers, flush=True)


def measure(contender: Ready) -> dict[str, Any]:
    """Seconds per run of an epoch's training steps, and of evaluating once."""
    scale = contender.runs * contender.part
    answer = {"train": _seconds(contender.epoch, LEAST_SECONDS) / scale}
    if contender.evaluate is not None:
        answer["evaluate"] = _seconds(contender.evaluate, LEAST_SECONDS / 2) / scale
    return answer


def _seconds(function: Callable[[], object], least: float) -> float:
    started = time.perf_counter()
    function()
    once = time.perf_counter() - started
    more = math.ceil(least / once) - 1
    for _ in range(more):
        function()
    return (time.perf_counter() - started) / (1 + more)


def blas() -> list[str]:
    """The BLAS libraries in this process, with the kernels they chose for this processor."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:  # scikit-learn brings it.
        return ["unknown: threadpoolctl is not installed"]
    found = [info for info in threadpool_info() if info["user_api"] == "blas"]
    keys = ("internal_api", "version", "architecture", "num_threads")
    return sorted(" ".join(str(info.get(key, "?")) for key in keys) + " thread" for info in found)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
