"""Says when the tracking store ceases or begins to take what it is given, or refuses something."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from nnexp.record.outbox import Outbox


class StoreNews:
    """What has changed about a store, told once each."""

    def __init__(self, outbox: Outbox, console: Console, kept: str) -> None:
        """`kept` says in words what is kept while the store takes nothing."""
        self._outbox, self._console, self._kept = outbox, console, kept
        self._refused = len(outbox.refused)

    def changes(self) -> None:
        """Say what has changed since the last time."""
        outbox = self._outbox
        if self._refused != len(outbox.refused):
            self._refused = len(outbox.refused)
            self._say(
                f"the tracking store refuses what is recorded ({outbox.refusal}): it is kept in "
                f"{outbox.refused[-1]}"
            )
        if outbox.complained != bool(outbox.trouble or outbox.keeps):
            outbox.complained = not outbox.complained
            self._say(
                f"{outbox.trouble}: training goes on, {self._kept}"
                if outbox.complained
                else "the tracking store has received what was kept"
            )

    def _say(self, text: str) -> None:
        self._console.print(escape(text), highlight=False)
