"""How long a sweep still takes, told by what its runs have taken so far."""

from __future__ import annotations

from collections.abc import Mapping

AHEAD = 20.0
"""Before a run has ended, c is not known: less than these seconds are not promised."""
LATE = 0.1
"""A run that takes longer than was thought still takes so much of what was thought."""


class Pace:
    """Takes in what becomes of the runs, and when; times are seconds of any steady clock."""

    def __init__(self, work: Mapping[int, float], lanes: int) -> None:
        """`work` of each run, in any unit, by `lanes` workers."""
        self._work, self._lanes = dict(work), max(1, min(lanes, len(work)))
        self._open: dict[int, tuple[float, float]] = {}
        """When each run was first heard of, and how much of it was done then."""
        self._last: dict[int, tuple[float, float]] = {}
        self._closed: set[int] = set()
        self._trained = self._seconds = 0.0
        """Work that was seen being done, and how long it took."""
        self._ends: list[tuple[float, float]] = []
        """Of runs that have ended, their work and their seconds."""
        self._tails: list[tuple[float, float]] = []
        """The same since each was last heard of."""

    def reached(self, run: int, part: float, now: float) -> None:
        """So much of a run is done."""
        self._open.setdefault(run, (now, part))
        if run in self._last:
            since, before = self._last[run]
            if part > before:
                self._trained += (part - before) * self._work[run]
                self._seconds += now - since
        self._last[run] = (now, part)

    def ended(self, run: int, now: float) -> None:
        """A run has ended and is recorded."""
        if run in self._open:
            since, before = self._open.pop(run)
            self._ends.append(((1.0 - before) * self._work[run], now - since))
            since, before = self._last[run]
            self._tails.append(((1.0 - before) * self._work[run], now - since))
        self._closed.add(run)

    @property
    def running(self) -> int:
        """How many runs have been heard of and go on."""
        return len(self._open)

    @property
    def done(self) -> float:
        """The share of the work that is done."""
        parts = {run: part for run, (_, part) in self._last.items()}
        parts |= dict.fromkeys(self._closed, 1.0)
        whole = sum(self._work.values()) or 1.0
        return sum(work * parts.get(run, 0.0) for run, work in self._work.items()) / whole

    def left(self, now: float) -> float | None:
        """Seconds until the last run ends; None before there is anything to tell it by."""
        rate = self._rate()
        if rate is None:
            return None
        beside = self._beside(rate)
        rest = {}
        for run in self._work.keys() - self._closed:
            since, before = self._open.get(run, (now, 0.0))
            whole = rate * (1.0 - before) * self._work[run] + beside
            rest[run] = max(whole - (now - since), LATE * whole)
        # The longest first, each to the worker that is free first, as the pool hands them out.
        lanes = [0.0] * self._lanes
        for run in sorted(rest, key=lambda run: (run not in self._open, -rest[run])):
            lanes[0] += rest[run]
            lanes.sort()
        return lanes[-1] if self._ends or lanes[-1] > AHEAD else None

    def _rate(self) -> float | None:
        """Seconds for a unit of work; of runs too short to be watched, all of their time."""
        if self._trained and self._seconds:
            return self._seconds / self._trained
        work = sum(work for work, _ in self._ends)
        return sum(seconds for _, seconds in self._ends) / work if work else None

    def _beside(self, rate: float) -> float:
        """Seconds of a run beside its training.

        The first run of each worker imports what the next ones have: only half of its are taken.
        """
        seconds = [max(s - rate * w, 0.0) for w, s in self._tails]
        later = seconds[self._lanes :][-self._lanes :]
        told = later or [0.5 * s for s in seconds]
        return sum(told) / max(len(told), 1)
