"""Files and folders that are there whole under their names, or not at all."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

IN_USE = (5, 32)
"""Windows' numbers of errors for what is open elsewhere: it neither moves nor replaces that."""

PATIENCE_SECONDS = 3.0
"""So long it is tried: a reader closes a file soon, a search for viruses too."""


def move(source: Path, place: Path) -> None:
    """Move a file or folder to its place, where a file that is there already is replaced.

    Raises:
        OSError: it cannot be moved, or on Windows somebody has it open and does not let go of it.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            os.replace(source, place)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in IN_USE or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Let what fails in the block say which file it was: a write does not.

    Raises:
        OSError: what the block raised, with the path if it had none.
    """
    try:
        yield
    except OSError as error:
        # What a library says in words of its own has no number, and they would be lost.
        if error.errno is not None:
            error.filename = error.filename or str(path)
        raise


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place beside a path to write a file or a new folder at; moved there if all goes well.

    What is no plain file, such as a device, is written itself.

    Raises:
        OSError: it cannot be written, by its name; what was there before is there still.
    """
    place = Path(os.path.realpath(path))
    special = place.exists() and not place.is_file()
    fresh = place if special else place.with_name(f".{place.name}.new{os.getpid()}")
    try:
        yield fresh
        if not special:
            move(fresh, place)
    except BaseException as error:
        if not special:
            shutil.rmtree(fresh, ignore_errors=True)
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
        # A write does not say what was written, and nobody knows the other name.
        if isinstance(error, OSError) and error.filename in (None, str(fresh), fresh):
            error.filename = str(path)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises: as `whole`.
    """
    with whole(path) as fresh:
        fresh.write_bytes(content)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file that outlasts a loss of power once this returns.

    Raises:
        OSError: it cannot be written, or the disk is full.
    """
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def outlast(path: Path) -> None:
    """Make a file that was written outlast a loss of power, whichever process has written it.

    Raises:
        OSError: the disk takes nothing more.
    """
    # For writing, though nothing is: Windows syncs no other.
    with named(path), open(path, "r+b") as file:
        os.fsync(file.fileno())
