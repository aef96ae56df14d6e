"""What MLflow is told in every process that uses it: to be silent, and not to wait for long."""

from __future__ import annotations

import logging
import os


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
