"""`sweep.executor=dask`: the runs of a sweep on the workers of a Dask cluster.

At most as many tasks are with the cluster as it has workers, and each answer is recorded and let go
as it comes: Dask would compute what a lost worker had finished once more. A worker is asked what it
would train with before it is given anything, and left out if that is another source; one that joins
later likewise. What is lost with a worker, or with the connection to the scheduler, is tried again.
"""

from __future__ import annotations

import logging
import os
import queue
import time
import weakref
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from typing import Any

from nnexp.config.schema import SweepConfig
from nnexp.errors import UserError
from nnexp.record.environment import cores
from nnexp.record.fingerprint import depends_on_environment
from nnexp.record.log_folder import make_room
from nnexp.redact import redact
from nnexp.runner.dask_client import Demand, connect, differences, distributed_package, workers_of
from nnexp.runner.dask_worker import TOPIC, Answer, told, train_task
from nnexp.runner.executors import Tasks
from nnexp.runner.worker import Finished, Message, Note, Task
from nnexp.source import file_digests

LOOK_SECONDS = 2.0
"""How often it is looked for workers that have joined."""

RECONNECT_SECONDS = 300.0
"""How long a scheduler that is gone is waited for."""

ALONE_SECONDS = 3600.0
"""How long a cluster may be without workers: they can have to queue themselves."""

SILENT_SECONDS = 10.0
"""After how long it is said that there are none."""


