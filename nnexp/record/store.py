"""The tracking store: where runs are recorded, and reaching it safely.

The default is an SQLite file in the working directory. Creating or migrating such a file is done
under a lock: several first starts at once would otherwise crash. An address that does not answer
is found out within seconds and before anything is trained.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlparse

from nnexp.config.arguments import printable
from nnexp.error_boundary import logs_beside
from nnexp.errors import UserError
from nnexp.record.locks import held
from nnexp.record.mlflow_private import SERVED, be_brief, let_go, preload, store_of
from nnexp.record.mlflow_settings import prepare_mlflow, wait_for_answers
from nnexp.record.new_database import create_database
from nnexp.record.patient_client import PatientClient, patient
from nnexp.record.store_address import (
    ARTIFACTS,
    follow_move,
    given_as,
    noted,
    resolve_uri,
    sqlite_path,
    store_id,
)
from nnexp.record.store_errors import BY_SERVER, unreachable
from nnexp.redact import redact

if TYPE_CHECKING:
    from mlflow import MlflowClient

WORK_FOLDER = ".nnexp"
"""Hidden folder beside the store for locks, checkpoints and values not yet delivered."""

MAX_NAME = 250
"""Characters of the name of an experiment."""

_PACKAGES = {
    "psycopg2": "psycopg2-binary",
    "psycopg": "'psycopg[binary]'",
    "MySQLdb": "mysqlclient",
}
"""Packages on PyPI whose name is not that of the driver they bring."""

_SCHEMES = ("sqlite", "postgresql", "mysql", "mssql", "http", "https", "file", "")


@dataclass(frozen=True)
class Store:
    """An open tracking store."""

    uri: str
    client: MlflowClient
    folder: Path
    """Local folder for work in progress."""
    kept_id: str = ""
    """The id that is kept in the store; empty if it has none."""

    @property
    def name(self) -> str:
        """What the files beside the store are named after; the address where there is no id.

        A copy of an SQLite file has the id of the other, and may lie in the same folder.
        """
        if not self.kept_id or not self.uri.startswith("sqlite:"):
            return self.kept_id or self.shown
        return f"{self.kept_id} {sqlite_path(self.uri).name}"

    @property
    def shown(self) -> str:
        """The address without secrets, for screen and record."""
        return redact(self.uri)

    def owns(self, name: str) -> bool:
        """Whether what is named so beside a store is this one's, by its id or its address."""
        return name in (self.name, self.shown)


def import_client() -> None:
    """Import what reaching a store needs: a second, in which other threads can be at work."""
    prepare_mlflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        preload()


def open_store(uri: str | None, *, reading: bool = False, trains: bool = True) -> Store:
    """Reach the store, creating or migrating an SQLite file if need be.

    With `reading`, a file in a folder that cannot be written is opened too, as it is; where there
    is none, an empty store is read that leaves nothing behind. With `reading`, or without `trains`,
    a busy server is given its time: no training stands still meanwhile.

    Raises:
        UserError: the address cannot be used, or nothing answers there.
    """
    resolved = resolve_uri(uri)
    scheme = urlparse(resolved).scheme.split("+")[0]
    key = given_as(uri)
    if scheme not in _SCHEMES:
        raise UserError(
            f"{key}={redact(resolved)}: unknown kind of address; allowed: sqlite:///FILE, "
            "http(s)://HOST:PORT, postgresql://…"
        )
    prepare_mlflow()
    if scheme == "sqlite":
        return _open_sqlite(resolved, key, reading=reading)
    if scheme in ("file", ""):
        meant = f"; did you mean sqlite:///{resolved}?" if Path(resolved).is_file() else ""
        raise UserError(
            f"{key}={redact(resolved)}: MLflow's file store is deprecated; "
            f"allowed: sqlite:///FILE, http(s)://HOST:PORT, postgresql://…{meant}"
        )
    folder = Path(WORK_FOLDER).absolute()
    logs_beside(folder)
    if not reading:
        _make_folder(folder)
    store = _reach(resolved, key, folder, reading=reading)
    if reading or not trains:
        wait_for_answers()
    if not reading and scheme not in ("http", "https"):
        _say_where_artifacts_are(folder)
    return store


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
        # A file system that has become read-only is found out before anything is trained.
        with held(folder / "create.lock"):
            pass
    except OSError as error:
        raise UserError(
            f"{folder.parent}: cannot be written ({error.strerror or error}); checkpoints and what "
            "a server has not received are kept there: allowed: a writable working directory"
        ) from error


