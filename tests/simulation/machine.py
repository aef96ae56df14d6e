"""The program on a simulated machine: what it asks of the system and of the store, replaced.

Threads that are no simulated processes see the real system.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from filelock import FileLock, Timeout
from mlflow.entities import Run, RunData, RunInfo
from mlflow.exceptions import MlflowException

import nnexp.record.clock
import nnexp.record.served_runs
import nnexp.runner.executors
import nnexp.runner.worker
import nnexp.source
from nnexp import signals
from nnexp.record import description, locks, processes
from nnexp.record.sqlite_commits import quick_commits
from nnexp.record.store import Store, open_store
from nnexp.train.loop import train
from tests.simulation.commits import Commits
from tests.simulation.disk import Disk, system_calls
from tests.simulation.store import Client
from tests.simulation.world import Process, World

WRITES = ("log_batch", "log_inputs", "set_terminated", "create_run", "update_run", "log_text")
"""What a store may say that it has done, and not have done."""

CHANGES = (*WRITES, "create_experiment", "delete_run", "set_tag", "delete_tag")
"""What changes the store."""

_real = SimpleNamespace(
    getpid=os.getpid,
    getppid=os.getppid,
    urandom=os.urandom,
    leave=os._exit,
    sleep=time.sleep,
    monotonic=time.monotonic,
    perf_counter=time.perf_counter,
)


class Machine:
    """A world with its disk and its store."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        folder.mkdir()
        (folder / ".nnexp").mkdir()
        self.disk = Disk(world, folder)
        self.kept = Client(folder / "mlartifacts")
        self.commits = Commits(world, self.kept)
        world.at_power_loss.append(self.commits.lose_power)
        self.locks: dict[Path, Process] = {}
        """Who holds a lock."""

    @property
    def store(self) -> Store:
        """The store, as the program sees it."""
        client: Any = Reached(self)
        return Store("http://simulated", client, self.folder / ".nnexp", "simulated")


class Reached:
    """The store's client over a way on which calls get lost."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._tracking_client = machine.kept._tracking_client

    def __getattr__(self, name: str) -> Any:
        world, real = self._machine.world, getattr(self._machine.kept, name)

        def call(*args: Any, **more: Any) -> Any:
            world.step(f"store.{name} {_said(args, more)}")
            fault = world.store_fails()
            if fault == "before":
                world.note("the call is lost")
                raise MlflowException("no answer")
            if fault == "lie" and name in WRITES:
                world.note("the store lies")
                return _nothing(name)
            answer = real(*args, **more)
            if name in CHANGES:
                self._machine.commits.committed()
            if fault == "after":
                world.note("the answer is lost")
                raise MlflowException("no answer")
            return answer

        return call


class End:
    """One end of a pipe between two simulated processes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.came: deque[Any] = deque()
        self.holders = {world.me}
        self.other: End

    @property
    def is_open(self) -> bool:
        return any(process is not None and not process.dead for process in self.holders)

    @property
    def is_ready(self) -> bool:
        """Whether there is something to be received, if only the end."""
        return bool(self.came) or not self.other.is_open

    def send(self, message: Any) -> None:
        self.world.step(f"send {type(message).__name__}")
        if not self.other.is_open:
            raise BrokenPipeError
        self.other.came.append(message)

    def recv(self) -> Any:
        self.world.wait(lambda: self.is_ready)
        if not self.came:
            raise EOFError
        return self.came.popleft()

    def close(self) -> None:
        self.holders.discard(self.world.me)


class Child:
    """What `multiprocessing` calls a process."""

    def __init__(self, world: World, target: Callable[..., Any], args: Sequence[Any]) -> None:
        self._world, self._target, self._args = world, target, args
        self._process: Process | None = None

    def start(self) -> None:
        self._world.step("start a worker")
        world = self._world
        process = world.start("worker", lambda: self._target(*self._args), world.me)
        for end in self._args:
            if isinstance(end, End):
                end.holders.add(process)
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def exitcode(self) -> int:
        return -9

    def kill(self) -> None:
        assert self._process is not None
        self._world.kill(self._process)

    def join(self, timeout: float = float("inf")) -> None:
        process = self._process
        assert process is not None
        self._world.wait(lambda: process.ended, timeout)


class Lock:
    """What `filelock.FileLock` is to simulated processes."""

    def __init__(self, machine: Machine, path: Path) -> None:
        self._machine, self.lock_file = machine, str(path)

    def acquire(self, timeout: float = -1) -> None:
        machine, path = self._machine, Path(self.lock_file)
        path.touch()
        me = machine.world.me
        assert me is not None

        def is_free() -> bool:
            return path not in machine.locks

        if not is_free():
            machine.world.wait(is_free, float("inf") if timeout < 0 else timeout)
        if not is_free():
            raise Timeout(self.lock_file)
        machine.locks[path] = me
        me.at_end.append(self.release)

    def release(self) -> None:
        path = Path(self.lock_file)
        if self._machine.locks.get(path) is self._machine.world.me:
            del self._machine.locks[path]


class _Inline:
    """A pool of threads that has none."""

    def __init__(self, workers: int) -> None: ...

    def __enter__(self) -> _Inline:
        return self

    def __exit__(self, *ending: object) -> None: ...

    def map(self, call: Callable[[Any], Any], things: Iterable[Any]) -> Iterator[Any]:
        return map(call, list(things))


class Installed:
    """The program as it is on whatever machine is `on` now."""

    def __init__(self) -> None:
        self.machine: Machine | None = None

    @contextmanager
    def on(self, machine: Machine) -> Iterator[None]:
        self.machine = machine
        try:
            yield
        finally:
            self.machine = None

    @property
    def here(self) -> Machine:
        """The machine of the simulated process that asks."""
        assert self.machine is not None
        return self.machine

    @property
    def me(self) -> Process | None:
        return None if self.machine is None else self.machine.world.me


