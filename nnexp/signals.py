"""Stops (Ctrl-C, SIGTERM, SIGHUP): held back until what was begun is whole, left to one process.

The terminal sends Ctrl-C to helper processes too. One that is still starting has Python's own
handler, which would print a traceback. So it is started with the signal blocked, which it inherits,
and ignores the signal before it unblocks it.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""The signals that end this program; Windows has no SIGHUP."""

AGAIN_SECONDS = 0.05
"""After so long a stop that was swallowed comes again."""


@contextmanager
def held_stops(*, forget: bool = False) -> Iterator[None]:
    """Let stops wait for the end of the block; with `forget`, they are dropped.

    For steps of a few requests to the store: half a run is recorded by nobody who could tidy it.
    Python runs handlers in the main thread only, so that blocks in other threads need no holding.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.getsignal(number) for number in STOPS}
    ours = [number for number, handler in before.items() if callable(handler)]
    for number in ours:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
        if came and not forget:
            signal.raise_signal(came[0])


def come_again(swallowed: sys.UnraisableHookArgs) -> None:
    """Let a stop that nothing could raise come again shortly; a `sys.unraisablehook`.

    What is raised in a destructor or in a callback of a library Python only prints, and goes on.
    """
    if not issubclass(swallowed.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(swallowed)
        return
    name = str(swallowed.exc_value or "") or "SIGINT"
    # Not at once: it would be raised in here, and be swallowed again.
    timer = threading.Timer(AGAIN_SECONDS, _thread.interrupt_main, [signal.Signals[name]])
    timer.daemon = True
    timer.start()


def block_interrupts() -> None:
    """Let Ctrl-C wait from here on, where the system can."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


@contextmanager
def held_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back; processes started meanwhile begin with it held back too.

    Not on Windows, where a process cannot be started so.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    # Python starts this helper of its own with the first process, and lets Ctrl-C through then.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore_interrupts() -> None:
    """In a helper process: leave Ctrl-C and a closed terminal to the process that started it."""
    for number in STOPS:
        if number != signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
