"""What earlier processes have left: the logs of their runs."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from nnexp.record.checkpoint import SUFFIX
from nnexp.record.clock import now
from nnexp.record.description import fail
from nnexp.record.events import Begun, DamagedLog, Ended, Event, Values
from nnexp.record.log import RunLog, put_away, write_whole
from nnexp.record.log_folder import ARTIFACTS, HALF, REFUSED, RUNS, lock, remove, set_aside
from nnexp.record.processes import alive, boot
from nnexp.record.projection import Projection
from nnexp.record.projection_state import state_of
from nnexp.record.store import Store
from nnexp.record.store_errors import is_refusal, said_by_store

GONE = (
    "the process that trained it is gone (killed, or the machine went down); noticed at a later "
    "start"
)


@dataclass(frozen=True)
class Left:
    """What becomes of a log that an earlier process has left."""

    what: str
    """In words."""
    became: str
    """`sent`, `killed` (marked so in the store), `waits` or `refused`; of what a store lacked,
    `rebuilt` or `trained again`.
    """
    folder: Path
    run_id: str = ""
    said: str = ""
    """Why it waits or was refused."""
    renewed: bool = False
    """Whether the store had the run no more, and has been given it anew."""


def left_behind(store: Store) -> list[Left]:
    """What `settle` would come to if the store answered."""
    found = []
    for folder in _folders(store):
        if (log := _read(folder)) is None:
            found.append(Left("a run whose file is damaged on disk", "refused", folder))
        elif _is_left(store, log) and _is_told(log):
            ended = log.logged.ended
            found.append(Left(described(log), "sent" if ended else "killed", folder))
    return found


def settle(store: Store) -> Iterator[Left]:
    """Project what earlier processes could not; a store that fails again is left alone.

    Runs that nobody works on are marked KILLED where the store knows of them. What versions before
    0.4 have left is taken over first.
    """
    take_over(store)
    trouble = ""
    for folder in _folders(store):
        log = _read(folder)
        if log is not None and not _is_left(store, log):
            continue
        with lock(store.folder):
            # Another process may have dealt with it meanwhile.
            log = _read(folder)
            if not folder.exists() or (log is not None and not _is_left(store, log)):
                continue
            if (left := _settled(store, folder, log, trouble)) is not None:
                trouble = left.said if left.became == "waits" else trouble
                yield left


def finished_logs(store: Store, experiment: str) -> dict[str, RunLog]:
    """Runs that have finished and that the store may not have yet, by fingerprint."""
    found = {}
    for log in filter(None, map(_read, _folders(store))):
        begun, ended = log.logged.begun, log.logged.ended
        ours = store.owns(begun.store) and begun.experiment == experiment
        is_run = begun.tags.get("nnexp.kind") == "run"
        if ours and is_run and ended is not None and ended.status == "FINISHED":
            found[begun.tags["nnexp.fingerprint"]] = log
    return found


def in_hand(log: RunLog) -> bool:
    """Whether a process is at work on a run, or about to send it.

    One that cannot be seen from here is judged by how long ago its log was written.
    """
    owner = log.logged.owner
    if not owner:
        return False
    mine = owner.get("nnexp.pid") == str(os.getpid()) and owner.get("nnexp.boot") == boot()
    if mine and owner.get("nnexp.host") == socket.gethostname() and log.logged.ended is not None:
        return False
    if log.is_held:
        return True
    written = int(log.path.stat().st_mtime * 1000)
    return alive({**owner, "nnexp.heartbeat": str(written)}, now())


def described(log: RunLog) -> str:
    """A log in words."""
    begun = log.logged.begun
    run_id = state_of(log.folder).run_id or begun.run_id
    return f"{begun.tags.get('nnexp.kind', 'run')} {run_id[:8]} {begun.name}".replace("  ", " ")


def _folders(store: Store) -> list[Path]:
    folders = sorted((store.folder / RUNS).glob("*/"))
    return [folder for folder in folders if HALF not in folder.name]


def _settled(store: Store, folder: Path, log: RunLog | None, trouble: str) -> Left | None:
    if log is None:
        what, said = "a run whose file is damaged on disk", "damaged on disk"
        return Left(what, "refused", set_aside(store, folder, said), said=said)
    ended, what = log.logged.ended, described(log)
    if not _is_told(log):
        if ended is not None:
            put_away(log, store.folder, state_of(folder).run_id)
        elif not _has_checkpoint(store, log):
            remove(folder)
        return None
    if ended is None:
        fail(log, GONE, "KILLED")
    if trouble:
        return Left(what, "waits", folder, said=trouble)
    try:
        projection = Projection(store, log)
        run_id = projection.close_late()
    except Exception as error:
        # Whatever the client raises (HTTP, database, MLflow): it stays on disk.
        return not_taken(store, folder, what, error)
    if projection.replaced:
        return None
    if not log.logged.whole and not _has_checkpoint(store, log):
        put_away(log, store.folder, run_id)
    became = "sent" if ended is not None else "killed"
    return Left(what, became, folder, run_id, renewed=projection.renewed)


def not_taken(store: Store, folder: Path, what: str, error: Exception) -> Left:
    """A log that a store has just failed to take: it waits, or is set aside."""
    said = said_by_store(error)
    if not is_refusal(error):
        return Left(what, "waits", folder, said=said)
    return Left(what, "refused", set_aside(store, folder, said), said=said)


def _is_told(log: RunLog) -> bool:
    """Whether there is something that the store is to be told."""
    state = state_of(log.folder)
    if log.logged.ended is not None:
        return state.whole < log.size
    # Of others it knows nothing: they are gone on with, or trained again.
    return state.opening or bool(log.logged.begun.run_id)


def _is_left(store: Store, log: RunLog) -> bool:
    """Whether a log is this store's, nobody has it in hand, and there is something to be done."""
    with suppress(FileNotFoundError):  # Another process has just put it away.
        if store.owns(log.logged.begun.store) and not in_hand(log):
            # One that the store has whole was to be put away, unless it can be gone on with.
            return _is_told(log) or log.logged.whole or not _has_checkpoint(store, log)
    return False


