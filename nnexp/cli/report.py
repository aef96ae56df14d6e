"""`python -m nnexp report NAME`: a self-contained HTML page on a recorded experiment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from nnexp.cli.formats import add_format, done, said_beside
from nnexp.cli.options import Parser, command
from nnexp.config.arguments import printable
from nnexp.config.plurals import some
from nnexp.errors import UserError
from nnexp.record.store import open_store
from nnexp.report.page import Report, write_report
from nnexp.study.lookup import all_experiments, find_sweep


def main(arguments: Sequence[str]) -> int:
    """Write a report."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.names and not options.experiment and not options.sweep:
        parser.error("what to report on is missing; allowed: an experiment's NAME, or --sweep ID")
    if options.out == "":
        raise UserError("--out '': allowed: a folder, or leave it out")
    names = _named(options.names, options.experiment)
    store = open_store(options.tracking_uri, reading=True)
    sweeps = [find_sweep(store, prefix) for prefix in options.sweep]
    there = all_experiments(store)
    names = names or [there[str(run.info.experiment_id)] for run in sweeps]
    names = list(dict.fromkeys(names))
    ids = [str(run.info.run_id) for run in sweeps]
    folder = Path(options.out) if options.out else Path("reports") / _folder_name(names, ids)
    typed = command("report", arguments)
    report = write_report(store, names, folder, options.where, typed, ids)
    page = folder / "index.html"
    with said_beside(options.format):
        _say(report, page)
    return done(options.format, files=[str(page)])


def _parser() -> Parser:
    parser = Parser(
        "report",
        "Any recorded runs as one HTML page that needs no network: the answer in words, settings "
        "against each other, learning curves to look into, weights, mistakes, provenance; the "
        "figures beside it as PNG and SVG. The chapter's presets are drawn as the chapter draws "
        "them, published curves in grey; runs of data=neuron and cost=loglikelihood bring a "
        "neuron and a softmax layer to play with.",
        "python -m nnexp report overfitting\n"
        "  python -m nnexp report --sweep de37e921\n"
        "  python -m nnexp report regularized overfitting --out both",
    )
    parser.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="an MLflow experiment, such as a preset's name; the runs of several are put together",
    )
    parser.add_argument(
        "--experiment",
        action="append",
        metavar="NAME",
        default=[],
        help="the same as NAME without the option, as other commands take it",
    )
    parser.add_argument(
        "--sweep",
        action="append",
        metavar="ID",
        default=[],
        help="only runs of this sweep, those too that it reused; several times: of one of these",
    )
    parser.add_argument("--out", metavar="DIR", help="folder to write into (reports/NAME)")
    parser.add_argument(
        "--where", metavar="FILTER", help="only these runs, in MLflow's filter syntax"
    )
    add_format(parser)
    return parser


def _named(names: Sequence[str], options: Sequence[str]) -> list[str]:
    """The experiments, given with or without `--experiment`, each once.

    Raises:
        UserError: given both ways, and not the same.
    """
    if names and options and set(names) != set(options):
        raise UserError(
            f"report {' '.join(names)} --experiment {' '.join(options)}: two ways to say which; "
            "allowed: one of them, or the same in both"
        )
    return list(names or options)


def _folder_name(names: Sequence[str], sweeps: Sequence[str]) -> str:
    """What a report's folder is called: experiments and sweeps, in letters any disk takes."""
    joined = "-".join([*names, *(sweep[:8] for sweep in sweeps)])
    return re.sub(r"[^\w.-]+", "_", joined).strip(".") or "report"


def _say(report: Report, page: Path) -> None:
    """The answer, and where the page is."""
    for sentence in report.answers:
        print(sentence)
    for line in report.changed:
        print(printable(f"warning: {line}"))
    size, figures = page.stat().st_size / 1e6, some(len(report.figures), "figure")
    print(f"\nwritten    {page} ({size:.1f} MB), its {figures} beside it as PNG and SVG")
    print(f"look       open {page.resolve().as_uri()} in a browser; it needs no network")
