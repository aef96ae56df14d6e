"""MLflow's client, whose calls wait for a database that another process has locked."""

from __future__ import annotations

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
