"""MLflow's client: what it is told in every process, and calls that wait for a locked database."""

from __future__ import annotations

import logging
import os
import sys
import time
from functools import wraps
from typing import TYPE_CHECKING, Any

from nnexp.record.mlflow_private import LOCKED

if TYPE_CHECKING:
    from mlflow import MlflowClient

LOCKED_SECONDS = 60.0
"""How long a database that another process has locked is waited for."""


class PatientClient:
    """MLflow's client, waiting while another process holds the database locked.

    SQLite rolls back what it could not lock, so that a call may be made again.
    """

    def __init__(self, client: MlflowClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return patient(found) if callable(found) else found


def patient(call: Any, said: str = "") -> Any:
    """A call that waits while another process holds the database locked; what is said then."""

    @wraps(call)
    def asked(*args: Any, **kwargs: Any) -> Any:
        deadline = time.monotonic() + LOCKED_SECONDS
        while True:
            try:
                return call(*args, **kwargs)
            except Exception as error:
                # MLflow has waited for its own 20 seconds already.
                if LOCKED not in str(error) or time.monotonic() > deadline:
                    raise
                if said:
                    print(said, file=sys.stderr)
                time.sleep(0.5)

    return asked


def prepare_mlflow() -> None:
    """Settings that MLflow reads when imported or used; what the user has set stays."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "4")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # What was handed to a thread that fails later would be taken for recorded.
    os.environ["MLFLOW_ENABLE_ASYNC_LOGGING"] = "false"
    # It would print the server's address, password and all, at the end of every run.
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    # It would print whole statements; what went wrong is said by this program, in one line.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.WARNING)
