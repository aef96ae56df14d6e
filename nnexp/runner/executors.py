"""Where the runs of a sweep are trained: in processes of this machine, or on a Dask cluster.

An executor takes tasks and gives messages as they come. Which one, with how many workers, and in
what order runs end, changes no bit of any of them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import current_process
from typing import Protocol

from nnexp.config.schema import Config, SweepConfig
from nnexp.errors import UserError
from nnexp.record.environment import cores
from nnexp.runner.pool import Pool
from nnexp.runner.worker import Message, Task


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

        client = connect(settings.address)
        try:
            return max(1, len(workers_of(client)))
        finally:
            client.close()
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
