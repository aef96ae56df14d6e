"""The one place where what was raised becomes a line on standard error and an exit code.

What this program foresees is a `NnexpError`. Anything else is either the machine's doing (a full
disk, a store that fails), or a mistake of this program: its traceback goes into a crash log.
"""

from __future__ import annotations

import errno
import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nnexp import __version__
from nnexp.config.arguments import printable
from nnexp.errors import NnexpError, stopped_by
from nnexp.memory import Starved, address_space
from nnexp.program import as_started
from nnexp.redact import redact
from nnexp.signals import block_interrupts

UNFORESEEN = 70
"""The exit code of an error that nobody foresaw (EX_SOFTWARE of sysexits.h)."""

LONGEST = 300
"""Characters of a foreign message that are shown."""

_MACHINE = {
    getattr(errno, name, None)
    for name in (
        *("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO"),
        *("EMFILE", "ENFILE", "ENOMEM"),
    )
}
"""What a disk, its permissions or a limit say, rather than a mistake of this program."""

_folders: list[Path] = []


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, its argument, handled as Ctrl-C is but for the exit code."""


def logs_beside(folder: Path) -> None:
    """Crash logs of this process go into a store's folder from here on."""
    _folders[:] = [folder]


def answer(error: BaseException) -> int:
    """Say what was raised, in one line; the exit code."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    error = _stop_behind(error) or error
    if isinstance(error, Terminated):
        _say(stopped_by(error))
        return 128 + signal.Signals[str(error)]
    if isinstance(error, Starved):
        _say("there is not enough memory (a thread gets none to begin with)")
        return 1
    if isinstance(error, KeyboardInterrupt):
        # Python ends by the signal itself, not with our code, if it came while code was evaluated
        # from text, as some imports do; and an impatient second one would interrupt the tidying.
        block_interrupts()
        _say(stopped_by(error))
        return 130
    code, line = _foreseen(error)
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        _print(_traceback(error))
    elif line:
        _say(line)
    else:
        _say(_crashed(error))
    return code


def _stop_behind(error: BaseException) -> KeyboardInterrupt | None:
    """The stop that Python or a library made another error of, as some do of any in an import."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__cause__
    return cause


def _foreseen(error: BaseException) -> tuple[int, str]:
    """The exit code, and the line if this is an error one has to reckon with."""
    if isinstance(error, NnexpError):
        return error.exit_code, str(error)
    if isinstance(error, ModuleNotFoundError) and not str(error.name).startswith("nnexp"):
        return 2, _missing(str(error.name))
    if isinstance(error, MemoryError) or _lacks_memory(error):
        return 1, f"there is not enough memory{f' ({error})' if str(error) else ''}"
    if isinstance(error, OSError) and error.errno in _MACHINE:
        return 1, str(error) if error.filename or not _folders else f"{error}, {_recording()}"
    from nnexp.record.store_errors import denial, is_denied, is_from_store, said_by_store

    if is_from_store(error) and is_denied(error):
        return 2, denial(error)
    if is_from_store(error):
        return 1, f"the tracking store failed: {said_by_store(error)}"
    return UNFORESEEN, ""


def _recording() -> str:
    """Where most is written, for a write that does not say to which file."""
    return f"recording in {_folders[0].parent}"


def _lacks_memory(error: BaseException) -> bool:
    """Whether a limit (`ulimit -v`) keeps a library from being loaded or from saying what it lacks.

    None of these says so by its type; without a limit they are mistakes, or something is damaged.
    """
    if address_space() is None:
        return False
    starved = isinstance(error, ImportError | SystemError)
    return starved or "can't start new thread" in str(error)


def _missing(module: str) -> str:
    """This Python lacks what is needed; in a checkout, `make` sets up one that has it."""
    return (
        f"{module} is not installed for {sys.executable}; allowed: make run, which sets up .venv "
        "in a checkout, or a Python for which nnexp was installed by pip"
    )


def _crashed(error: BaseException) -> str:
    said = " ".join(redact(str(error)).split())
    said = f"{said[:LONGEST]}…" if len(said) > LONGEST else said
    path = crash_log(error)
    where = f"its traceback is in {path}" if path else "HYDRA_FULL_ERROR=1 shows its traceback"
    return f"unexpected {type(error).__name__}{': ' if said else ''}{said}; {where}"


def crash_log(error: BaseException) -> Path | None:
    """Write what was raised, without secrets, for whoever mends it; None if nowhere can be written.

    It lies beside the store, else in the working folder's `.nnexp`, else in the temporary folder.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    typed = shlex.join(["python", "-m", "nnexp", *map(redact, sys.argv[1:])])
    text = (
        f"nnexp {__version__}, Python {sys.version.split()[0]}, {stamp} UTC\n{printable(typed)}\n"
    )
    for folder in _places():
        path = folder / f"crash-{stamp}-{os.getpid()}.log"
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
            path.write_text(f"{text}\n{_traceback(error)}\n", encoding="utf-8")
            return path
    return None


def _places() -> Iterator[Path]:
    yield from _folders
    with suppress(OSError):
        yield Path(".nnexp").absolute()
    with suppress(OSError):
        yield Path(tempfile.gettempdir())


def _traceback(error: BaseException) -> str:
    import traceback

    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(map(printable, redact("\n".join(lines)).splitlines()))


def _say(line: str) -> None:
    _print(as_started(f"nnexp: {printable(redact(line))}"))


def _print(text: str) -> None:
    # Whoever read our errors may have gone too.
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)