def _has_checkpoint(store: Store, log: RunLog) -> bool:
    return any(store.folder.glob(f"{log.key}{SUFFIX}*"))


def _read(folder: Path) -> RunLog | None:
    with suppress(DamagedLog, OSError):
        return RunLog(folder)
    return None


FOLDER, FILE = "undelivered", "delivery.json"


def take_over(store: Store) -> None:
    """Turn the deliveries of versions before 0.4 into logs, which are sent like any other."""
    paths = [path for name in (FOLDER, REFUSED) for path in (store.folder / name).glob(f"*/{FILE}")]
    for path in paths:
        with lock(store.folder), suppress(ValueError, TypeError, KeyError, OSError):
            content = json.loads(path.read_text(encoding="utf-8"))
            name = str(content.get("store") or content["uri"])
            # Up to version 0.1 it was its address.
            if not store.owns(name):
                continue
            artifacts = path.parent / ARTIFACTS
            write_whole(
                store.folder / RUNS / path.parent.name,
                _events(content, name),
                artifacts if artifacts.is_dir() else None,
            )
            shutil.rmtree(path.parent)


def _events(content: Mapping[str, Any], name: str) -> Iterator[Event]:
    opening = content.get("opening") or {}
    yield Begun(
        store=name,
        experiment=opening.get("experiment", ""),
        name=opening.get("name", ""),
        at=opening.get("start_time", content["end_time"]),
        params=opening.get("params", {}),
        tags=opening.get("tags", {}),
        data=opening.get("data", {}),
        owner={},
        run_id=content["run_id"],
        token=opening.get("token", ""),
    )
    # Up to version 0.3 a value was an object.
    metrics = [tuple(m.values()) if isinstance(m, dict) else tuple(m) for m in content["metrics"]]
    for (step, at), group in groupby(metrics, key=lambda m: (m[2], m[3])):
        yield Values(step, at, {metric: value for metric, value, _, _ in group})
    sizes = (content.get("expected") or {}).get("artifacts", {})
    written = {name: (size, "") for name, size in sizes.items()}
    tags = content["tags"]
    yield Ended(content["status"], content["end_time"], tags=tags, artifacts=written)