class Cluster(Tasks):
    """An executor on a Dask cluster; without an address, on one of this machine's own."""

    tries = 3

    def __init__(
        self, tasks: Iterable[Task], settings: SweepConfig, *, stays: bool = False
    ) -> None:
        """With `stays`, it is left connected until closed."""
        super().__init__(tasks)
        self._stays, self._settings = stays, settings
        self._running: dict[Any, Task] = {}
        self._places: weakref.WeakKeyDictionary[Any, frozenset[str]] = weakref.WeakKeyDictionary()
        """On which workers a task may run: those that were there when it was handed out."""
        self._fit: dict[str, bool] = {}
        self._told: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._cluster: Any = None
        self._client: Any = None
        self._looked = self._alone_since = 0.0
        self._alone_said = False
        self._demand = Demand()

    def add(self, tasks: Iterable[Task]) -> None:
        """More tasks, after all those before have ended."""
        super().add(tasks)
        self._fit, self._looked = {}, 0.0

    def messages(self) -> Generator[Message, None, None]:
        """What the workers report, until all tasks are done."""
        whole = False
        try:
            if self._client is None:
                self._open()
            self._alone_since = time.monotonic()
            while self._tasks or self._running:
                yield from self._look()
                yield from self._alone()
                self._submit()
                yield from self._ended()
                yield from self._heard()
            whole = True
        finally:
            self._demand.withdraw()
            if not (whole and self._stays):
                self.close()

    def _alone(self) -> Iterator[Message]:
        """Say once, while there is no worker that can train, that one is waited for.

        Raises:
            UserError: none has come.
        """
        if self._free() or self._running:
            self._alone_since, self._alone_said = time.monotonic(), False
            return
        alone = time.monotonic() - self._alone_since
        if alone > ALONE_SECONDS:
            raise UserError(
                f"sweep.address={self._settings.address}: no worker that can train for "
                f"{ALONE_SECONDS:.0f} s; allowed: a cluster with workers of the same source"
            )
        if alone > SILENT_SECONDS and not self._alone_said:
            self._alone_said = True
            yield Note(self._some_run(), "waits for a worker: the cluster has none that can train")

    def close(self) -> None:
        """Take back what is with the cluster, and leave it as it was."""
        for future in self._running:
            with suppress(Exception):
                future.cancel(force=True)
        self._running = {}
        for part in (self._client, self._cluster):
            if part is not None:
                with suppress(Exception):
                    part.close()
        self._client = self._cluster = None

    def _open(self) -> None:
        distributed = distributed_package()
        address = self._settings.address
        if address is None:
            self._cluster = distributed.LocalCluster(
                n_workers=self._settings.workers or cores(),
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
            address = self._cluster.scheduler_address
        self._connect(address)

    def _connect(self, address: str) -> None:
        """Connect to a scheduler, and listen to what workers tell."""
        self._client = connect(address)
        self._client.subscribe_topic(TOPIC, lambda event: self._told.put(told(event[1])))

    def _look(self) -> Iterator[Message]:
        """Notice workers that have joined or gone, and a scheduler that is no longer there."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        if self._client.status != "running":
            self._reconnect()
        there = workers_of(self._client)
        fresh = [address for address in there if address not in self._fit]
        left = [*self._tasks, *self._running.values()]
        numpy = any(depends_on_environment(task.config) for task in left)
        for address, difference in differences(self._client, fresh, with_numpy=numpy).items():
            self._fit[address] = not difference
            if difference:
                yield Note(self._some_run(), f"worker {address} {difference}: it is left out")
        self._fit = {address: fit for address, fit in self._fit.items() if address in there}
        yield from self._stranded(set(there))
        if self._cluster is None:
            self._demand.tell(self._client, len(self._tasks))

    def _stranded(self, there: set[str]) -> Iterator[Message]:
        """Take back tasks that wait for workers none of which is there any more."""
        for future in [f for f in self._running if f.status == "pending"]:
            if self._places[future].isdisjoint(there):
                future.cancel(force=True)
                yield from self.put_back(
                    self._running.pop(future), "its worker is gone; handed out again"
                )

    def _some_run(self) -> int:
        return next(iter([*self._running.values(), *self._tasks])).run

    def _reconnect(self) -> None:
        """Connect to the scheduler anew; what it had is handed out again.

        Raises:
            UserError: it does not come back.
        """
        self._tasks.extendleft(self._running.values())
        self._running = {}
        self._demand = Demand()
        assert self._settings.address is not None or self._cluster is not None
        address = self._settings.address or self._cluster.scheduler_address
        with suppress(Exception):
            self._client.close(timeout=2)
        deadline = time.monotonic() + RECONNECT_SECONDS
        while True:
            try:
                self._connect(address)
                break
            except UserError:
                if time.monotonic() > deadline:
                    raise
        self._fit = {}

    def _free(self) -> int:
        """How many more tasks the cluster can have in hand."""
        return sum(self._fit.values()) - len(self._running)

    def _submit(self) -> None:
        fit = [address for address, fits in self._fit.items() if fits]
        while self._tasks and self._free() > 0:
            task = self._tasks.popleft()
            # A key of its own for each try: Dask would hand back what it holds under the same one.
            key = f"nnexp-{task.run}-{os.urandom(8).hex()}"
            future = self._client.submit(
                train_task, task, file_digests(), key=key, workers=fit, pure=False
            )
            self._running[future] = task
            self._places[future] = frozenset(fit)

    def _ended(self) -> Iterator[Message]:
        """What has become of tasks that ended, or were lost."""
        distributed = distributed_package()
        if not self._running:
            time.sleep(0.2)
            return
        # Nothing yet; or the scheduler was lost, which the state of each future says.
        with suppress(TimeoutError, distributed.client.FuturesCancelledError):
            distributed.wait(list(self._running), timeout=0.5, return_when="FIRST_COMPLETED")
        for future in [f for f in self._running if f.status != "pending"]:
            task = self._running.pop(future)
            if future.status == "finished":
                try:
                    answer: Answer = future.result(timeout=60)
                except Exception as error:
                    # The worker may be lost before its answer has come over.
                    yield from self.again(task, _said(error))
                    continue
                finally:
                    future.release()
                yield _received(task, answer)
            elif future.status == "error":
                yield from self.again(task, _said(future.exception()))
            else:
                # Not the task's fault: the connection to the scheduler was lost, or it was told so.
                yield from self.put_back(
                    task, "lost with the connection to the scheduler; handed out again"
                )

    def _heard(self) -> Iterator[Message]:
        with suppress(queue.Empty):
            while True:
                yield self._told.get_nowait()


def _received(task: Task, answer: Answer) -> Message:
    """The last message of a task, the files that came with it written where they belong."""
    if not answer.files:
        return answer.message
    make_room(task.folder)
    for name, content in answer.files.items():
        path = task.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Finished(task.run, task.folder)


def _said(error: object) -> str:
    return redact(" ".join(str(error).split()))[:300]
