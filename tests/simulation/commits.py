"""What a loss of power takes of the store: the last commits that did not wait for the disk.

As of SQLite with a write-ahead log: a commit that waits has all before it on the disk too, and what
is lost is lost from the end (`nnexp.record.sqlite_commits`). All others are not to be lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace

from mlflow.entities import Experiment

from tests.simulation.store import Client, Kept
from tests.simulation.world import World

State = tuple[dict[str, Experiment], dict[str, Kept]]


class Commits:
    """The states of a store that it may be in after a loss of power."""

    def __init__(self, world: World, client: Client) -> None:
        self._world, self._client = world, client
        self._states: list[State] = [_state(client)]
        self._quick: set[int] = set()
        """The processes whose commits do not wait."""

    @contextmanager
    def quick(self) -> Iterator[None]:
        """What this process changes meanwhile does not wait; at the end all of it has."""
        me = self._world.me
        assert me is not None
        self._quick.add(me.pid)
        try:
            yield
        finally:
            self._quick.discard(me.pid)
            if not me.dead:
                self._world.step("store: all commits reach the disk")
                self._states = [_state(self._client)]

    def committed(self) -> None:
        """This process has changed the store."""
        me = self._world.me
        if me is not None and me.pid in self._quick and self._world.faults.power:
            self._states.append(_state(self._client))
        else:
            self._states = [_state(self._client)]

    def lose_power(self) -> None:
        """Leave one of the states."""
        kept = self._world.draw.randrange(len(self._states))
        if lost := len(self._states) - 1 - kept:
            self._world.note(f"the store loses its last {lost} commits")
        state = self._states[kept]
        self._client.experiments, self._client.runs = _copied(state)
        self._states = [state]
        self._quick.clear()


def _state(client: Client) -> State:
    return _copied((client.experiments, client.runs))


def _copied(state: State) -> State:
    experiments, runs = state
    copies = {
        run_id: replace(
            kept,
            tags=copy(kept.tags),
            params=copy(kept.params),
            values=copy(kept.values),
            inputs=copy(kept.inputs),
        )
        for run_id, kept in runs.items()
    }
    return copy(experiments), copies
