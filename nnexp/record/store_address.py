"""Where the tracking store is, and what it is known by: an address, and an id kept in it.

Checkpoints and deliveries beside a store are named after its id, whatever folder it is moved to or
address it has. Artifacts of an SQLite store lie beside its file under addresses that MLflow records
whole; where the folder was moved since, they are written anew.
"""

from __future__ import annotations

import os
import re
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from nnexp.errors import UserError
from nnexp.record.mlflow_private import session_of, tables
from nnexp.redact import hide, redact

if TYPE_CHECKING:
    from mlflow import MlflowClient


def resolve_uri(uri: str | None) -> str:
    """The configured address, else MLFLOW_TRACKING_URI, else `mlflow.db` in this folder.

    Raises:
        UserError: it is no address at all.
    """
    chosen = uri or os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path('mlflow.db')}"
    hide(chosen)
    try:
        if chosen.startswith("sqlite:///"):
            path = Path(chosen.removeprefix("sqlite:///")).expanduser()
            chosen = f"sqlite:///{path.absolute()}"
        urlparse(chosen)
        if unquote(chosen).isprintable():
            return chosen
        reason = "control characters"
    except (ValueError, RuntimeError) as error:
        reason = str(error)
    raise UserError(
        f"{given_as(uri)}={redact(chosen)}: cannot be read ({reason}); allowed: sqlite:///FILE, "
        "http(s)://HOST:PORT, postgresql://…"
    )


def given_as(uri: str | None) -> str:
    """Where an address was given."""
    from_environment = not uri and "MLFLOW_TRACKING_URI" in os.environ
    return "MLFLOW_TRACKING_URI" if from_environment else "tracking.uri"


def sqlite_path(uri: str) -> Path:
    """The file of an SQLite address."""
    return Path(unquote(uri.removeprefix("sqlite:///")))


TAG = "nnexp.store"
"""A tag of MLflow's experiment 0, which every store has unless it was removed for good."""

FIRST_EXPERIMENT = "0"

ARTIFACTS = "mlartifacts"
"""The folder beside an SQLite store's file that its artifacts are in."""


def store_id(client: MlflowClient, note: Path | None, *, reading: bool) -> str:
    """The id kept in a store; one that has none is given one unless it is only read, then "".

    `note` is the file beside an SQLite store that holds its id too: where the database is deleted,
    or an older copy put back, what lies beside it still belongs to it. A store whose experiment 0
    is gone, or that nobody may write to, has none.
    """
    from mlflow.exceptions import MlflowException

    with suppress(MlflowException):
        found = str(client.get_experiment(FIRST_EXPERIMENT).tags.get(TAG, ""))
        if not found and not reading:
            client.set_experiment_tag(FIRST_EXPERIMENT, TAG, noted(note) or uuid.uuid4().hex)
            # Of two processes that are first at once, both take what stayed.
            found = str(client.get_experiment(FIRST_EXPERIMENT).tags.get(TAG, ""))
        if note is not None and found and not reading and noted(note) != found:
            note.write_text(found, encoding="utf-8")
        return found
    return ""


def noted(note: Path | None) -> str:
    """The id in the file beside an SQLite store; empty if there is none."""
    with suppress(OSError, UnicodeDecodeError):
        text = note.read_text(encoding="utf-8").strip() if note is not None else ""
        return text if re.fullmatch("[0-9a-f]{32}", text) else ""
    return ""


def follow_move(inner: Any, folder: Path) -> int:
    """Let the recorded addresses of artifacts point to the folder that an SQLite store is in now.

    `inner` is MLflow's store object. Nothing is changed where no artifacts lie beside the store, or
    where the recorded folder is this one by another name. Returns how many experiments had moved.
    """
    here = folder / ARTIFACTS
    if not here.is_dir() or (found := tables()) is None:
        return 0
    from sqlalchemy import func, select, update
    from sqlalchemy.exc import SQLAlchemyError

    moved, experiment, run = 0, found.experiment, found.run
    # On a disk that is read-only all stays as it is.
    with suppress(SQLAlchemyError), session_of(inner) as session:
        columns = experiment.experiment_id, experiment.artifact_location
        for number, place in session.execute(select(*columns)).all():
            if not _moved(str(place), here):
                continue
            tail = func.substr(run.artifact_uri, len(place) + 1)
            there: Any = run.artifact_uri.startswith(f"{place}/", autoescape=True)
            runs: Any = update(run).where(run.experiment_id == number, there)
            session.execute(runs.values(artifact_uri=here.as_uri() + tail))
            these: Any = update(experiment).where(experiment.experiment_id == number)
            session.execute(these.values(artifact_location=here.as_uri()))
            moved += 1
    if moved:
        said = f"nnexp: this store was moved; its artifacts are looked for in {here}"
        print(said, file=sys.stderr)
    return moved


def _moved(place: str, here: Path) -> bool:
    """Whether a recorded folder of artifacts is one of ours, and not this one."""
    address = urlparse(place)
    path = Path(url2pathname(address.path))
    if address.scheme != "file" or path.name != ARTIFACTS or path == here:
        return False
    return not (path.exists() and os.path.samefile(path, here))
