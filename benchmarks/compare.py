"""All contenders on one piece of work after another, repeats interleaved."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.contenders import CONTENDERS
from benchmarks.previous import MissingError
from benchmarks.process import Process, prepare
from benchmarks.work import Work


@dataclass
class Times:
    """Seconds per run, over repeats and processes; or why there are none."""

    train: list[float] = field(default_factory=list)
    evaluate: list[float] = field(default_factory=list)
    runs: int = 0
    failed: str = ""


@dataclass
class Comparison:
    """What was measured."""

    times: dict[Work, dict[str, Times]]
    blas: dict[str, list[str]]
    """BLAS libraries by contender."""


def compare(
    names: Sequence[str], works: Sequence[Work], cores: Sequence[int], repeats: int
) -> Comparison:
    """Measure. Each contender has a pinned process on every core, and all train at once.

    In a repeat the contenders take turns, so that a slow moment of the machine hits none alone.
    """
    able = {work: [n for n in names if work.task in CONTENDERS[n].tasks] for work in works}
    found = Comparison({work: {name: Times() for name in able[work]} for work in works}, {})
    processes: dict[str, list[Process]] = {}
    try:
        for work in works:
            times = found.times[work]
            for name in able[work]:
                started = time.monotonic()
                try:
                    if name not in processes:
                        processes[name] = [Process(name, core) for core in cores]
                except MissingError as error:
                    times[name].failed = str(error)
                    continue
                answers = _ask(processes[name], prepare(name, work))
                for answer in answers:
                    if "failed" in answer:
                        times[name].failed = answer["failed"]
                    else:
                        times[name].runs = answer["ready"]
                        found.blas[name] = answer["blas"]
                state = times[name].failed or f"ready in {time.monotonic() - started:.1f} s"
                _say(f"{work.name}: {name}: {state}")
            for repeat in range(repeats):
                for name in able[work]:
                    if times[name].failed:
                        continue
                    for answer in _ask(processes[name], {"measure": True}):
                        if "failed" in answer:
                            times[name].failed = answer["failed"]
                            continue
                        times[name].train.append(answer["train"])
                        if "evaluate" in answer:
                            times[name].evaluate.append(answer["evaluate"])
                    if not times[name].failed:
                        least = 1e3 * min(times[name].train)
                        _say(f"{work.name}: repeat {repeat + 1}: {name}: {least:.1f} ms at best")
            # Who has no more to do gives its memory back.
            for name in list(processes):
                if not any(name in able[later] for later in works[works.index(work) + 1 :]):
                    for process in processes.pop(name):
                        process.close()
    finally:
        for pair in processes.values():
            for process in pair:
                process.close()
    return found


def _ask(processes: Sequence[Process], question: dict[str, object]) -> list[dict[str, object]]:
    for process in processes:
        process.ask(question)
    return [process.answer() for process in processes]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