@contextmanager
def installed() -> Iterator[Installed]:
    """Put the simulated system in the place of the real one."""
    it = Installed()
    with ExitStack() as stack:
        stack.enter_context(system_calls(lambda: it.machine.disk if it.machine else None))
        for target, changed in _patches(it).items():
            stack.enter_context(patch.multiple(target, **changed))
        for original, other in _functions(it):
            stack.enter_context(_everywhere(original, other))
        yield it


def _patches(it: Installed) -> dict[Any, dict[str, Any]]:
    def or_real(name: str, ours: Callable[..., Any]) -> Callable[..., Any]:
        real = getattr(_real, name)
        return lambda *args: real(*args) if it.me is None else ours(*args)

    def leave(code: int) -> None:
        it.here.world.exit() if it.me is not None else _real.leave(code)

    def parent() -> int:
        above = it.me.parent if it.me else None
        return above.pid if above is not None and not above.ended else 1

    def above() -> SimpleNamespace | None:
        there = it.me.parent if it.me else None
        return None if there is None else SimpleNamespace(is_alive=lambda: not there.ended)

    def start(target: Any, args: tuple[Any, ...]) -> tuple[Child, End]:
        ours, theirs = _pipe(world := it.here.world)
        (child := Child(world, target, (theirs, *args))).start()
        theirs.close()
        return child, ours

    return {
        os: {
            "getpid": or_real("getpid", lambda: it.me.pid if it.me else 0),
            "getppid": or_real("getppid", parent),
            "urandom": or_real("urandom", lambda n: it.here.world.draw.randbytes(n)),
            "_exit": leave,
        },
        time: {
            "sleep": or_real("sleep", lambda seconds: it.here.world.sleep(seconds)),
            "monotonic": or_real("monotonic", lambda: it.here.world.now),
            "perf_counter": or_real("perf_counter", lambda: it.here.world.now),
        },
        nnexp.record.clock: {"_WALL": 1.7e9, "_START": 0.0, "_elapsed": time_of(it)},
        nnexp.record.served_runs: {"ThreadPoolExecutor": _Inline},
        nnexp.runner.executors: {
            "get_ready": lambda: True,
            "start": start,
            "wait": lambda ends, timeout: _ready(it.here.world, ends, timeout),
            "Connection": End,
        },
        nnexp.runner.worker: {
            "signal": SimpleNamespace(signal=lambda *how: None, SIGTERM=15, SIG_DFL=0),
            "parent_process": above,
            "tempfile": SimpleNamespace(),
        },
    }


def time_of(it: Installed) -> Callable[[], float]:
    """Seconds since the simulated machine was started."""
    return lambda: it.here.world.now if it.machine else 0.0


def _functions(it: Installed) -> list[tuple[Any, Any]]:
    def trained(*args: Any) -> Iterator[Any]:
        for report in train(*args):
            if it.me is not None:
                world = it.here.world
                world.step(f"epoch {report.epoch}")
                world.now += world.draw.choice((0.05, 0.4, 1.5))
            yield report

    def is_there(pid: int) -> bool:
        process = it.here.world.processes.get(pid)
        return process is not None and not process.ended

    held = signals.held_stops
    return [
        (FileLock, lambda path: Lock(it.here, path)),
        (open_store, lambda uri, **how: it.here.store),
        (quick_commits, lambda store: it.here.commits.quick()),
        (
            held,
            lambda **how: held(**how) if it.me is None else it.here.world.held_stops(**how),
        ),
        (signals.ignore_interrupts, lambda: None),
        (train, trained),
        (nnexp.source.confirm, lambda *args, **how: None),
        (nnexp.source.file_digests, dict),
        (processes.started_at, lambda pid: str(pid) if is_there(pid) else ""),
        (processes.exists, is_there),
        # A process number is there again on each machine, and after each boot.
        (description._process, description._process.__wrapped__),
        (processes.boot, lambda: f"boot {it.here.world.boot}" if it.machine else ""),
        (processes.is_stopped, lambda pid: False),
        (locks.held_by, lambda path: "held by another process"),
    ]


@contextmanager
def _everywhere(original: Any, other: Any) -> Iterator[None]:
    """Replace a function in every module of the program that has imported it."""
    changed = [
        (module, name)
        for key, module in list(sys.modules.items())
        if key.startswith("nnexp")
        for name, value in list(vars(module).items())
        if value is original
    ]
    for module, name in changed:
        setattr(module, name, other)
    try:
        yield
    finally:
        for module, name in changed:
            setattr(module, name, original)


def _pipe(world: World) -> tuple[End, End]:
    ours, theirs = End(world), End(world)
    ours.other, theirs.other = theirs, ours
    return ours, theirs


def _ready(world: World, ends: Sequence[End], seconds: float) -> list[End]:
    world.wait(lambda: any(end.is_ready for end in ends), seconds)
    return [end for end in ends if end.is_ready]


def _nothing(name: str) -> Any:
    """What a proxy that says `200 {}` looks like through MLflow's client."""
    if name != "create_run":
        return None
    return Run(RunInfo("", "", "", "RUNNING", 0, 0, "", ""), RunData())


def _said(args: Sequence[Any], more: dict[str, Any]) -> str:
    """The arguments of a call, of many things their number."""
    words = (
        str(len(arg)) if isinstance(arg, list | dict) else str(arg)
        for arg in (*args, *more.values())
    )
    return " ".join(word.partition("\n")[0][:48] for word in words)[:120]
