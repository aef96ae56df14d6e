"""Which recorded networks a command is about: its options, and the networks that they choose."""

from __future__ import annotations

import argparse

from nnexp.cli.formats import add_format
from nnexp.cli.printed_tables import FORMS
from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.study.members import Members, members


def add_networks(parser: argparse.ArgumentParser) -> None:
    """The options that choose networks and the form of the output."""
    parser.add_argument("sweep", nargs="?", metavar="SWEEP_ID", help="the runs of this sweep")
    parser.add_argument(
        "--experiment", default="nnexp", metavar="NAME", help="MLflow experiment (default nnexp)"
    )
    parser.add_argument(
        "--where", metavar="FILTER", help="only these runs, in MLflow's filter syntax"
    )
    add_format(parser, FORMS)


def networks(store: Store, options: argparse.Namespace) -> list[Members]:
    """The settings that the options of `add_networks` choose.

    Raises:
        UserError: a sweep and a filter at once, or what `members` refuses.
    """
    if options.sweep and options.where:
        raise UserError("--where: allowed without SWEEP_ID")
    return members(store, sweep=options.sweep, experiment=options.experiment, where=options.where)
