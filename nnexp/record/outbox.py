"""The ends of runs on their way to the store while a sweep goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from nnexp.record.delivery import NEVER, Delivery, run_of, transmit
from nnexp.record.kept import REFUSED, deliver, keep, lock, set_aside
from nnexp.record.readback import Lost
from nnexp.record.sending import log
from nnexp.record.store import Store, said_by_store

PATIENCE_SECONDS = 20.0
"""How long a store that did not answer is left alone."""


class Outbox:
    """Sends the ends of runs; those that the store does not take are kept and sent again."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.kept: dict[str, Path] = {}
        """Folders of what has not arrived, by the delivery's key."""
        self.refused: list[Path] = []
        """Folders of what the store will never take."""
        self.refusal = ""
        """Why it will not, as it has said last."""
        self.lost: dict[str, str] = {}
        """By the delivery's key, what the store lacks although it said it had taken it."""
        self.trouble = ""
        """Why the store could not be reached when it was last tried; empty if it could."""
        self._next = 0.0

    def send(self, delivery: Delivery, artifacts: Path | None = None) -> str:
        """The run's id, or nothing if it is kept for later.

        Raises:
            OSError: it could not be sent, nor be written to disk.
        """
        if not self.trouble or time.monotonic() >= self._next:
            try:
                return transmit(self.store, delivery, artifacts)
            except Exception as error:
                # Whatever the store's client raises (HTTP, database, MLflow): work goes on.
                if getattr(error, "error_code", "") in NEVER:
                    return self._refuse(error, delivery, artifacts)
                self.note(error)
                if isinstance(error, Lost):
                    self.lost[delivery.key] = str(error)
        with lock(self.store):
            self.kept[delivery.key] = keep(self.store, delivery, artifacts)
        return ""

    def _refuse(self, error: Exception, delivery: Delivery, artifacts: Path | None) -> str:
        """The store answers, and will say the same the next time."""
        self.refusal = said_by_store(error)
        with lock(self.store):
            folder = keep(self.store, delivery, artifacts)
            self.refused.append(set_aside(self.store, folder, self.refusal))
        return ""

    def tell(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Send tags that are of no use later; if the store does not answer, they are dropped."""
        if self.trouble:
            return
        try:
            log(self.store, run_id, tags=tags)
        except Exception as error:
            self.note(error)

    def again(self, *, now: bool = False) -> dict[str, str]:
        """Send what is kept, if the store was left alone for long enough or `now`; ids by key."""
        arrived: dict[str, str] = {}
        if not self.kept or not (now or time.monotonic() >= self._next):
            return arrived
        with lock(self.store):
            for key, folder in list(self.kept.items()):
                try:
                    if folder.exists():
                        arrived[key] = deliver(self.store, folder)
                    elif (self.store.folder / REFUSED / key).exists():
                        # Another command was told so.
                        self.refused.append(self.store.folder / REFUSED / key)
                    else:  # Another command has sent it.
                        arrived[key] = run_of(self.store, key)
                except Exception as error:
                    if getattr(error, "error_code", "") not in NEVER:
                        self.note(error)
                        if isinstance(error, Lost):
                            self.lost[key] = str(error)
                        return arrived
                    # The store answers, and will say the same the next time.
                    self.refusal = said_by_store(error)
                    self.refused.append(set_aside(self.store, folder, self.refusal))
                del self.kept[key]
                self.lost.pop(key, None)
        self.trouble = ""
        return arrived

    def note(self, error: Exception) -> None:
        """The store has just failed: leave it alone for a while."""
        self.trouble = said_by_store(error)
        self._next = time.monotonic() + PATIENCE_SECONDS
