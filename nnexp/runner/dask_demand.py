"""How an adaptive Dask cluster is told that runs wait, so that it grows.

It counts the tasks that it holds, and a sweep hands out no more than there are workers. So it holds
a placeholder for each run that waits: a task that asks for a resource which no worker has.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

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
