"""What is said of a tracking store that does not take what it is given, or takes it again."""

from __future__ import annotations

from nnexp.config.plurals import some
from nnexp.errors import NnexpError
from nnexp.record.outbox import Outbox
from nnexp.terminal import Console


class NotRecorded(NnexpError):
    """What has been trained is whole on this disk, but not in the store, which says it was."""


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
            self._console.say(
                f"the tracking store refuses what is recorded ({outbox.refusal}): it is kept in "
                f"{outbox.refused[-1]}"
            )
        if outbox.complained != bool(outbox.trouble or outbox.keeps):
            outbox.complained = not outbox.complained
            self._console.say(
                f"{outbox.trouble}: training goes on, {self._kept}"
                if outbox.complained
                else "the tracking store has received what was kept"
            )


def say_kept(outbox: Outbox, console: Console) -> None:
    """Say what a store that could not take everything has not received."""
    if outbox.waiting and not outbox.lost:
        count = len(outbox.waiting)
        console.say(
            f"{outbox.trouble}; nothing is lost: {some(count, 'run')} "
            f"{'is' if count == 1 else 'are'} kept in "
            f"{outbox.store.folder} and sent at the next start"
        )


def confirm_recorded(outbox: Outbox) -> None:
    """What has been trained must be in the store, or wait for one that does not answer.

    Raises:
        NotRecorded: the store will never take some of it, or has not kept what it took.
    """
    if outbox.refused:
        raise NotRecorded(
            f"the tracking store refused {len(outbox.refused)} runs ({outbox.refusal}); they "
            f"are kept in {outbox.refused[0].parent}: python -m nnexp doctor sends them once the "
            "store takes them"
        )
    if outbox.lost:
        raise NotRecorded(
            f"{len(outbox.waiting)} runs are not recorded: the tracking store answers, but "
            f"{next(iter(outbox.lost.values()))}; they are kept in {outbox.store.folder} and sent "
            "again at the next start"
        )
