"""Sending to a store: what another process has just recorded is no reason to fail."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from nnexp.record.sending import TRIES, log_data

DATA = {"name": "mnist", "digest": "1", "source_type": "local", "source": "{}"}


def sent(refusals: list[str]) -> int:
    """How often a data set was sent to a store that refuses it so at first."""
    calls = []

    def log_inputs(*_: Any) -> None:
        calls.append(1)
        if len(calls) <= len(refusals):
            raise MlflowException(refusals[len(calls) - 1])

    log_data(SimpleNamespace(client=SimpleNamespace(log_inputs=log_inputs)), "a", DATA)  # type: ignore[arg-type]
    return len(calls)


@pytest.mark.parametrize(
    "said",
    [
        "(sqlite3.IntegrityError) UNIQUE constraint failed: datasets.experiment_id, datasets.name",
        "(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint",
        "(1062, \"Duplicate entry '1-mnist-1' for key 'datasets.PRIMARY'\")",
    ],
)
def test_a_data_set_that_another_run_has_just_recorded_is_taken(said: str) -> None:
    assert sent([said]) == 2
    with pytest.raises(MlflowException):
        sent([said] * TRIES)


def test_what_else_fails_is_not_tried_again() -> None:
    with pytest.raises(MlflowException, match="disk"):
        sent(["disk I/O error"])
