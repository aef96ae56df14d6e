"""Runs that nobody trains: opened, filled and closed in one go, or taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from nnexp.record.clock import now
from nnexp.record.store import Store


@contextmanager
def recorded_at_once(
    store: Store, experiment_id: str, name: str, stamp: int, tags: Mapping[str, str]
) -> Iterator[str]:
    """A new run by its id, which is FINISHED if the block ends well, and else in the bin."""
    run = store.client.create_run(experiment_id, start_time=stamp, tags=dict(tags), run_name=name)
    run_id = str(run.info.run_id)
    try:
        yield run_id
        store.client.set_terminated(run_id, "FINISHED", end_time=now())
    except BaseException:
        # What went wrong first is what is told.
        with suppress(Exception):
            take_back(store, run_id, "FAILED")
        raise


def take_back(store: Store, run_id: str, status: str) -> None:
    """Delete a run that is not whole, marked as ended: in the bin too nobody is at work on it."""
    store.client.set_terminated(run_id, status, end_time=now())
    store.client.delete_run(run_id)
