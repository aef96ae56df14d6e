"""A simulated machine: processes of which one runs at a time, a clock, and faults, all by a seed.

A process is a thread that hands on the only token at every step: at every call of the system and of
the store. Which process goes on, how long a step takes and what goes wrong at it is drawn from one
generator, so that a seed says what happens. A process that has died raises `Died` at each further
step, so that nothing that its `finally` and `except` blocks would do has an effect.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from nnexp.error_boundary import Terminated

STEPS = 60_000
"""More than any scenario needs: one that takes so many does not end."""

POLL_SECONDS = 0.25
"""How often a process looks again at what it waits for."""


class Died(BaseException):
    """The process was killed: no line of it may do anything any more."""


class NoEnd(AssertionError):
    """The processes wait for each other, or go on for ever."""


@dataclass(frozen=True)
class Faults:
    """How likely what goes wrong is at a step, or a call of the store."""

    death: float = 0.0
    stop: float = 0.0
    """SIGTERM, or Ctrl-C."""
    away: float = 0.0
    """The store answers nothing for a while."""
    failing: float = 0.0
    """One call fails, before or after it was carried out."""
    lying: float = 0.0
    """For a while the store says it has taken what it has not."""
    full: float = 0.0
    """The disk takes nothing for a while."""
    power: float = 0.0
    """The machine loses power: all processes die, and what files and store have not synced."""
    most: int = 6
    """Deaths and stops there are at most: sooner or later a command comes to its end."""

    @classmethod
    def drawn(cls, draw: random.Random) -> Faults:
        """Some kinds of faults, others not: all at once would hide what each does alone."""

        def rate(*rates: float) -> float:
            return draw.choice((0.0, *rates))

        return cls(
            death=rate(0.002, 0.01),
            stop=rate(0.002),
            away=rate(0.01),
            failing=rate(0.02, 0.1),
            lying=rate(0.01),
            full=rate(0.003),
            power=rate(0.002, 0.005),
        )


@dataclass(eq=False)
class Process:
    """A process of the simulated machine."""

    pid: int
    parent: Process | None
    name: str
    run: Callable[[], Any]
    gate: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    thread: threading.Thread | None = None
    dead: bool = False
    ended: bool = False
    killed: bool = False
    """By another process, which waits until its thread is gone."""
    wakes: float = 0.0
    waits: Callable[[], bool] | None = None
    held: list[list[str]] = field(default_factory=list)
    """Stops that wait, for each block that holds them back."""
    at_end: list[Callable[[], None]] = field(default_factory=list)
    """What the system does when it is gone: give back locks, close files."""


class World:
    """Processes, clock and faults of one seed."""

    def __init__(self, seed: int, faults: Faults | None = None) -> None:
        self.draw = random.Random(seed)
        self.faults = Faults.drawn(self.draw) if faults is None else faults
        self.now = 1000.0
        """Seconds since boot."""
        self.trace: list[str] = []
        self.processes: dict[int, Process] = {}
        self.running: Process | None = None
        self.stuck = ""
        self.boot = 0
        self.at_power_loss: list[Callable[[], None]] = []
        """What disk and store do then."""
        self._patience = self.draw.choice((0.3, 0.8, 0.97))
        self._accidents = 0
        self._away = self._lies = self._full = 0.0
        self._steps = 0
        self._here = threading.local()
        self._over = threading.Event()

    @property
    def me(self) -> Process | None:
        """The simulated process that asks, if it is one."""
        return getattr(self._here, "process", None)

    @property
    def alive(self) -> list[Process]:
        """The processes that are there."""
        return [process for process in self.processes.values() if not process.ended]

    def start(self, name: str, run: Callable[[], Any], parent: Process | None = None) -> Process:
        """A new process, that runs when it is its turn."""
        process = Process(100 + len(self.processes), parent, name, run)
        process.thread = threading.Thread(target=self._live, args=(process,), daemon=True)
        self.processes[process.pid] = process
        process.thread.start()
        return process

    def go(self) -> None:
        """Let the processes run until all have ended.

        Raises:
            NoEnd: they do not.
        """
        self._over.clear()
        if self.alive:
            self._hand_over()
            self._over.wait()
        if self.stuck:
            raise NoEnd(self.stuck)

    def note(self, text: str) -> None:
        """Keep what happens, to be read if it went wrong."""
        who = f"{self.me.pid} {self.me.name}" if self.me else "-"
        self.trace.append(f"{self.now:9.2f} {who}: {text}")

    def step(self, what: str) -> None:
        """A call of the system: another process may go on first, or an accident happen.

        Raises:
            Died: this process is no more.
            KeyboardInterrupt: it was told to stop.
        """
        me = self.me
        if me is None:
            return
        self._check(me)
        self.now += self.draw.expovariate(1 / 0.02)
        self.note(what)
        self._accident(me)
        if self.draw.random() > self._patience:
            self._yield(me)

    def wait(self, until: Callable[[], bool], seconds: float = math.inf) -> bool:
        """Let others go on until something is so, or for a time; whether it is."""
        me = self.me
        assert me is not None
        self._check(me)
        self._accident(me)
        me.waits, me.wakes = until, self.now + seconds
        self._yield(me)
        return until()

    def sleep(self, seconds: float) -> None:
        """Let others go on for so long at least."""
        self.wait(lambda: False, seconds)

    def kill(self, process: Process) -> None:
        """Kill another process: when this returns, it is gone."""
        self.step(f"kill {process.pid}")
        if process.ended:
            return
        self.note(f"{process.pid} {process.name} is killed")
        process.dead = True
        self._reap(process)

    def exit(self) -> None:
        """End this process at once, as `os._exit` does."""
        assert self.me is not None
        self.note("exits")
        self.me.dead = True
        raise Died

    def calm(self) -> None:
        """From here on nothing goes wrong."""
        self.faults = Faults()
        self._away = self._lies = self._full = 0.0

    @contextmanager
    def looking_on(self) -> Iterator[None]:
        """Let this process look at everything without taking steps."""
        me, self._here.process = self.me, None
        try:
            yield
        finally:
            self._here.process = me

    @contextmanager
    def held_stops(self, *, forget: bool = False) -> Iterator[None]:
        """As `nnexp.signals.held_stops`, for the stops of this world."""
        me = self.me
        if me is None:
            yield
            return
        came: list[str] = []
        me.held.append(came)
        try:
            yield
        finally:
            me.held.pop()
            if came and not forget and not me.dead:
                self._stop(me, came[0])

    def store_fails(self) -> str:
        """What goes wrong with a call of the store: `before`, `after`, `lie`, or nothing."""
        if self._fault(self.faults.away):
            self._away = self.now + self.draw.choice((0.5, 5.0, 30.0, 120.0))
            self.note("the store goes away")
        if self._fault(self.faults.lying):
            self._lies = self.now + self.draw.choice((0.1, 1.0, 10.0))
            self.note("the store begins to lie")
        if self.now < self._away:
            return "before"
        if self._fault(self.faults.failing):
            return self.draw.choice(("before", "after"))
        return "lie" if self.now < self._lies else ""

    def disk_is_full(self) -> bool:
        """Whether the disk takes nothing now."""
        if self._fault(self.faults.full):
            self._full = self.now + self.draw.choice((0.1, 1.0, 20.0))
            self.note("the disk is full")
        return self.now < self._full

    def _fault(self, rate: float) -> bool:
        return rate > 0 and self.me is not None and self.draw.random() < rate

    def _accident(self, me: Process) -> None:
        if self._accidents >= self.faults.most:
            return
        if self._fault(self.faults.death):
            self._accidents += 1
            self.note("dies")
            me.dead = True
            raise Died
        if self._fault(self.faults.power):
            self._accidents += 1
            self._lose_power(me)
        # A worker leaves stops to the process that has started it.
        if me.parent is None and self._fault(self.faults.stop):
            self._accidents += 1
            self.note("is told to stop")
            self._stop(me, "SIGTERM")

    def _lose_power(self, me: Process) -> None:
        self.note("power fails")
        self.boot += 1
        me.dead = True
        others = [process for process in self.alive if process is not me]
        for process in others:
            process.dead = True
        for process in others:
            self._reap(process)
        for lose in self.at_power_loss:
            lose()
        raise Died

    def _reap(self, process: Process) -> None:
        """Let a process that is dead be gone when this returns."""
        process.killed = True
        process.gate.release()
        assert process.thread is not None
        process.thread.join()

    def _stop(self, me: Process, which: str) -> None:
        if not me.held:
            raise Terminated(which)
        me.held[-1].append(which)

    def _check(self, me: Process) -> None:
        self._steps += 1
        if self._steps > STEPS:
            self.stuck = f"no end after {STEPS} steps"
        if me.dead or self.stuck:
            raise Died

    def _live(self, process: Process) -> None:
        process.gate.acquire()
        self._here.process = process
        try:
            if not process.dead:
                self._check(process)
                process.run()
        except Died:
            pass
        finally:
            process.dead = True
            for give_back in process.at_end:
                give_back()
            process.ended = True
            if not process.killed:
                self._hand_over()

    def _yield(self, me: Process) -> None:
        self._hand_over()
        me.gate.acquire()
        me.waits = None
        self._check(me)

    def _hand_over(self) -> None:
        alive = self.alive
        if not alive:
            self._over.set()
            return
        ready = [p for p in alive if p.waits is None or p.wakes <= self.now or p.waits()]
        if not ready:
            # Nobody has anything to do but to wait: so time passes.
            self.now = min(p.wakes for p in alive)
            ready = [p for p in alive if p.wakes <= self.now]
        if self.now == math.inf or self.stuck:
            self.stuck = self.stuck or "all wait for each other"
            ready = alive[:1]
        self.draw.choice(ready).gate.release()
