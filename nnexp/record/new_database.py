"""New SQLite stores: copies of an empty database of MLflow's, kept where the compiled kernel is.

MLflow makes a database by going through all changes that its tables have ever seen, which takes a
second. Which MLflow a copy is of stands in the template's name, with the digest of its bytes.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
import uuid
from collections.abc import Callable
from contextlib import closing, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nnexp.atomic_files import move, write_whole
from nnexp.errors import UserError
from nnexp.kernel.cache import cache_folder

LEFT_SECONDS = 3600
"""How old what a killed process was writing is before it is removed."""


def create_database(path: Path, folder: Path, reach: Callable[[Path], object]) -> None:
    """Make a fresh database elsewhere and move it into place when it is whole.

    MLflow creates it in dozens of steps; killed between two, it would leave a file that neither it
    nor anyone else can use.

    Args:
        path: where it is to be.
        folder: where it is made, on the same disk.
        reach: lets MLflow open a file, and make what it lacks; afterwards it holds it no more.

    Raises:
        OSError: the disk takes nothing more. Or whatever `reach` raises.
    """
    for left in folder.glob("fresh-*.db*"):
        _drop(left)
    if (content := _template()) is not None:
        fresh = _fresh(folder)
        fresh.write_bytes(content)
        try:
            reach(fresh)
        except UserError:
            # Not this MLflow's, whatever its name says.
            _drop(fresh)
            _forget()
        else:
            move(fresh, path)
            return
    fresh = _fresh(folder)
    reach(fresh)
    _keep(fresh)
    move(fresh, path)


def _drop(path: Path) -> None:
    # Windows keeps what a process still has open: the next one finds it.
    with suppress(OSError):
        path.unlink()


def _fresh(folder: Path) -> Path:
    # MLflow remembers in a process which addresses have their tables: each file has its own.
    return folder / f"fresh-{os.getpid()}-{uuid.uuid4().hex[:8]}.db"


def _template() -> bytes | None:
    """The bytes of an empty database; None if there is none that is as it was written."""
    with suppress(OSError, PackageNotFoundError):
        for found in _templates():
            content = found.read_bytes()
            if found.stem == _stem(content):
                return content
            found.unlink()
    return None


def _forget() -> None:
    with suppress(OSError, PackageNotFoundError):
        for found in _templates():
            found.unlink()


def _keep(path: Path) -> None:
    """Make the template of a database that MLflow has just made; without one it makes the next."""
    copy = path.with_suffix(".copy.db")
    with suppress(OSError, PackageNotFoundError, sqlite3.Error):
        with closing(sqlite3.connect(path)) as made, closing(sqlite3.connect(copy)) as empty:
            made.backup(empty)
            # The first experiment names the folder it was made in; MLflow makes it where it is
            # missing.
            empty.execute("DELETE FROM experiments")
            empty.commit()
            empty.execute("VACUUM")
        content = copy.read_bytes()
        _tidy()
        write_whole(_folder() / f"{_stem(content)}.db", content)
    with suppress(OSError):
        copy.unlink()


def _tidy() -> None:
    """Remove what processes have left that were killed as they wrote a template."""
    for left in _folder().glob(f".{_name()}-*.new*"):
        if time.time() - left.stat().st_mtime > LEFT_SECONDS:
            left.unlink()


def _templates() -> list[Path]:
    return sorted(_folder().glob(f"{_name()}-*.db"))


def _folder() -> Path:
    return cache_folder(own=False)


def _name() -> str:
    return f"mlflow-{version('mlflow')}"


def _stem(content: bytes) -> str:
    return f"{_name()}-{hashlib.sha256(content).hexdigest()[:16]}"
