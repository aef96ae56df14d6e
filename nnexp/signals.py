"""Ctrl-C and SIGTERM at the wrong moment: held back until what was begun is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held_stops(*, forget: bool = False) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait for the end of the block; with `forget`, they are dropped.

    For steps of a few requests to the store: half a run is recorded by nobody who could tidy it.
    Python runs handlers in the main thread only, so that blocks in other threads need no holding.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.getsignal(number) for number in _STOPS}
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
