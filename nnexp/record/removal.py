"""Deleting runs: into MLflow's bin and back, or for good.

MLflow deletes for good by its command `mlflow gc`, which also removes whatever else is in the bin;
so this goes by the store's own method, a private one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnexp.errors import UserError
from nnexp.record.log_folder import deletion_mark, recorded_log
from nnexp.record.mlflow_private import remover, repository_of
from nnexp.record.rebuild import forget
from nnexp.record.store import Store
from nnexp.record.store_sql import database

if TYPE_CHECKING:
    from mlflow.entities import Run


def delete(store: Store, run_id: str) -> None:
    """Put a run into MLflow's bin. Whatever the store's client raises."""
    store.client.delete_run(run_id)
    if recorded_log(store.folder, run_id).exists():
        deletion_mark(store.folder, run_id).touch()


def restore(store: Store, run_id: str) -> None:
    """Take a run out of MLflow's bin. Whatever the store's client raises."""
    store.client.restore_run(run_id)
    deletion_mark(store.folder, run_id).unlink(missing_ok=True)


def check_removable(store: Store) -> None:
    """Refuse a store of which nothing can be removed for good from here.

    Raises:
        UserError: it is a server, or an MLflow that does this in another way.
    """
    inner = database(store)
    if inner is None or remover(inner) is None:
        raise UserError(
            f"--for-good: {store.shown} removes runs on its own machine only; allowed: delete "
            "without it, then mlflow gc there"
        )


def _remove_empty(repository: Any, run_id: str) -> None:
    """Remove the run's own folder, which MLflow leaves behind."""
    folder = Path(getattr(repository, "artifact_dir", "")).parent
    if folder.name == run_id:
        with suppress(OSError):
            folder.rmdir()


def remove_for_good(store: Store, runs: Sequence[Run]) -> None:
    """Remove runs, in the bin or not, with all values and artifacts."""
    remove = remover(database(store))
    assert remove is not None
    for run in runs:
        if run.info.lifecycle_stage == "active":
            # Should this be stopped half way, what is left lies in the bin.
            store.client.delete_run(run.info.run_id)
        repository = repository_of(str(run.info.artifact_uri), store.uri)
        repository.delete_artifacts()
        _remove_empty(repository, run.info.run_id)
        remove(run.info.run_id)
        forget(store, run.info.run_id)
