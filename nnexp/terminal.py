"""Consoles: as wide as the terminal, and wide enough for tables where there is none."""

from __future__ import annotations

import os
import sys
from typing import Any

import rich.console
from rich.markup import escape
from rich.table import Table

from nnexp.config.arguments import printable
from nnexp.program import as_started

WIDTH = 160
"""Columns of output that goes to a file or a pipe."""


class Console(rich.console.Console):
    """A console of this program: `new_console` makes one."""

    def say(self, *lines: str) -> None:
        """Print lines as they are: no markup, no colours, nothing that steers a terminal."""
        for line in lines:
            self.print(safe(line), highlight=False)

    def print(self, *objects: Any, **options: Any) -> None:
        """As rich does, commands named as this program was started."""
        super().print(*(as_started(o) if isinstance(o, str) else o for o in objects), **options)

    def on_broken_pipe(self) -> None:
        """Raise what was raised."""
        # rich would end the program with exit code 1; that the reader has gone is no error.
        raise


def new_console(*, stderr: bool = False) -> Console:
    """A console on standard output, or error; in a notebook too, where rich would show HTML."""
    stream = sys.stderr if stderr else sys.stdout
    piped = not stream.isatty() and "COLUMNS" not in os.environ
    width = WIDTH if piped else None
    return Console(stderr=stderr, soft_wrap=True, width=width, force_jupyter=False)


def plain_table(**options: Any) -> Table:
    """A table without lines, which output in a file or a pipe can be read as too."""
    return Table(box=None, pad_edge=False, header_style="bold", **options)


def safe(text: str) -> str:
    """Text from a record as it is: no markup, and no control characters that steer a terminal."""
    return escape(printable(text))
