"""How much is said, and where: `-q`, `-v` and `--log FILE`, allowed anywhere on a command line.

Modules tell what they are doing to loggers below `nnexp`, as is usual. By default nobody listens;
`-v` prints it on standard error, and a log file has it beside all that is printed.
"""

from __future__ import annotations

import logging
import re
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from nnexp import __version__
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.redact import redact

LOGGER = logging.getLogger("nnexp")

_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""How rich moves the cursor and changes colours."""


@dataclass(frozen=True)
class Verbosity:
    """What was asked for."""

    quiet: bool = False
    verbose: bool = False
    log: str | None = None


def split_off(arguments: Sequence[str]) -> tuple[Verbosity, list[str]]:
    """The options of this module, and the arguments without them.

    Raises:
        UserError: `--log` without a file, or before a key, or `-q` and `-v` at once.
    """
    rest, quiet, verbose, log = list[str](), False, False, None
    words = iter(arguments)
    for word in words:
        if word in ("-q", "--quiet"):
            quiet = True
        elif word in ("-v", "--verbose"):
            verbose = True
        elif word == "--log" or word.startswith("--log="):
            log = word.partition("=")[2] if "=" in word else next(words, "")
            _check_log(log)
        else:
            rest.append(word)
    if quiet and verbose:
        raise UserError("-q -v: allowed: one of them")
    return Verbosity(quiet, verbose, log), rest


def _check_log(name: str) -> None:
    if not name or name.startswith("-"):
        raise UserError("--log: has no value; allowed: --log FILE")
    if "=" in name:
        from nnexp.config.arguments import GROUPS
        from nnexp.config.compose import schema_keys

        if name.partition("=")[0] in (*GROUPS, *schema_keys()):
            raise UserError(
                f"--log {printable(name)}: a key is no file; allowed: --log FILE, such as "
                f"--log train.log {printable(name)}"
            )


@contextmanager
def said_as(asked: Verbosity, arguments: Sequence[str]) -> Iterator[None]:
    """Print and log what was asked for.

    Raises:
        UserError: the log file cannot be written.
    """
    handlers: list[logging.Handler] = []
    before = sys.stdout, sys.stderr
    if asked.verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
    if asked.log is not None:
        handlers.append(_file(asked.log))
    for handler in handlers:
        formatter = _Plain("%(asctime)s UTC %(message)s")
        formatter.converter = time.gmtime
        handler.setFormatter(formatter)
        LOGGER.addHandler(handler)
    level, propagates = LOGGER.level, LOGGER.propagate
    if handlers:
        LOGGER.setLevel(logging.DEBUG)
        LOGGER.propagate = False
    if asked.log is not None:
        typed = shlex.join(["python", "-m", "nnexp", *arguments])
        handlers[-1].handle(_record(f"nnexp {__version__}: {typed}"))
        sys.stdout, sys.stderr = (
            cast("TextIO", _Copied(stream, handlers[-1])) for stream in (sys.stdout, sys.stderr)
        )
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        LOGGER.setLevel(level)
        LOGGER.propagate = propagates
        for handler in handlers:
            LOGGER.removeHandler(handler)
            handler.close()


def _file(name: str) -> logging.Handler:
    try:
        return logging.FileHandler(Path(name), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UserError(
            f"--log {printable(name)}: cannot be written ({error.strerror or error}); allowed: a "
            "file, which is appended to"
        ) from error


def _record(text: str) -> logging.LogRecord:
    return logging.LogRecord("nnexp", logging.INFO, "", 0, text, None, None)


class _Plain(logging.Formatter):
    """Lines with the time, without secrets and without what steers a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(redact(super().format(record)))


class _Copied:
    """A stream of which every whole line goes to a log file too."""

    def __init__(self, stream: TextIO, handler: logging.Handler) -> None:
        self._stream, self._handler, self._line = stream, handler, ""

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            # A progress bar is drawn over itself; what stays is what comes after it.
            plain = _STEERING.sub("", line).rpartition("\r")[2].rstrip()
            if plain:
                with suppress(OSError):
                    self._handler.handle(_record(plain))
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
