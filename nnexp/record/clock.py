"""The time that goes into the record: milliseconds since 1970, never running backwards.

The clock on the wall may be set back while a run is going on; values measured later must not seem
older, nor a run end before it began. So the wall is asked once per process, and what has passed
since is measured by a clock that nobody sets.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime


def _elapsed() -> float:
    """Seconds by a clock that nobody sets, sleep of the machine included where that is known."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


_WALL, _START = time.time(), _elapsed()


def now() -> int:
    """Milliseconds since 1970, as MLflow counts time."""
    return int((_WALL + _elapsed() - _START) * 1000)


def shown_time(milliseconds: int | None) -> str:
    """A recorded time (UTC) to be read, to the minute; a dash for one that no calendar has."""
    with suppress(TypeError, ValueError, OverflowError, OSError):
        return f"{datetime.fromtimestamp((milliseconds or 0) / 1000, UTC):%Y-%m-%d %H:%M}"
    return "-"
