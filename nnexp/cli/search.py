"""`python -m nnexp search`: a setting chosen on validation data, raced over seeds, tested once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace

from nnexp.cli.formats import add_format, print_json
from nnexp.cli.options import Parser, seconds
from nnexp.cli.printed_tables import FORMS as PRINTED
from nnexp.cli.printed_tables import print_tables
from nnexp.cli.search_text import endings, plain, tables
from nnexp.output import unfailing_output
from nnexp.selection.plan import METRICS, Asked
from nnexp.selection.samplers import SAMPLERS
from nnexp.selection.search import search_all
from nnexp.selection.spaces import FORMS
from nnexp.terminal import new_console

USUAL = Asked(())


def main(arguments: Sequence[str]) -> int:
    """Carry out searches and print what was chosen."""
    options = _parser().parse_intermixed_args(arguments)
    uri = options.tracking_uri
    asked = Asked(**{option: getattr(options, option) for option in vars(USUAL)})
    overrides = [*asked.overrides, *([f"tracking.uri={uri}"] if uri else [])]
    typed = asked.command()
    shown = options.format == "table"
    console = new_console(stderr=not shown)
    found = []
    with unfailing_output(drop=True), nullcontext() if shown else redirect_stdout(sys.stderr):
        for searched in search_all(replace(asked, overrides=overrides), typed, console):
            found.append(searched)
            if shown:
                print_tables(tables([searched]), "table")
                console.say(*endings(searched, typed))
    if options.format == "json":
        print_json([plain(searched) for searched in found])
    elif not shown or len(found) > 1:
        print_tables(tables(found), options.format)
    return 0


def _parser() -> Parser:
    parser = Parser(
        "search",
        "Choose the best setting on validation data. Trials are trained with one seed; the best of "
        "them race\nover further seeds, and one is dropped only when it is shown to be worse. The "
        "chosen setting is trained\nwith seeds that the search has not used, and only then are "
        "test data looked at.\nA killed search is gone on with by the same command. docs/search.md "
        "says more.",
        "python -m nnexp search train.eta='log(0.01,3)' reg=l2 reg.lmbda='log(0.001,10)' "
        "--for size=1k,10k --trials 40",
    )
    parser.add_argument(
        "overrides", nargs="*", metavar="KEY=VALUE", help=f"KEY=RANGE is searched over: {FORMS}"
    )
    _count_option(parser, "trials", "settings to try")
    parser.add_argument("--for", dest="each", metavar="KEY=A,B", help="one search for each value")
    parser.add_argument("--metric", metavar="NAME", help=f"what is chosen by: {', '.join(METRICS)}")
    parser.add_argument(
        "--budget",
        type=_seconds,
        metavar="TIME",
        help="begin no more trials after so much training, added over processes: 90s, 20min, 2h",
    )
    parser.add_argument(
        "--sampler", default=USUAL.sampler, metavar="NAME", help=f"{', '.join(SAMPLERS)} (tpe)"
    )
    _count_option(parser, "finalists", "settings that race over further seeds")
    _count_option(parser, "seeds", "seeds of the race, at most")
    _count_option(parser, "fresh", "seeds that the chosen setting is trained with at the end")
    _count_option(
        parser, "width", "trials that are asked for at once, whatever the number of cores"
    )
    parser.add_argument(
        "--no-pruning",
        dest="prune",
        action="store_false",
        help="train every trial to its last epoch, also those that fall behind",
    )
    add_format(parser, PRINTED)
    return parser


def _count_option(parser: Parser, name: str, what: str) -> None:
    usual, what = getattr(USUAL, name), f"{what} ({getattr(USUAL, name)})"
    parser.add_argument(f"--{name}", type=_count, default=usual, metavar="N", help=what)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100_000):
        raise argparse.ArgumentTypeError(f"{text}: allowed: a whole number, 1 to 100,000")
    return int(text)


def _seconds(text: str) -> float:
    if (found := seconds(text)) is None:
        raise argparse.ArgumentTypeError(f"{text}: allowed: a time such as 90s, 20min or 2h")
    return found
