"""A pool of worker processes in which one that dies costs only the runs it had in hand."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from nnexp.signals import held_interrupts
from nnexp.sweep.worker import Broken, Done, Finished, Message, Progress, Task, serve


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    task: Task | None = None
    unfinished: tuple[int, ...] = ()


class Pool:
    """Trains tasks in worker processes; iterate over `messages` to let it work."""

    def __init__(self, tasks: Iterable[Task], workers: int) -> None:
        self._tasks = deque(tasks)
        self._context = multiprocessing.get_context("spawn")
        self._retried: set[int] = set()
        count = max(1, min(workers, len(self._tasks)))
        self._workers = [self._start() for _ in range(count)]

    def messages(self) -> Generator[Message, None, None]:
        """What the workers report, until all tasks are done. Closing it ends the workers."""
        try:
            for worker in self._workers:
                self._give(worker)
            while self._workers:
                busy = {w.pipe: w for w in self._workers}
                for pipe in wait(list(busy)):
                    assert isinstance(pipe, Connection)
                    yield from self._receive(busy[pipe])
        finally:
            self.close()

    def close(self) -> None:
        """End all workers at once; what they had in hand is lost."""
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
            worker.pipe.close()
        self._workers = []

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=serve, args=(theirs,), daemon=True)
        with held_interrupts():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _give(self, worker: _Worker) -> None:
        """Hand out the next task, or send the worker home."""
        if self._tasks:
            worker.task = self._tasks.popleft()
            worker.unfinished = worker.task.runs
            # If it is gone already, that is noticed when the pipe is read.
            with suppress(BrokenPipeError, ConnectionResetError):
                worker.pipe.send(worker.task)
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
        if isinstance(message, Done):
            lost, worker.unfinished = worker.unfinished, ()
            yield from self._again(worker.task, lost, "the worker did not report it")
            self._give(worker)
            return
        if isinstance(message, Finished):
            worker.unfinished = tuple(k for k in worker.unfinished if k != message.run)
        elif isinstance(message, Broken):
            lost = tuple(k for k in worker.unfinished if k in message.runs)
            worker.unfinished = tuple(k for k in worker.unfinished if k not in lost)
            yield from self._again(worker.task, lost, message.reason)
            return
        yield message

    def _bury(self, worker: _Worker) -> Iterator[Message]:
        """A worker died: its unfinished runs are tried once more, each alone."""
        worker.process.join()
        code = worker.process.exitcode or 0
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        worker.pipe.close()
        self._workers.remove(worker)
        yield from self._again(worker.task, worker.unfinished, f"worker process died ({how})")
        if self._tasks:
            fresh = self._start()
            self._workers.append(fresh)
            self._give(fresh)

    def _again(self, task: Task | None, runs: tuple[int, ...], reason: str) -> Iterator[Message]:
        assert task is not None
        again = [k for k in runs if k not in self._retried]
        self._retried.update(again)
        for k in again:
            config = task.configs[task.runs.index(k)]
            self._tasks.append(replace(task, runs=(k,), configs=(config,)))
        given_up = tuple(k for k in runs if k not in again)
        if given_up:
            yield Broken(given_up, reason)
        if again:
            yield Progress(dict.fromkeys(again, 0))
