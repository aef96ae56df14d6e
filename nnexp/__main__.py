"""The program: the first word decides which command; anything else is a training request."""

from __future__ import annotations

import atexit
import errno
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from nnexp import __version__
from nnexp.commands import COMMANDS
from nnexp.config.arguments import printable
from nnexp.errors import NnexpError
from nnexp.help import help_text
from nnexp.redact import redact


class Terminated(KeyboardInterrupt):
    """SIGTERM, handled as Ctrl-C is but for the exit code."""


def main(arguments: Sequence[str]) -> int:
    """Carry out a command line; the exit code."""
    first = arguments[0] if arguments else ""
    if first in COMMANDS:
        return COMMANDS[first](list(arguments[1:]))
    if any(word in ("-h", "--help") for word in arguments):
        print(help_text(list(COMMANDS)), end="")
        return 0
    if "--version" in arguments:
        print(f"nnexp {__version__}")
        return 0
    from nnexp.hydra_app import run

    return run(arguments)


def script() -> None:
    """The console script: `entry` in a process of its own, which starts and ends quickly."""
    # Imports make a million objects that stay; looking for garbage among them over and over would
    # be a sixth of the start.
    gc.set_threshold(200_000, 20, 20)
    code = 1
    # Registered first, it is called last.
    atexit.register(lambda: _leave(code))
    try:
        entry()
    except SystemExit as ended:
        code = _code_of(ended)
        raise


def entry() -> None:
    """`main` with errors as one line and their exit codes. Raises SystemExit."""
    # Products here are small; more BLAS threads than one only cost time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, _terminate)
    # Hydra prints by logging, which answers a closed pipe (`… | head`) with pages of its own.
    logging.raiseExceptions = False
    code = _exit_code(sys.argv[1:])
    # What is left to do is tidying up; stopping it would only print a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(code)


def _exit_code(arguments: Sequence[str]) -> int:
    """`main` with what it raises as one line."""
    try:
        code = main(arguments)
        sys.stdout.flush()
    except SystemExit as ended:
        code = _code_of(ended)
    except NnexpError as error:
        if os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        print(f"nnexp: {printable(redact(str(error)))}", file=sys.stderr)
        code = error.exit_code
    except Terminated:
        print("nnexp: stopped by SIGTERM", file=sys.stderr)
        code = 143
    except KeyboardInterrupt:
        # Python ends by the signal itself, not with our code, if it came while code was evaluated
        # from text, as some imports do; and an impatient second one would interrupt the tidying.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        print("nnexp: stopped by Ctrl-C", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        # The reader of our output has gone (`nnexp runs | head`); that is no error of ours.
        _drop_output()
        code = 0
    except OSError as error:
        if error.errno != errno.ENOSPC or os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        print(f"nnexp: {printable(str(error))}", file=sys.stderr)
        _drop_output()
        code = 1
    except Exception as error:
        from nnexp.record.store import is_from_store, said_by_store

        if os.environ.get("HYDRA_FULL_ERROR") == "1" or not is_from_store(error):
            raise
        said = printable(said_by_store(error))
        print(f"nnexp: the tracking store failed: {said}", file=sys.stderr)
        code = 1
    return code


def _code_of(ended: SystemExit) -> int:
    return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def _drop_output() -> None:
    """What is still to be written to standard output can go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave(code: int) -> None:
    """End the process without taking down, object by object, all that was imported."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if stream is not None:
                stream.flush()
    os._exit(code)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated("SIGTERM")


if __name__ == "__main__":
    script()
