"""The folders that runs' logs lie in, beside the store: made and removed all or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from uuid import uuid4

from nnexp.atomic_files import move, named, write_synced
from nnexp.record.locks import held
from nnexp.record.store import Store

LOG, ARTIFACTS = "log.jsonl", "artifacts"
RUNS = "runs"
"""Below the store's folder: a folder for each run that is under way, was stopped, or waits."""
RECORDED = "recorded"
"""And the logs of the runs that the store has whole, by MLflow's id."""
HALF = ".new"
"""Before the number of the process, in the name of a folder that is being made."""
IMPORT = "import"
"""Before `HALF`, in the name of a folder for the artifacts of a run that comes from a file."""
REFUSED = "refused"
"""Where logs go that cannot arrive: of runs that the store no longer has, or damaged."""
REASON = "reason.txt"
"""Beside a refused log: what the store said."""
DELIVER_LOCK = "deliver.lock"

DELETED = ".deleted"


def create(
    folder: Path,
    content: bytes,
    artifacts: Path | None = None,
    beside: Mapping[str, str] | None = None,
) -> int:
    """Make the folder of a run, with its log, all or nothing; the bytes written."""
    # Who makes it can be told by its name, should it be killed meanwhile.
    fresh = folder.with_name(f"{folder.name}{HALF}{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    with named(fresh / LOG):
        fresh.mkdir(parents=True)
        write_synced(fresh / LOG, content)
        for name, text in (beside or {}).items():
            (fresh / name).write_text(text, encoding="utf-8")
        if artifacts is not None:
            move(artifacts, fresh / ARTIFACTS)
        with suppress(FileNotFoundError):
            remove(folder)
        move(fresh, folder)
    return len(content)


def remove(folder: Path) -> None:
    """Remove the folder of a run, all or nothing: half of one would look damaged.

    Raises:
        OSError: there is none, or the disk is read-only.
    """
    gone = folder.with_name(f"{folder.name}.gone{HALF}{os.getpid()}")
    move(folder, gone)
    # What is left, should it be killed meanwhile, is told by its name.
    shutil.rmtree(gone, ignore_errors=True)


def recorded_log(store_folder: Path, run_id: str) -> Path:
    """Where the log of a run lies that the store has whole."""
    return store_folder / RECORDED / f"{run_id}.gz"


def lock(folder: Path) -> AbstractContextManager[None]:
    """Held, beside a store, while a log that was left is taken up, sent or set aside."""
    return held(folder / DELIVER_LOCK)


def make_room(folder: Path) -> None:
    """Let a new log be written in a folder: what is there is settled later, by another name."""
    with suppress(FileNotFoundError):
        move(folder, folder.with_name(uuid4().hex))


def set_aside(store: Store, folder: Path, reason: str) -> Path:
    """Keep what cannot arrive where it is in nobody's way, with the reason; the folder."""
    aside = store.folder / REFUSED / folder.name
    aside.parent.mkdir(exist_ok=True)
    shutil.rmtree(aside, ignore_errors=True)
    (folder / REASON).write_text(reason, encoding="utf-8")
    move(folder, aside)
    return aside


def taken_back(store: Store, folder: Path) -> Path:
    """Let a refused log wait again: the store may have changed its mind; the folder."""
    back = store.folder / RUNS / folder.name
    back.parent.mkdir(exist_ok=True)
    with lock(store.folder):
        if back.exists():
            remove(back)
        move(folder, back)
    return back


def deletion_mark(store_folder: Path, run_id: str) -> Path:
    """An empty file beside the log of a run that was put into MLflow's bin from here.

    A server's `mlflow gc` empties the bin without telling: the run is not to be made again then.
    """
    return recorded_log(store_folder, run_id).with_suffix(DELETED)
