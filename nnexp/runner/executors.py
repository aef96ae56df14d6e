"""Where the runs of a sweep are trained: in processes of this machine, or on a Dask cluster.

An executor takes tasks and gives messages as they come. Which one, with how many workers, and in
what order runs end, changes no bit of any of them. In a pool of worker processes one that dies
costs only the run it had in hand.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import current_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Protocol, cast

from nnexp.config.compose import scratch
from nnexp.config.schema import Config, SweepConfig
from nnexp.errors import UserError
from nnexp.record.environment import cores
from nnexp.record.processes import is_stopped
from nnexp.runner.worker import Broken, Finished, Idle, Message, Note, Paused, Progress, Task, serve
from nnexp.runner.worker_processes import get_ready, start, variables
from nnexp.source import file_digests

DIED = "worker process died"
"""Why a run failed that may come to a good end another time, as its reason begins."""

LOOK_SECONDS = 3.0
"""How often it is looked after workers that say nothing."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: Task | None = None
    stopped: bool = False
    """Whether it was told to wait (SIGSTOP), which has been said."""


class Tasks:
    """What is still to be handed out; a task whose worker dies with it is tried a few times."""

    tries = 2

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = deque(tasks)
        self._tried: dict[int, int] = {}

    def add(self, tasks: Iterable[Task]) -> None:
        """More tasks, after all those before have ended."""
        self._tasks.extend(tasks)
        self._tried.clear()

    def again(self, task: Task, reason: str) -> Iterator[Message]:
        """Put a task back, or give it up."""
        self._tried[task.run] = self._tried.get(task.run, 1) + 1
        if self._tried[task.run] > self.tries:
            yield Broken(task.run, reason)
        else:
            yield from self.put_back(task, f"{reason}; tried once more")

    def put_back(self, task: Task, said: str) -> Iterator[Message]:
        """Let a task be the next that is handed out, and say why."""
        self._tasks.appendleft(task)
        yield Note(task.run, said)
        yield Progress(task.run, 0)


class Pool(Tasks):
    """Trains tasks in worker processes; iterate over `messages` to let it work."""

    def __init__(self, tasks: Iterable[Task], workers: int, *, stays: bool = False) -> None:
        """With `stays`, idle workers wait for what `add` brings until the pool is closed."""
        super().__init__(tasks)
        self._stays = stays
        self._look = 0.0
        self._count = workers if stays else max(1, min(workers, len(self._tasks)))
        self._workers: list[_Worker] = []
        # Where they are forked off a process, they would be waited for until that is ready.
        if not get_ready():
            self._fill()

    def _fill(self) -> None:
        """Start workers until there are as many as there should be."""
        self._workers += [self._start() for _ in range(self._count - len(self._workers))]

    def messages(self) -> Generator[Message, None, None]:
        """What the workers report, until all tasks are done. Closing it ends the workers."""
        whole = False
        try:
            # Some may have died with the last tasks in hand.
            self._fill()
            for worker in list(self._workers):
                self._give(worker)
            while busy := {w.pipe: w for w in self._workers if w.task or not self._stays}:
                if not (ready := wait(list(busy), timeout=0)):
                    yield Idle()
                    ready = wait(list(busy), timeout=LOOK_SECONDS)
                yield from self._stopped()
                for pipe in ready:
                    # Pipes of Windows are of another class, which only that system has.
                    yield from self._receive(busy[cast("Connection", pipe)])
            whole = True
        finally:
            if not (whole and self._stays):
                self.close()

    def close(self) -> None:
        """End all workers at once; what they had in hand goes on from its checkpoint, if ever."""
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
        self._workers = []

    def _stopped(self) -> Iterator[Message]:
        """Say of workers that were told to wait: nothing would ever come from them."""
        if time.monotonic() < self._look:
            return
        self._look = time.monotonic() + LOOK_SECONDS
        for worker in self._workers:
            pid = worker.process.pid or 0
            stopped = is_stopped(pid)
            if stopped and not worker.stopped and worker.task is not None:
                text = f"its worker process {pid} is stopped; kill -CONT {pid} lets it go on"
                yield Note(worker.task.run, text)
            worker.stopped = stopped

    def _start(self) -> _Worker:
        process, pipe = start(serve, (file_digests(), scratch(), variables()))
        return _Worker(process, pipe)

    def _give(self, worker: _Worker) -> None:
        """Hand out the next task, or send the worker home."""
        if self._tasks:
            worker.task = self._tasks.popleft()
            # If it is gone already, that is noticed when the pipe is read.
            with suppress(BrokenPipeError, ConnectionResetError):
                worker.pipe.send(worker.task)
            return
        worker.task = None
        if self._stays:
            return
        self._workers.remove(worker)
        with suppress(BrokenPipeError, ConnectionResetError):
            worker.pipe.send(None)
        worker.process.join(timeout=10)
        worker.pipe.close()

    def _receive(self, worker: _Worker) -> Iterator[Message]:
        try:
            message: Message = worker.pipe.recv()
        except (EOFError, ConnectionResetError, OSError):
            yield from self._bury(worker)
            return
        if not isinstance(message, Finished | Paused | Broken):
            yield message
            return
        task = worker.task
        assert task is not None
        again = list(self.again(task, message.reason)) if isinstance(message, Broken) else []
        # The worker has its next run in hand while this one is recorded.
        self._give(worker)
        yield from again or [message]

    def _bury(self, worker: _Worker) -> Iterator[Message]:
        """A worker died: its run is tried once more, from its checkpoint."""
        worker.process.join()
        code = worker.process.exitcode or 0
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        worker.pipe.close()
        self._workers.remove(worker)
        if worker.task is not None:
            yield from self.again(worker.task, f"{DIED} ({how})")
        if self._tasks:
            fresh = self._start()
            self._workers.append(fresh)
            self._give(fresh)