def _say_where_artifacts_are(folder: Path) -> None:
    """Say once in a working folder that a database takes no files."""
    said = folder / "artifacts-stay-here"
    if not said.exists():
        said.touch()
        print(
            "nnexp: a database keeps parameters and values; artifacts stay on this machine, where "
            "MLflow puts them. A server serves both to all: docs/server.md",
            file=sys.stderr,
        )


def experiment_id(store: Store, name: str, *, create: bool = True) -> str:
    """The id of an MLflow experiment, created if it is new; without `create` that is "" then.

    Raises:
        UserError: no name for one, or it was deleted, or its artifacts cannot be reached this way.
    """
    if name != printable(name) or not 0 < len(name.strip()) <= MAX_NAME:
        raise UserError(
            f"experiment {printable(name)!r}: allowed: a name of at most {MAX_NAME} characters, "
            "none of which steers a terminal"
        )
    from mlflow.exceptions import MlflowException

    found = store.client.get_experiment_by_name(name)
    if found is None and not create:
        return ""
    if found is None:
        here = store.uri.startswith("sqlite:///")
        # Artifacts of an SQLite store lie beside its file; servers decide for themselves.
        place = (sqlite_path(store.uri).parent / ARTIFACTS).as_uri() if here else None
        try:
            return str(store.client.create_experiment(name, artifact_location=place))
        except MlflowException:
            # Another process was quicker; if not, the name itself is at fault.
            found = store.client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage != "active":
        raise UserError(
            f"tracking.experiment={name}: this experiment was deleted in MLflow; "
            "allowed: another name, or restore it"
        )
    if found.artifact_location.startswith(SERVED) and not store.uri.startswith("http"):
        raise UserError(
            f"tracking.experiment={name} in {store.shown}: {BY_SERVER}; allowed: that address, or "
            "another experiment"
        )
    return str(found.experiment_id)


def _open_sqlite(uri: str, key: str, *, reading: bool) -> Store:
    if "?" in uri or not uri.startswith("sqlite:///"):
        raise UserError(f"{key}={redact(uri)}: allowed: sqlite:///FILE, without options")
    path = sqlite_path(uri)
    folder = path.parent / WORK_FOLDER
    if not path.parent.is_dir():
        raise UserError(f"{key}={uri}: no folder {path.parent}; allowed: a file in a folder")
    if path.is_dir():
        raise UserError(f"{key}={uri}: is a folder; allowed: a file")
    empty = _nothing_recorded(key) if reading and not path.exists() else None
    logs_beside(folder)
    if empty is not None and not folder.exists():
        return replace(empty, uri=uri)
    if empty is not None:
        # The database is gone; what lies beside it is still its own.
        note = noted(folder / f"{path.name}.id")
        return replace(empty, uri=uri, folder=folder, kept_id=note)
    unlocked: Callable[..., Store] = patient(
        _reach, "the database is locked by another process; waiting"
    )
    try:
        folder.mkdir(exist_ok=True)
        with held(folder / "create.lock"):
            if not path.exists():
                _create(path, folder, key)
            return unlocked(uri, key, folder, reading=reading)
    except OSError as error:
        if reading and path.exists():
            return unlocked(uri, key, folder, reading=True)
        raise UserError(
            f"{key}={uri}: cannot be written ({error.strerror or error}); "
            "allowed: a file in a writable folder"
        ) from error


@lru_cache(maxsize=1)
def _nothing_recorded(key: str) -> Store:
    """An empty store that is gone with this process: who only looks leaves no files behind."""
    place = Path(tempfile.mkdtemp(prefix="nnexp-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return _open_sqlite(f"sqlite:///{place / 'mlflow.db'}", key, reading=False)


def _create(path: Path, folder: Path, key: str) -> None:
    def reach(fresh: Path) -> None:
        let_go(store_of(_reach(f"sqlite:///{fresh}", key, folder, reading=True).client))

    create_database(path, folder, reach)


def _reach(uri: str, key: str, folder: Path, *, reading: bool) -> Store:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        if not uri.startswith("http"):
            be_brief()
        try:
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
            client.search_experiments(max_results=1)
            path = sqlite_path(uri) if uri.startswith("sqlite:") else None
            note = folder / f"{path.name}.id" if path is not None else None
            kept_id = store_id(client, note, reading=reading)
            if path is not None:
                follow_move(store_of(client), path.parent)
        except ImportError as error:
            driver = str(error.name or error)
            raise UserError(
                f"{key}={redact(uri)}: its driver {driver} is not installed; "
                f"allowed: pip install {_PACKAGES.get(driver, driver)} first"
            ) from error
        except Exception as error:
            # Of drivers, MLflow and what they stand on: no two share a base class.
            raise UserError(unreachable(uri, key, error)) from error
    return Store(uri, cast("MlflowClient", PatientClient(client)), folder, kept_id)
