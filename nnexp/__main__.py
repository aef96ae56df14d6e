"""The program: the first word decides which command; anything else is a training request."""

from __future__ import annotations

import atexit
import errno
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from types import FrameType

from nnexp import __version__
from nnexp.cli import BY_USE, COMMANDS
from nnexp.error_boundary import Terminated, answer
from nnexp.errors import UserError
from nnexp.help import help_text
from nnexp.memory import collect_seldom, watch_threads
from nnexp.output import drop_output, quiet_matplotlib, sound_streams, unfailing_output
from nnexp.program import MODULE, SCRIPT, as_started, started_as
from nnexp.redact import hide
from nnexp.signals import STOPS, come_again
from nnexp.verbosity import said_as, split_off

TO_THE_END = ("verify", "replay", "report", "import-curve", "export", "import", "fork")
"""Commands that do more than print: they go on though nobody reads what they say."""

OF_MANY = {"-m", "--multirun"}

ELSEWHERE = ("-h", "--help", "sweep.executor=dask", "sweep.dry_run=true")
"""Words of a request for many runs for which this machine trains nothing."""


def main(arguments: Sequence[str], *, quiet: bool = False) -> int:
    """Carry out a command line; the exit code. Training that is `quiet` prints an id alone."""
    first = arguments[0] if arguments else ""
    if first == "--completion":
        from nnexp.cli.completion import main as completion

        return completion(arguments[1:])
    if first in COMMANDS:
        if quiet:
            raise UserError(f"-q: {first} is asked for what it prints; allowed when training")
        _check_folder()
        if first == "search":
            _begin_workers(arguments, "train")
        with unfailing_output(drop=True) if first in TO_THE_END else nullcontext():
            return COMMANDS[first](list(arguments[1:]))
    if any(word in ("-h", "--help") for word in arguments):
        print(as_started(help_text(BY_USE)), end="")
        return 0
    if "--version" in arguments:
        print(f"nnexp {__version__}")
        return 0
    _check_folder()
    if not OF_MANY.isdisjoint(arguments):
        _begin_workers(arguments, "all")
    from nnexp.hydra_app import run

    return run(arguments, quiet=quiet)


def _begin_workers(arguments: Sequence[str], reads: str) -> None:
    """Let worker processes get ready, if there will be some, while this one imports what it needs.

    Those that are wanted after all are begun later; those that are not end with this process.
    What is read of the usual data, which nearly all are trained on, they have already.
    """
    if not any(word in ELSEWHERE for word in arguments):
        from nnexp.runner.worker_processes import get_ready

        usual = not any(word.startswith(("data=", "data.")) for word in arguments)
        get_ready(reads if usual else "")


def _check_folder() -> None:
    """Nearly all commands read or write in the working folder; somebody may have deleted it."""
    try:
        os.getcwd()
    except OSError as error:
        raise UserError(
            f"the working folder cannot be used ({error.strerror}); allowed: one that is there"
        ) from error


def script() -> None:
    """The console script: `entry` in a process of its own, which starts and ends quickly."""
    collect_seldom()
    started_as(SCRIPT if os.path.basename(sys.argv[0]) == SCRIPT else MODULE)
    code = 1
    sound_streams()
    # Registered first, it is called last.
    atexit.register(lambda: _leave(code))
    try:
        entry()
    except SystemExit as ended:
        code = answer(ended)
        raise


def entry() -> None:
    """`main` with errors as one line and their exit codes. Raises SystemExit."""
    # Products here are small; more BLAS threads than one only cost time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for number in STOPS[1:]:
        # Under nohup SIGHUP is ignored, and stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _terminate)
    sys.unraisablehook = come_again
    # Hydra prints by logging, which answers a closed pipe (`… | head`) with pages of its own.
    logging.raiseExceptions = False
    quiet_matplotlib()
    code = _logged(sys.argv[1:])
    # What is left to do is tidying up; stopping it would only print a traceback.
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


def _logged(arguments: Sequence[str]) -> int:
    """The exit code of a command line, what it says being said as `-q`, `-v` and `--log` ask."""
    try:
        watch_threads()
        for argument in arguments:
            hide(argument)
        asked, rest = split_off(arguments)
        with said_as(asked, rest):
            return _exit_code(rest, quiet=asked.quiet)
    except Exception as error:
        return answer(error)


def _exit_code(arguments: Sequence[str], *, quiet: bool = False) -> int:
    """`main` with what it raises as one line, and its output written."""
    try:
        code = _with_parts(arguments, quiet=quiet)
    except BrokenPipeError:
        # The reader of our output has gone (`nnexp runs | head`); that is no error of ours.
        drop_output()
        return 0
    except BaseException as error:
        code = answer(error)
    try:
        sys.stdout.flush()
    except OSError as error:
        drop_output()
        if error.errno != errno.EPIPE:
            error.filename = error.filename or "standard output"
            code = code or answer(error)
    return code


def _with_parts(arguments: Sequence[str], *, quiet: bool) -> int:
    """`main`, with the files loaded that `--load` names."""
    if not any(word.partition("=")[0] == "--load" for word in arguments):
        return main(arguments, quiet=quiet)
    from nnexp.extension_files import split_off as split_off_parts
    from nnexp.extension_files import with_parts

    files, rest = split_off_parts(arguments)
    with with_parts(files):
        return main(rest, quiet=quiet)


def _leave(code: int) -> None:
    """End the process without taking down, object by object, all that was imported."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            if stream is not None:
                stream.flush()
    os._exit(code)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated(signal.Signals(number).name)


if __name__ == "__main__":
    script()
