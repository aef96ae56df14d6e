"""What the commands' options have in common: help with an example, errors in one line."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from nnexp.errors import UserError
from nnexp.redact import redact

if TYPE_CHECKING:
    import pandas as pd


def command(name: str, arguments: Iterable[str]) -> str:
    """A command as it was typed, to be shown again: without the passwords of addresses."""
    return shlex.join(["python", "-m", "nnexp", name, *map(redact, arguments)])


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The options that choose runs and the form of the output."""
    parser.add_argument(
        "--experiment", default="nnexp", metavar="NAME", help="MLflow experiment (default nnexp)"
    )
    parser.add_argument("--sweep", metavar="ID", help="only runs that this sweep trained")
    parser.add_argument(
        "--where", metavar="FILTER", help="only these runs, in MLflow's filter syntax"
    )
    parser.add_argument(
        "--format", choices=["table", "csv", "json"], default="table", help="form of the output"
    )


def selected(options: argparse.Namespace) -> pd.DataFrame:
    """The frame of the runs that the options of `add_selection` choose.

    Raises:
        UserError: no such experiment or sweep, or a filter that MLflow does not understand.
    """
    from nnexp.study.frames import runs

    frame = runs(options.tracking_uri, options.experiment, options.where)
    if options.sweep is None:
        return frame
    chosen = frame[frame["sweep"].astype(str).str.startswith(options.sweep.lower())]
    if not options.sweep or chosen["sweep"].nunique() != 1:
        how = "no runs" if chosen.empty else "runs of several sweeps"
        raise UserError(
            f"--sweep {options.sweep}: {how} in experiment {options.experiment} with such an id; "
            "python -m nnexp sweeps lists them"
        )
    return chosen.reset_index(drop=True)


class Parser(argparse.ArgumentParser):
    """An argument parser whose refusals are one line, exit code 2."""

    def __init__(self, name: str, description: str, example: str) -> None:
        super().__init__(
            prog=f"python -m nnexp {name}",
            description=description,
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.add_argument(
            "--tracking-uri",
            metavar="URI",
            help="where runs are recorded (default: MLFLOW_TRACKING_URI, or mlflow.db here)",
        )

    def error(self, message: str) -> NoReturn:
        """Refuse in one line."""
        raise UserError(f"{self.prog.rpartition(' ')[2]}: {message}; see --help")
