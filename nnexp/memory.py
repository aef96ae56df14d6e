"""How much memory this process may take (`ulimit -v`), and how Python deals with it."""

from __future__ import annotations

import gc
import signal
import threading
from types import FrameType

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

TICK_SECONDS = 2.0
"""A thread begins in far less."""


class Starved(KeyboardInterrupt):
    """A stop for want of memory; no library that catches exceptions holds it back."""

    def __init__(self) -> None:
        super().__init__("want of memory")


def collect_seldom() -> None:
    """Let Python look for garbage less often, in a process that begins with importing a lot.

    Imports make a million objects that stay; looking through them over and over would be a sixth
    of the start.
    """
    gc.set_threshold(200_000, 20, 20)


def address_space() -> int | None:
    """The most bytes of address space that this process may take; None if there is no limit."""
    if resource is None:
        return None
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if most == resource.RLIM_INFINITY else most


def watch_threads() -> None:
    """Where memory is limited, give up on a thread that gets none to begin with.

    `Thread.start` waits until the new thread says that it runs, and so for ever if that one has
    died before. From here on `Starved` is raised in the main thread where it waits so.
    """
    if address_space() is None:
        return
    waiting: FrameType | None = None

    def look(number: int, frame: FrameType | None) -> None:
        nonlocal waiting
        before, waiting = waiting, _starting(frame)
        if waiting is not None and waiting is before:
            waiting = None
            raise Starved

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, TICK_SECONDS, TICK_SECONDS)


def _starting(frame: FrameType | None) -> FrameType | None:
    """The call of `Thread.start` that a frame is part of."""
    while frame is not None and frame.f_code is not threading.Thread.start.__code__:
        frame = frame.f_back
    return frame
