"""Time nnexp beside what a user would use instead, and what a run of a sweep costs beside training.

python -m benchmarks [--quick] [--write]      all contenders, all shapes: about 15 minutes
python -m benchmarks --sweep                  the cost of a run outside training only
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from benchmarks.compare import compare
from benchmarks.contenders import CONTENDERS
from benchmarks.overhead import overhead
from benchmarks.results import page
from benchmarks.work import Work

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
    parser.add_argument("--sweep", action="store_true", help="only a sweep of tiny runs")
    parser.add_argument("--repeats", type=int, default=5, help="of each measurement (default 5)")
    parser.add_argument("--runs", type=int, default=1000, help="of the sweep of tiny runs")
    parser.add_argument("--images", type=int, help="one shape with that many images only")
    parser.add_argument("--only", action="append", help="a contender; may be given repeatedly")
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    unknown = set(options.only or ()) - set(CONTENDERS)
    if unknown:
        parser.error(f"--only: {', '.join(sorted(unknown))}; allowed: {', '.join(CONTENDERS)}")
    lines: list[str] = []
    if not options.sweep:
        cores = sorted(os.sched_getaffinity(0))
        works = _works(options.quick, options.images, len(cores))
        found = compare(options.only or list(CONTENDERS), works, cores, options.repeats)
        command = "python -m benchmarks " + " ".join(sys.argv[1:])
        lines += page(found, command.strip(), len(cores), options.repeats)
    if options.sweep or not (options.quick or options.images or options.only):
        lines += ["", *overhead(options.runs)]
    print("\n".join(lines))
    if options.write:
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _works(quick: bool, images: int | None, processes: int) -> list[Work]:
    if images is not None:
        return [Work(images, 30, processes)]
    works = [Work(50_000, 30, processes)]
    if not quick:
        works += [Work(50_000, 100, processes)]
        works += [Work(1000, hidden, processes) for hidden in (30, 100)]
    return works


if __name__ == "__main__":
    main()
