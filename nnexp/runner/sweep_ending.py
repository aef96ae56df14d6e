"""How a sweep or a search ends: stopped in the middle, or with what the store has not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.markup import escape

from nnexp.config.plurals import some
from nnexp.errors import NnexpError, reason_of
from nnexp.record.clock import now
from nnexp.record.description import reason_tag, written_in
from nnexp.record.events import Ended
from nnexp.record.outbox import Outbox
from nnexp.record.projection import Projection
from nnexp.runner.run_under_way import NotRecorded
from nnexp.signals import held_stops


class SweepStopped(NnexpError):
    """A sweep that cannot go on here, such as for want of space; what has ended is recorded."""


@contextmanager
def killed_if_stopped(
    what: str,
    parent: Callable[[], Projection | None],
    outbox: Outbox,
    say: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Mark the parent run as KILLED if the block is left by an exception, and `say` what to do.

    `parent` is asked for then; there is none as long as it could not be opened.

    Raises:
        SweepStopped: the disk is full, or the folder has gone: what has ended is recorded.
    """
    try:
        yield
    except BaseException as error:
        if (opened := parent()) is None:
            raise
        with held_stops(forget=True), suppress(OSError):
            end_parent(opened, outbox, "KILLED", reason_tag(reason_of(error)))
            say()
        if isinstance(error, OSError):
            raise SweepStopped(
                f"{what} {opened.run_id} cannot go on: {error}; the same command goes on with it"
            ) from error
        raise


def end_parent(parent: Projection, outbox: Outbox, status: str, tags: Mapping[str, str]) -> None:
    """Close the run of a sweep or a search, with the artifacts that its log has."""
    whole = status != "KILLED"
    artifacts = written_in(parent.log.artifacts) if whole else {}
    parent.log.add(Ended(status, now(), tags=tags, artifacts=artifacts, whole=whole))
    parent.log.close()
    outbox.send(parent)


def say_kept(outbox: Outbox, console: Console) -> None:
    """Say what a store that could not take everything has not received."""
    if outbox.waiting and not outbox.lost:
        count = len(outbox.waiting)
        text = (
            f"{outbox.trouble}; nothing is lost: {some(count, 'run')} "
            f"{'is' if count == 1 else 'are'} kept in "
            f"{outbox.store.folder} and sent at the next start"
        )
        console.print(escape(text), highlight=False)


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