class Executor(Protocol):
    """Trains tasks; iterate over `messages` to let it work."""

    def add(self, tasks: Iterable[Task]) -> None:
        """More tasks, after all those before have ended."""

    def messages(self) -> Generator[Message, None, None]:
        """What comes of the tasks, until all are done. Closing it ends the work."""

    def close(self) -> None:
        """End the work at once."""


def executor_of(settings: SweepConfig, tasks: Iterable[Task], *, stays: bool = False) -> Executor:
    """The executor that a sweep asks for; with `stays`, it waits for more tasks until closed.

    Raises:
        UserError: a cluster that cannot be had.
    """
    if settings.executor == "dask":
        from nnexp.runner.cluster import Cluster

        return Cluster(tasks, settings, stays=stays)
    return Pool(tasks, settings.workers or cores(), stays=stays)


@contextmanager
def workers_ahead(settings: SweepConfig, runs: int | None = None) -> Iterator[Executor | None]:
    """Processes that get ready while the store is opened and looked through.

    There are no more of them than `runs`. None where nothing is got ready: a cluster is asked when
    it is known what is missing, and `sweep.dry_run` trains nothing.
    """
    if settings.executor == "dask" or settings.dry_run:
        yield None
        return
    count = settings.workers or cores()
    with closing(Pool((), count if runs is None else min(count, runs), stays=True)) as pool:
        yield pool


def at_once(settings: SweepConfig) -> int:
    """How many runs are trained at the same time: on a cluster, as many as it has workers now.

    Raises:
        UserError: a cluster that cannot be had.
    """
    if settings.executor == "dask" and settings.address is not None:
        from nnexp.runner.dask_client import connect, workers_of

        with closing(connect(settings.address)) as client:
            return max(1, len(workers_of(client)))
    return settings.workers or cores()


def check_executor(settings: SweepConfig, configs: Iterable[Config]) -> None:
    """Make sure, before anything is recorded, that the executor asked for can be had for them.

    Raises:
        UserError: it cannot.
    """
    if settings.executor == "dask":
        from nnexp.runner.dask_client import check_cluster

        check_cluster(settings, configs)
    elif current_process().daemon and not settings.dry_run:
        raise UserError(
            "sweep.executor=processes: this is a process of a multiprocessing.Pool, which may "
            "start none of its own; allowed: one of a "
            "concurrent.futures.ProcessPoolExecutor, or none"
        )
