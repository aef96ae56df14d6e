"""Errors that are the user's to mend: shown as one line, never as a traceback."""

from __future__ import annotations


class NnexpError(Exception):
    """Base of the errors this program raises itself."""

    exit_code = 1
    run_id = ""
    """The run or sweep that it is about, where one is recorded."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback: the same line as the command line."""
        return [f"nnexp: {self}"]


class UserError(NnexpError):
    """A request that cannot be carried out as typed.

    The message is one line that names the key (or file, or address), the value, and what is
    allowed. The command line prints it on standard error and exits with code 2.
    """

    exit_code = 2


def stopped_by(stop: KeyboardInterrupt) -> str:
    """What stopped the program, in words: the signal that it was made of, else Ctrl-C."""
    return f"stopped by {stop.args[0] if stop.args else 'Ctrl-C'}"


def reason_of(error: BaseException) -> str:
    """Why something ended early, as a record says it: of the user's own mistakes the line alone."""
    if isinstance(error, KeyboardInterrupt):
        return stopped_by(error)
    return str(error) if isinstance(error, NnexpError) else f"{type(error).__name__}: {error}"
