"""What a store's client raises (MLflow, a driver, HTTP): told from our own errors, and said."""

from __future__ import annotations

from nnexp.record.mlflow_private import LOGIN
from nnexp.redact import redact

_DRIVERS = (
    "mlflow",
    "sqlalchemy",
    "sqlite3",
    "psycopg2",
    "pymysql",
    "alembic",
    "requests",
    "urllib3",
)
"""Packages whose errors are a store's."""


def said_by_store(error: BaseException) -> str:
    """What a store's client raised, on one line without secrets."""
    text = redact(" ".join(str(error).split()))
    return text[:200] or type(error).__name__


def is_from_store(error: BaseException) -> bool:
    """Whether an error comes from the store or the way to it, not from this program."""
    kinds = {kind.__module__.split(".")[0] for kind in type(error).__mro__}
    return not kinds.isdisjoint(_DRIVERS)


def unreachable(uri: str, key: str, error: BaseException) -> str:
    """That no store answers at the address `uri`, which `key` gave, on one line."""
    reason = redact(" ".join(str(error).split()))
    if uri.startswith("http") and LOGIN in reason:
        return (
            f"{key}={redact(uri)}: the server asks who you are; allowed: name and password in "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, as its users have them"
        )
    if len(reason) > 120:
        reason = reason[:117] + "..."
    return f"{key}={redact(uri)}: no tracking store answers there ({reason}); allowed: a live one"
