"""`python -m nnexp report NAME`: a self-contained HTML page on a recorded experiment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from nnexp.commands.options import Parser, command
from nnexp.commands.printed import add_format, done, said_beside
from nnexp.config.arguments import printable
from nnexp.record.store import open_store
from nnexp.study.report.page import Written, write_report


def main(arguments: Sequence[str]) -> int:
    """Write a report."""
    parser = Parser(
        "report",
        "Any recorded runs as one HTML page that needs no network: the answer in words, settings "
        "against each other, learning curves to look into, weights, mistakes, provenance; the "
        "figures beside it as PNG and SVG. The chapter's presets are drawn as the chapter draws "
        "them, published curves in grey; runs of data=neuron and cost=loglikelihood bring a "
        "neuron and a softmax layer to play with.",
        "python -m nnexp report overfitting\n"
        "  python -m nnexp report regularized overfitting --out both",
    )
    parser.add_argument(
        "names",
        metavar="NAME",
        nargs="+",
        help="an MLflow experiment, such as a preset's name; the runs of several are put together",
    )
    parser.add_argument("--out", metavar="DIR", help="folder to write into (reports/NAME)")
    parser.add_argument(
        "--where", metavar="FILTER", help="only these runs, in MLflow's filter syntax"
    )
    add_format(parser)
    options = parser.parse_args(arguments)
    store = open_store(options.tracking_uri, reading=True)
    names = list(dict.fromkeys(options.names))
    safe = re.sub(r"[^\w.-]+", "_", "-".join(names)).strip(".") or "report"
    folder = Path(options.out) if options.out else Path("reports") / safe
    typed = command("report", arguments)
    written = write_report(store, names, folder, options.where, typed)
    with said_beside(options.format):
        _say(written)
    return done(options.format, files=[str(written.page)])


def _say(written: Written) -> None:
    """The answer, and where the page is."""
    for sentence in written.answers:
        print(sentence)
    for line in written.changed:
        print(printable(f"warning: {line}"))
    size = written.page.stat().st_size / 1e6
    print(
        f"\nwritten    {written.page} ({size:.1f} MB), its {written.figures} figures beside it as "
        "PNG and SVG"
    )
    print(f"look       open {written.page.resolve().as_uri()} in a browser; it needs no network")
