"""How this program was started: what it calls itself in what it says."""

from __future__ import annotations

MODULE, SCRIPT = "python -m nnexp", "nnexp"

_said = [MODULE]


def started_as(name: str) -> None:
    """Say how this process was started: `MODULE` or `SCRIPT`."""
    _said[:] = [name]


def as_started(text: str) -> str:
    """Text written for `python -m nnexp …`, as the user would type it.

    Commands in the record stay as they are: they are the same for everybody.
    """
    return text.replace(MODULE, _said[0]) if _said[0] != MODULE else text
