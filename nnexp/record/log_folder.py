"""The folders that runs' logs lie in, beside the store: made and removed all or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from nnexp.atomic_files import named, write_synced

LOG, ARTIFACTS = "log.jsonl", "artifacts"
RUNS = "runs"
"""Below the store's folder: a folder for each run that is under way, was stopped, or waits."""
RECORDED = "recorded"
"""And the logs of the runs that the store has whole, by MLflow's id."""
HALF = ".new"
"""Before the number of the process, in the name of a folder that is being made."""


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
            os.replace(artifacts, fresh / ARTIFACTS)
        with suppress(FileNotFoundError):
            remove(folder)
        os.replace(fresh, folder)
    return len(content)


def remove(folder: Path) -> None:
    """Remove the folder of a run, all or nothing: half of one would look damaged.

    Raises:
        OSError: there is none, or the disk is read-only.
    """
    gone = folder.with_name(f"{folder.name}.gone{HALF}{os.getpid()}")
    os.replace(folder, gone)
    # What is left, should it be killed meanwhile, is told by its name.
    shutil.rmtree(gone, ignore_errors=True)


def recorded_log(store_folder: Path, run_id: str) -> Path:
    """Where the log of a run lies that the store has whole."""
    return store_folder / RECORDED / f"{run_id}.gz"
