"""`python -m nnexp replay`: the published curves against ours."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict

from nnexp.cli.formats import add_format, print_json, said_beside
from nnexp.cli.options import Parser, command
from nnexp.config.compose import flatten
from nnexp.record.external_curves import record_curves
from nnexp.record.store import experiment_id, open_store
from nnexp.study.published import FULL, QUICK, REPLAYED, Agreement, published, replay, summary
from nnexp.terminal import console as new_console
from nnexp.terminal import plain_table
from nnexp.train.engines import compile_ahead

CHAOTIC = "overfitting_full"
"""Equal for its first epochs; then rounding is amplified, and only its summary can agree."""


def main(arguments: Sequence[str]) -> int:
    """Replay; 0 if the curves come out again, 1 if not."""
    parser = Parser(
        "replay",
        "Train the book's published runs again with its own generators and compare every "
        "published number.",
        "python -m nnexp replay --quick",
    )
    parser.add_argument(
        "--quick", action="store_true", help="only the two runs on 1,000 images (half a minute)"
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="also record the published curves in MLflow (experiments book, overfitting, "
        "regularized), to be laid beside ours",
    )
    add_format(parser)
    options = parser.parse_args(arguments)
    with said_beside(options.format):
        if options.record:
            _record(options.tracking_uri)
        started = time.perf_counter()
        groups = [QUICK] if options.quick else [QUICK, FULL]
        compile_ahead([published(name).config for names in groups for name in names], print)
        found = [a for names in groups for a in replay(names, _Progress())]
        print(file=sys.stderr)
        _print(found)
        print(f"{time.perf_counter() - started:.0f} s; this table: {command('replay', arguments)}")
    if options.format == "json":
        print_json([{**asdict(a), "has_to_agree": _judged(a)} for a in found])
    return 0 if all(a.whole for a in found if _judged(a)) else 1


def _judged(a: Agreement) -> bool:
    """Whether a curve has to agree whole: on 50,000 images only the test counts with L2 do."""
    return a.run in QUICK or (a.run != CHAOTIC and a.metric == "test/correct")


class _Progress:
    """Says on standard error how far the training is, at most once a second."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, name: str, epoch: int, epochs: int) -> None:
        if time.monotonic() - self._told > 1.0:
            end = "\r" if sys.stderr.isatty() else "\n"
            print(f"{name}: epoch {epoch} of {epochs} ", end=end, file=sys.stderr, flush=True)
            self._told = time.monotonic() + (0.0 if sys.stderr.isatty() else 9.0)


def _print(found: Sequence[Agreement]) -> None:
    table = plain_table()
    for title in ("published run", "curve"):
        table.add_column(title)
    for title in ("values that agree", "largest difference"):
        table.add_column(title, justify="right")
    for a in found:
        largest = f"{a.largest:.0f}" if a.metric.endswith("/correct") else f"{a.largest:.1e}"
        table.add_row(a.run, a.metric, f"{a.agree}/{a.values}", largest)
    console = new_console()
    console.print(table)
    console.print("counts have to be equal, costs to agree within 1e-10", highlight=False)
    if any(a.run in FULL for a in found):
        console.print(
            "on 50,000 images rounding is amplified after some epochs: with L2 all test counts "
            "have to be equal,\nwithout it only the best accuracies can be compared",
            highlight=False,
        )


def _record(uri: str | None) -> None:
    store = open_store(uri)
    for name in REPLAYED:
        run = published(name)
        points = {
            metric: [(k + 1, value) for k, value in enumerate(values)]
            for metric, values in run.curves.items()
        }
        params = flatten(run.config)
        for experiment in ("book", name.removesuffix("_full")):
            number = experiment_id(store, experiment)
            title = f"published {name}"
            record_curves(store, number, title, points, params, run.source, summary(run))
    print("recorded the published curves in experiments book, overfitting and regularized")
