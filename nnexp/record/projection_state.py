"""How far a store has been given a log: kept beside it, and nothing depends on it.

Without it everything is sent again.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from nnexp.atomic_files import move, named
from nnexp.record.log import RunLog, unpacked
from nnexp.record.store import Store

STATE = "projection.json"


@dataclass(frozen=True)
class State:
    """How far a store has been given a log."""

    run_id: str = ""
    opening: bool = False
    """Whether it was asked to open a run, and may have done so."""
    whole: int = 0
    """So many bytes of the log it has."""


def state_of(folder: Path) -> State:
    """What is kept beside a log."""
    with suppress(OSError):
        try:
            return State(**json.loads((folder / STATE).read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            # It is not synced: after a loss of power, a run is looked for by its token.
            return State(opening=True)
    return State()


def note(folder: Path, state: State) -> None:
    """Keep beside a log how far a store has been given it.

    Raises:
        OSError: the disk takes nothing more.
    """
    path = folder / STATE
    fresh = path.with_suffix(f".new{os.getpid()}")
    with named(path):
        fresh.write_text(json.dumps(asdict(state)), encoding="utf-8")
        move(fresh, path)


def taken_out(store: Store, run_id: str, folder: Path) -> RunLog | None:
    """The log of a run that the store has whole, where it can be gone on with; None without one.

    Raises:
        DamagedLog: it is not what was written.
    """
    # At once with the log: without it, it would be opened as a run of its own.
    state = json.dumps(asdict(State(run_id, opening=True)))
    return unpacked(store.folder, run_id, folder, {STATE: state})
