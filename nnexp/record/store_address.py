"""The address of the tracking store: as given, of the environment, or a file in this folder."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlparse

from nnexp.errors import UserError
from nnexp.redact import hide, redact


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
