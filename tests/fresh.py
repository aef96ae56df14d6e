"""New databases for tests without the second that MLflow takes to make each of them.

Within `copied_databases` the program's new SQLite stores are copies of one that it has made, whole,
before. The tests of the start of a store do without.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

from nnexp.record import store


@lru_cache(maxsize=1)
def template() -> bytes:
    """An SQLite store that nothing is recorded in yet."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mlflow.db"
        (path.parent / store.WORK_FOLDER).mkdir()
        store._create(path, path.parent / store.WORK_FOLDER, "tracking.uri")
        return path.read_bytes()


@contextmanager
def copied_databases() -> Iterator[None]:
    """New stores are copies of the template."""
    content = template()

    def create(path: Path, folder: Path, key: str) -> None:
        fresh = folder / f"{path.name}.copy"
        fresh.write_bytes(content)
        shutil.move(fresh, path)

    with patch.object(store, "_create", create):
        yield
