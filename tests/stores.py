"""Where the runs of a test's folder are recorded: an SQLite file, or a team's server.

`NNEXP_TEST_STORE=server` records on servers (`tests.team_server`), one for each folder, so that
the tests of records hold for both. Tests that look into the SQLite file itself are marked `sqlite`.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

import requests
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

CHOICE = "NNEXP_TEST_STORE"
"""The variable that chooses: `server`, or an SQLite file."""

ASKED = "NNEXP_TEST_SERVER"
"""The variable that says, to all processes of the tests, where servers are asked for."""

LOGIN = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")


def on_server() -> bool:
    """Whether runs are recorded on servers."""
    return ASKED in os.environ


@contextmanager
def chosen() -> Iterator[None]:
    """Start what `NNEXP_TEST_STORE` names, for this process and those that it starts."""
    choice = os.environ.get(CHOICE, "sqlite")
    if choice not in ("sqlite", "server"):
        raise ValueError(f"{CHOICE}={choice}: allowed: sqlite, server")
    if choice == "sqlite" or on_server():
        yield
        return
    from tests import team_server

    # PostgreSQL's socket has a path of at most 107 bytes, so it does not lie in pytest's folder.
    with (
        tempfile.TemporaryDirectory(prefix="nnexp-") as folder,
        team_server.started(Path(folder)) as (asked, password),
    ):
        values = (os.fspath(asked), team_server.USER, password)
        with patch.dict(os.environ, dict(zip((ASKED, *LOGIN), values, strict=True))):
            yield


def address(folder: Path) -> str:
    """The address of the store that runs typed in a folder are recorded in."""
    return _ready(_asked("address", folder)["address"]) if on_server() else _file(folder)


def variables(folder: Path) -> dict[str, str]:
    """What a command typed in a folder finds in its environment to record there."""
    if not on_server():
        return {}
    login = {name: os.environ[name] for name in LOGIN}
    return {"MLFLOW_TRACKING_URI": address(folder), **login}


def tables(folder: Path) -> str:
    """The address of the database in which a folder's runs are recorded, in the end."""
    return _asked("address", folder)["database"] if on_server() else _file(folder)


def execute(folder: Path, statement: str, *values: object) -> int:
    """Change what is recorded in a folder's store behind nnexp's back; the number of rows.

    The statement has a question mark for each value.
    """
    names = iter(range(len(values)))
    named = re.sub(r"\?", lambda _: f":v{next(names)}", statement)
    with create_engine(tables(folder), poolclass=NullPool).begin() as connection:
        given = {f"v{number}": value for number, value in enumerate(values)}
        return connection.execute(text(named), given).rowcount


def copied(source: Path, target: Path) -> Path:
    """A copy of a folder with its store."""
    shutil.copytree(source, target, dirs_exist_ok=True)
    if on_server():
        _asked("copy", source, target)
        return target
    moved = "UPDATE runs SET artifact_uri = replace(artifact_uri, ?, ?)"
    execute(target, moved, f"{source.as_uri()}/", f"{target.as_uri()}/")
    return target


def artifacts(folder: Path, run_id: str) -> Path:
    """Where a run recorded in a folder has its files."""
    (found,) = (folder / "mlartifacts").rglob(f"{run_id}/artifacts")
    return found


def end(folder: Path) -> None:
    """The stores in a folder are not asked for again."""
    if on_server():
        _asked("end", folder)


@cache
def _ready(server: str) -> str:
    """The address of a server that has answered: a slow machine's first answer takes seconds."""
    login = (os.environ[LOGIN[0]], os.environ[LOGIN[1]])
    asked = f"{server}/api/2.0/mlflow/experiments/get?experiment_id=0"
    requests.get(asked, auth=login, timeout=60).raise_for_status()
    return server


def _file(folder: Path) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


def _asked(word: str, *folders: Path) -> dict[str, str]:
    from tests import team_server

    where = (folder.resolve() for folder in folders)
    return team_server.ask(Path(os.environ[ASKED]), word, *where)
