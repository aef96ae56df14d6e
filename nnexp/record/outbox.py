"""Runs on their way to the store: the logs of this process that are not projected whole.

A store that does not answer is left alone for a while, and work goes on; what it refuses for good
is set aside, with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from nnexp.record.contents import Lost
from nnexp.record.log_folder import set_aside
from nnexp.record.projection import Projection
from nnexp.record.sending import log as send
from nnexp.record.store import Store
from nnexp.record.store_errors import is_refusal, said_by_store, trouble_of

PATIENCE_SECONDS = 20.0
"""How long a store that did not answer is left alone."""

FLUSH_SECONDS = 2.0
"""How often values are sent while a run is going on, for those who watch it."""


class Outbox:
    """Projects the logs of this process; those that the store does not take wait."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.waiting: dict[str, Projection] = {}
        """What has ended and not arrived, by the log's key."""
        self.held: dict[str, None] = {}
        """The keys of what waits for a moment with nothing else to do, the oldest first."""
        self.arrived: dict[str, str] = {}
        """Ids by key of what has arrived."""
        self.refused: list[Path] = []
        """Folders of what the store will never take."""
        self.refusal = ""
        """Why it will not, as it has said last."""
        self.lost: dict[str, str] = {}
        """By key, what the store lacks although it said it had taken it."""
        self.replaced: set[str] = set()
        """The keys of what the store had from somebody else when it was to be sent."""
        self.trouble = ""
        """What kept the store from taking what it was last given, as a clause; empty if nothing."""
        self.complained = False
        """Whether it was said last that the store takes nothing; the next batch says it no more."""
        self._has_failed = False
        """Whether the store did not answer once: others may have recorded what was not seen."""
        self._next = 0.0
        self._flush: dict[str, float] = {}

    @property
    def leaves_alone(self) -> bool:
        """Whether the store is not to be asked now."""
        return bool(self.trouble) and time.monotonic() < self._next

    @property
    def keeps(self) -> bool:
        """Whether something waits that the store was to be given."""
        return len(self.waiting) > len(self.held)

    def advance(self, projection: Projection) -> None:
        """Bring the store up to what a run's log holds, if it is time."""
        key = projection.log.key
        if self.leaves_alone or time.monotonic() < self._flush.get(key, 0.0):
            return
        self._flush[key] = time.monotonic() + FLUSH_SECONDS
        self._tried(projection.advance)

    def send(self, projection: Projection) -> str:
        """Project a run that has ended; its id, or nothing if it waits."""
        key = projection.log.key
        self.waiting[key] = projection
        if self.leaves_alone:
            return ""
        return self._send(key)

    def hold(self, projection: Projection) -> None:
        """Let a run that has ended wait until there is nothing else to do (`send_held`)."""
        self.waiting[projection.log.key] = projection
        self.held[projection.log.key] = None

    def send_held(self, most: int | None = None) -> None:
        """Project what was held, or the oldest of it, if the store is not left alone."""
        for key in list(self.held)[:most]:
            if self.leaves_alone:
                return
            del self.held[key]
            self._send(key)

    def again(self, *, now: bool = False) -> dict[str, str]:
        """Send what waits, if the store was left alone for long enough or `now`; ids by key.

        What is held is sent only `now`.
        """
        arrived: dict[str, str] = {}
        if not self.waiting or (self.leaves_alone and not now):
            return arrived
        if now:
            self.held.clear()
        for key in [key for key in self.waiting if key not in self.held]:
            if run_id := self._send(key):
                arrived[key] = run_id
            elif key in self.waiting:
                return arrived
        return arrived

    def tell(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Send tags that are of no use later; if the store does not answer, they are dropped."""
        if not self.trouble:
            self._tried(lambda: send(self.store, run_id, tags=tags))

    def note(self, error: Exception) -> None:
        """The store has just failed: leave it alone for a while."""
        self._has_failed = True
        self.trouble = trouble_of(self.store, error)
        self._next = time.monotonic() + PATIENCE_SECONDS

    def _tried(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:
            # Whatever the store's client raises (HTTP, database, MLflow): work goes on. A refusal
            # is dealt with when the run is closed.
            if not is_refusal(error):
                self.note(error)
        else:
            self.trouble = ""

    def _send(self, key: str) -> str:
        projection = self.waiting[key]
        try:
            run_id = projection.close_late() if self._has_failed else projection.close()
        except Exception as error:
            # As in `_tried`.
            if is_refusal(error):
                self.refusal = said_by_store(error)
                self.refused.append(set_aside(self.store, projection.log.folder, self.refusal))
                del self.waiting[key]
                return ""
            self.note(error)
            if isinstance(error, Lost):
                self.lost[key] = str(error)
            return ""
        del self.waiting[key]
        self.lost.pop(key, None)
        self.trouble = ""
        self.arrived[key] = run_id
        if projection.replaced:
            self.replaced.add(key)
        return run_id
