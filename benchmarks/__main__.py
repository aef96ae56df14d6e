"""Time nnexp beside what a user would use instead, and what a run costs beside training.

python -m benchmarks [--quick] [--write]      all contenders, all shapes: about 25 minutes
python -m benchmarks --main --sweep --dask    whole processes only: the main job, sweeps
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

from benchmarks.compare import compare
from benchmarks.contenders import CONTENDERS, STEPS
from benchmarks.dask_sweep import dask_sweep
from benchmarks.main_job import main_job
from benchmarks.overhead import overhead
from benchmarks.results import page
from benchmarks.work import DEEP, PRODUCTS, WIDE, Work

RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Measure all, print a page of Markdown, and write it if asked."""
    summary, _, usage = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=summary,
        epilog=usage,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="784-30-10 at 50,000 images only")
    parser.add_argument("--main", action="store_true", help="only the main job, whole process")
    parser.add_argument("--sweep", action="store_true", help="only a sweep of tiny runs")
    parser.add_argument("--dask", action="store_true", help="only a sweep on a Dask cluster")
    parser.add_argument("--repeats", type=int, default=5, help="of each measurement (default 5)")
    parser.add_argument("--runs", type=int, default=1000, help="of the sweep of tiny runs")
    parser.add_argument("--images", type=int, help="one shape with that many images only")
    parser.add_argument("--only", action="append", help="a contender; may be given repeatedly")
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    unknown = set(options.only or ()) - set(CONTENDERS)
    if unknown:
        parser.error(f"--only: {', '.join(sorted(unknown))}; allowed: {', '.join(CONTENDERS)}")
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    chosen, whole = (
        options.main or options.sweep or options.dask,
        not (options.quick or options.images or options.only),
    )
    lines: list[str] = []
    if not chosen:
        cores = sorted(os.sched_getaffinity(0))
        works = _works(options.quick, options.images, len(cores))
        found = compare(options.only or list(CONTENDERS), works, cores, options.repeats)
        lines += page(found, command, len(cores), options.repeats)
    if options.main or (whole and not chosen):
        lines += ["", *main_job(options.repeats)]
    if options.sweep or (whole and not chosen):
        lines += ["", *overhead(options.runs)]
    if options.dask or (whole and not chosen):
        lines += ["", *dask_sweep(options.repeats)]
    print("\n".join(lines))
    if options.write:
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _works(quick: bool, images: int | None, processes: int) -> list[Work]:
    if images is not None:
        return [Work(images, (30,), processes)]
    works = [Work(50_000, (30,), processes)]
    if not quick:
        works += [Work(50_000, (100,), processes)]
        works += [Work(1000, (hidden,), processes) for hidden in (30, 100)]
        works += [Work(50_000, (30,), processes, step) for step in STEPS]
        works += [Work(10_000, (800,), processes, WIDE)]
        works += [Work(5_000, (1024,) * 3, processes, DEEP)]
        works += [Work(20, (), processes, product) for product in PRODUCTS]
    return works


if __name__ == "__main__":
    main()
