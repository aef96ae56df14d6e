"""What the commands' options have in common: help with an example, errors in one line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from typing import Any, NoReturn

from nnexp.config.arguments import printable
from nnexp.config.shell_words import joined
from nnexp.config.suggest import suggestion
from nnexp.errors import UserError
from nnexp.program import as_started
from nnexp.redact import redact


def command(name: str, arguments: Iterable[str]) -> str:
    """A command as it was typed, to be shown again: without the passwords of addresses."""
    return joined(["python", "-m", "nnexp", name, *map(redact, arguments)])


def seconds(text: str) -> float | None:
    """A time such as `90s`, `10min` or `2h`, in seconds; None if it is none, or no time at all."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(s|min|h)", text)
    units = {"s": 1.0, "min": 60.0, "h": 3600.0}
    return (float(found[1]) * units[found[2]] or None) if found else None


class _Once(argparse.Action):
    """Keeps a value; another one for the same option is refused, as one would be forgotten."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Keep the value.

        Raises:
            UserError: the option has another value already.
        """
        given: dict[str, Any] = parser.given if isinstance(parser, Parser) else {}
        # By their texts: nan is not equal to itself, and arguments are looked at twice.
        if option_string and str(given.setdefault(self.dest, values)) != str(values):
            told = ", ".join(printable(redact(str(v))) for v in (given[self.dest], values))
            raise UserError(f"{option_string}: two values: {told}; allowed: one")
        setattr(namespace, self.dest, values)


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
        self.given: dict[str, Any] = {}
        """The values of options that are given once, as they were read."""
        for kind in (None, "store"):
            self.register("action", kind, _Once)
        self.add_argument(
            "--tracking-uri",
            metavar="URI",
            help="where runs are recorded (default: MLFLOW_TRACKING_URI, or mlflow.db here)",
        )

    def format_help(self) -> str:
        """The help page, commands named as this program was started."""
        return as_started(super().format_help())

    def error(self, message: str) -> NoReturn:
        """Refuse in one line."""
        number = re.fullmatch(r"argument (--\S+): invalid (int|float) value: '(.*)'", message)
        if number:
            kind = {"int": "a whole number", "float": "a number"}[number[2]]
            raise UserError(f"{number[1]} {printable(number[3])}: allowed: {kind}")
        unknown = re.match(r"unrecognized arguments: (--[^\s=]+)", message)
        message += suggestion(unknown[1], self._option_string_actions) if unknown else ""
        raise UserError(f"{self.prog.rpartition(' ')[2]}: {message}; see --help")
