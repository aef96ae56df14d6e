"""What a store's client raises (MLflow, a driver, HTTP): told from our own errors, and said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nnexp.record.mlflow_private import ELSEWHERE, LOGIN
from nnexp.redact import redact

if TYPE_CHECKING:
    from nnexp.record.store import Store

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

_FULL = (
    "database or disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "errors.DiskFull)",
)
"""What SQLite and PostgreSQL say of the disk that their files lie on."""

BY_SERVER = (
    "the artifacts of this experiment are with the MLflow server that made it, which the address "
    "of its database does not reach; the server's own does"
)


_REQUEST = re.compile(r"API request to (\S+) failed with exception .*\(Caused by \w+\((.*)\)\)$")
"""How MLflow says that a server was not reached: the cause comes last, after 200 characters."""


_ADVICE = re.compile(r" ?\(Background on this error at: \S+\)")
"""What SQLAlchemy ends with: an address that tells nothing of this store."""


def _cause(text: str) -> str:
    """What MLflow's client said, if it reached no server: where, and why not."""
    found = _REQUEST.match(text)
    if found is None:
        return text
    why = re.sub(r"[\"']\)*$", "", found[2]).rpartition(": ")[2].lstrip("\"'")
    return f"{found[1]}: {why}"


def said_by_store(error: BaseException) -> str:
    """What a store's client raised, on one line without secrets."""
    text = redact(_cause(_ADVICE.sub("", " ".join(str(error).split()))))
    if text.startswith(ELSEWHERE):
        return BY_SERVER
    return text[:200] or type(error).__name__


def trouble_of(store: Store, error: BaseException) -> str:
    """What keeps a store from taking something, as a clause: the store, or the disk here."""
    said = said_by_store(error)
    if any(words in said for words in _FULL):
        return f"{store.shown} cannot be written ({said})"
    if is_denied(error):
        return _denied(error)
    away = isinstance(error, ConnectionError | TimeoutError) or is_from_store(error)
    if isinstance(error, OSError) and error.errno and not away:
        return f"what is recorded cannot be written ({said})"
    return f"the tracking store does not answer ({said})"


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
    reason = _cause(_ADVICE.sub("", reason))
    if len(reason) > 120 and ": FATAL: " in reason:
        reason = reason.rpartition(": FATAL: ")[2]  # PostgreSQL's own words come last.
    if len(reason) > 120:
        reason = reason[:117] + "..."
    return f"{key}={redact(uri)}: no tracking store answers there ({reason}); allowed: a live one"


STRANGER, DENIED = "UNAUTHENTICATED", "PERMISSION_DENIED"
"""How MLflow calls the answers 401 and 403 of a server with logins."""

_ENDPOINT = re.compile(r"API request to endpoint /api/[\d.]+/(\S+) failed")


def is_denied(error: BaseException) -> bool:
    """Whether a server knows what it is asked for, and does not do it for this user.

    Nothing has come of the request; asked again, after the administrator was, it may succeed.
    """
    denied = getattr(error, "error_code", "") == DENIED or _status(error) == 403
    return denied or _is_stranger(error)


def denial(error: BaseException) -> str:
    """That a server does not let its user do something, on one line, without the user's name."""
    if _is_stranger(error):
        allowed = "name and password as the server's users have them"
        keys = "MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD"
    else:
        allowed = "what its administrator has granted, such as EDIT in this experiment"
        keys = "MLFLOW_TRACKING_USERNAME"
    return f"{keys}: {_denied(error)}; allowed: {allowed} (docs/server.md#users)"


def _denied(error: BaseException) -> str:
    if _is_stranger(error):
        return "the tracking server does not take this name and password any more"
    found = _ENDPOINT.search(str(error))
    asked = f" ({found[1]})" if found else ""
    return f"the tracking server does not let this user do that{asked}"


def _is_stranger(error: BaseException) -> bool:
    """Whether the server does not know who asks."""
    return getattr(error, "error_code", "") == STRANGER or _status(error) == 401


def _status(error: BaseException) -> int | None:
    """The number of a server's answer that an error is made of."""
    return getattr(getattr(error, "response", None), "status_code", None)


UNKNOWN = "RESOURCE_DOES_NOT_EXIST"
NEVER = (UNKNOWN, "INVALID_PARAMETER_VALUE", "INVALID_STATE")
"""MLflow's answers that will be the same next time."""


def is_refusal(error: BaseException) -> bool:
    """Whether a store answers, and will say the same the next time."""
    return getattr(error, "error_code", "") in NEVER
