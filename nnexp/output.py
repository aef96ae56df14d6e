"""Standard output and error: there from the start, and no reason to lose what is being done.

A program may be started without them (`>&-`), with an encoding that lacks our letters
(`PYTHONIOENCODING=ascii`), or with a reader that goes away (`| head -1`, a closed terminal).
"""

from __future__ import annotations

import codecs
import errno
import io
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast


def sound_streams() -> None:
    """Make the standard streams ones that can be written to; for a process of our own only."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number is taken. Left open, it would be given to a database or a pipe, and
            # whatever is printed by a library would go there.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout, sys.stderr = _named(_sound(sys.stdout)), _sound(sys.stderr)


def quiet_matplotlib() -> None:
    """Keep off the screen what matplotlib says while it is imported; to be called before.

    Such as where it may keep a cache, if its folder cannot be written: nothing depends on it.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)


class _StandardOutput(io.TextIOWrapper):
    """Standard output, whose errors say that they are its own: else a store seems to be full."""

    def write(self, text: str, /) -> int:
        with _of_output():
            return super().write(text)

    def flush(self) -> None:
        with _of_output():
            super().flush()


@contextmanager
def _of_output() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # A reader that has gone is another matter, and known by its type.
        if not isinstance(error, BrokenPipeError):
            error.filename = error.filename or "standard output"
        raise


def _named(stream: TextIO) -> TextIO:
    if type(stream) is not io.TextIOWrapper:
        return stream
    encoding, errors = stream.encoding, stream.errors
    lines, through = stream.line_buffering, stream.write_through
    return _StandardOutput(
        stream.detach(), encoding, errors, line_buffering=lines, write_through=through
    )


def _sound(stream: TextIO | None) -> TextIO:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper) and (
        stream.errors == "strict"
        # As in the locale C, whose encoding takes names of files as they are, but no Greek letter.
        or (stream.errors == "surrogateescape" and codecs.lookup(stream.encoding).name != "utf-8")
    ):
        stream.reconfigure(errors="backslashreplace")
    return stream


def drop_output() -> None:
    """What is still to be written to standard output can go nowhere."""
    with suppress(OSError, ValueError):  # A notebook's has no number.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def unfailing_output(*, drop: bool = False) -> Iterator[None]:
    """Let work go on though nobody reads what it prints, or a full disk does not take it.

    With `drop`, what was lost is forgotten afterwards too: the exit code says how the work ended.
    """
    before = sys.stdout, sys.stderr
    out, err = (_Unfailing(stream) for stream in before)
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        if drop and out.lost:
            drop_output()


class _Unfailing:
    """A text stream that drops what it cannot write."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = False

    def write(self, text: str) -> int:
        if not self.lost:
            try:
                self._stream.write(text)
            except OSError as error:
                self._lose(error)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if not self.lost:
            try:
                self._stream.flush()
            except OSError as error:
                self._lose(error)

    def _lose(self, error: OSError) -> None:
        self.lost = True
        # That a reader has gone is no trouble, and a terminal that has gone reads nothing.
        if error.errno not in (errno.EPIPE, errno.EIO):
            with suppress(OSError):
                print(f"nnexp: output cannot be written: {error}; going on", file=sys.stderr)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
