"""What MLflow is told in every process that uses it: to be silent, and not to wait for long."""

from __future__ import annotations

import logging
import os

TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
"""The variable that says for how many seconds MLflow waits for an answer of a server."""

BRIEF, LONG = "4", "30"
"""While something may be trained, which is not to stand still, and while somebody only looks."""

_ours: dict[str, str] = {}
"""What this process has set `TIMEOUT` to itself."""


def prepare_mlflow() -> None:
    """Settings that MLflow reads when imported or used; what the user has set stays."""
    _wait(BRIEF)
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # What was handed to a thread that fails later would be taken for recorded.
    os.environ["MLFLOW_ENABLE_ASYNC_LOGGING"] = "false"
    # It would print the server's address, password and all, at the end of every run.
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    # It would print whole statements; what went wrong is said by this program, in one line.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def wait_for_answers() -> None:
    """Let a server that has answered once take its time, until `prepare_mlflow` is called again.

    Two cores that others use too list a hundred runs in ten seconds.
    """
    _wait(LONG)


def _wait(seconds: str) -> None:
    if os.environ.get(TIMEOUT) == _ours.get(TIMEOUT):
        os.environ[TIMEOUT] = _ours[TIMEOUT] = seconds
