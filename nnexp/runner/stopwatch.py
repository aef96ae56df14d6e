"""What the time of a run goes to."""

from __future__ import annotations

import time

DRAWING = "figures and model"
"""What the making of artifacts is called among the times of a run."""


class Stopwatch:
    """Seconds since it was made, by a clock that never jumps."""

    def __init__(self) -> None:
        self._start = self._lap = time.perf_counter()
        self.laps: dict[str, float] = {}
        """Seconds by what they went to, in order."""

    def lap(self, what: str = "") -> None:
        """What was done since the lap before; without a word, it is not kept."""
        now = time.perf_counter()
        if what:
            self.laps[what] = now - self._lap
        self._lap = now

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._start
