"""What the commands' options have in common: help with an example, errors in one line."""

from __future__ import annotations

import argparse
from typing import NoReturn

from nnexp.errors import UserError


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
