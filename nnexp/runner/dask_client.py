"""Reaching a Dask cluster: its scheduler, who its workers are, and letting an adaptive one grow.

An adaptive cluster counts the tasks that it holds, and a sweep hands out no more than there are
workers. So it holds a placeholder for each run that waits: a task that asks for a resource which no
worker has.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import closing, suppress
from typing import Any

from nnexp.config.schema import Config, SweepConfig
from nnexp.errors import UserError
from nnexp.record.fingerprint import depends_on_environment
from nnexp.redact import redact
from nnexp.runner.dask_worker import Machine

CONNECT_SECONDS = 10.0


def distributed_package() -> Any:
    """Dask's package `distributed`, silenced.

    Raises:
        UserError: it is not installed.
    """
    try:
        import dask

        # What matters of what it logs is said by this program.
        quiet = dict.fromkeys(("distributed", "distributed.client", "bokeh", "tornado"), "critical")
        dask.config.set({"logging": quiet})
        import distributed
    except ImportError as error:
        raise UserError(
            "sweep.executor=dask: the package distributed is not installed; allowed: pip install "
            "'nnexp[dask]', or sweep.executor=processes"
        ) from error
    return distributed


def connect(address: str) -> Any:
    """A client of the scheduler at an address.

    Raises:
        UserError: none answers there.
    """
    distributed = distributed_package()
    try:
        return distributed.Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TypeError, TimeoutError) as error:  # TypeError: no certificates.
        said = redact(" ".join(str(error).split()))[:150] or type(error).__name__
        raise UserError(
            f"sweep.address={redact(address)}: no Dask scheduler answers there ({said}); allowed: "
            "the address of one, such as tcp://HOST:8786, or none for a cluster of this machine"
        ) from error


def workers_of(client: Any) -> list[str]:
    """The addresses of the workers there are now."""
    with suppress(OSError, TimeoutError):
        return list(client.scheduler_info(n_workers=-1)["workers"])
    return []


def differences(client: Any, workers: list[str], *, with_numpy: bool) -> dict[str, str]:
    """By address: in what a worker differs that would change the meaning of a run, or "".

    With `with_numpy`, runs are trained with NumPy, whose bits depend on the machine.
    """
    if not workers:
        return {}
    ours = Machine()
    try:
        found: dict[str, Any] = client.run(Machine, workers=workers, on_error="return")
    except (OSError, TimeoutError):
        return {}  # It has gone again.
    said = {}
    for address, theirs in found.items():
        if not isinstance(theirs, Machine):
            kind = type(theirs).__name__
            said[address] = f"cannot import nnexp ({kind}: {' '.join(str(theirs).split())[:100]})"
        elif theirs.source != ours.source:
            said[address] = (
                f"has another source of nnexp ({theirs.nnexp}, digest {theirs.source[:12]}; here "
                f"{ours.nnexp}, {ours.source[:12]})"
            )
        elif with_numpy and theirs.environment != ours.environment:
            said[address] = (
                f"computes with another NumPy, BLAS, libm or processor ({theirs.processor}, Python "
                f"{theirs.python}); the bits of train.engine=numpy depend on it, of compiled not"
            )
        else:
            said[address] = ""
    return said


def check_cluster(settings: SweepConfig, configs: Iterable[Config]) -> None:
    """Make sure that a cluster can be had for some runs.

    Raises:
        UserError: there is no Dask here, nothing answers, or a worker would train otherwise.
    """
    if settings.address is None:
        distributed_package()
        return
    with_numpy = any(map(depends_on_environment, configs))
    with closing(connect(settings.address)) as client:
        found = differences(client, workers_of(client), with_numpy=with_numpy)
    for address, difference in found.items():
        if difference:
            raise UserError(
                f"sweep.address={settings.address}: worker {address} {difference}; allowed: "
                "workers that train as this machine does"
            )


NOWHERE = {"nnexp-a-worker-more": 1}
"""The resource that no worker has."""

MOST = 500
"""Placeholders at most."""


def waiting_run() -> None:
    """What a placeholder would do."""


class Demand:
    """The placeholders of one client."""

    def __init__(self) -> None:
        self._held: list[Any] = []

    def tell(self, client: Any, waiting: int) -> None:
        """Let there be a placeholder for each run that waits."""
        wanted = min(waiting, MOST)
        while len(self._held) < wanted:
            # The same prefix as of a run, whose duration Dask then takes theirs to be.
            key = f"nnexp-{os.urandom(8).hex()}"
            self._held.append(client.submit(waiting_run, key=key, resources=NOWHERE, pure=False))
        self.withdraw(wanted)

    def withdraw(self, left: int = 0) -> None:
        """Take back all but so many."""
        for future in self._held[left:]:
            with suppress(Exception):
                future.cancel(force=True)
        del self._held[left:]
