"""The sweeps of a file of results: what they were asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.record.store_errors import said_by_store
from nnexp.record.sweep import Recorded as EndedRun
from nnexp.record.sweep import sweep_key
from nnexp.record.tags import number
from nnexp.study.exchange.manifest import Asked, Sweep
from nnexp.study.sweep_runs import asked_for, ended

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run as Recorded


def sweep_of(
    store: Store,
    parent: Recorded,
    names: Mapping[str, str],
    found: Mapping[str, Recorded],
    *,
    complete: bool,
    whole: pd.DataFrame | None = None,
) -> Sweep:
    """A sweep by its parent, whose runs in the file are those `found`, by id.

    With `complete`, every finished run of it must be there. `whole` as `ended` has it.

    Raises:
        UserError: what it was asked for is not known, or a run was left out.
    """
    info, tags = parent.info, parent.data.tags
    experiment = str(info.experiment_id)
    wanted = asked_for(store, parent)
    key = tags.get("nnexp.sweep_key", "")
    if sweep_key(names[experiment], list(wanted)) != key:
        raise UserError(
            f"sweep {info.run_id}: {len(wanted)} of the {number(tags, 'nnexp.total')} runs it was "
            "asked for are known; allowed: a sweep that is whole; python -m nnexp sweeps says how "
            "to go on with it"
        )
    return Sweep(
        id=str(info.run_id),
        name=str(info.run_name or ""),
        experiment=names[experiment],
        command=tags.get("nnexp.command", ""),
        key=key,
        start_time=int(info.start_time or 0),
        asked=tuple(_asked(parent, wanted, ended(store, parent, whole), found, complete=complete)),
    )


def _asked(
    parent: Recorded,
    wanted: Mapping[str, str],
    recorded: Mapping[str, EndedRun],
    found: Mapping[str, Recorded],
    *,
    complete: bool,
) -> Iterator[Asked]:
    """What became of each run that a sweep was asked for."""
    ids = {run.data.tags.get("nnexp.fingerprint", ""): run_id for run_id, run in found.items()}
    for fingerprint, name in wanted.items():
        status = recorded[fingerprint].status if fingerprint in recorded else "MISSING"
        run_id = ids.get(fingerprint)
        if complete and status == "FINISHED" and run_id is None:
            left_out = recorded[fingerprint].run_id
            raise UserError(f"sweep {parent.info.run_id}: its run {left_out} was left out")
        yield Asked.model_validate(
            {"name": name, "fingerprint": fingerprint, "status": status, "run": run_id}
        )


def sweeps_of(store: Store, runs: Iterable[Recorded]) -> list[Recorded]:
    """The sweeps that some runs were trained in.

    Raises:
        UserError: one of them is not recorded.
    """
    from mlflow.exceptions import MlflowException

    found = []
    for run_id in dict.fromkeys(run.data.tags.get("nnexp.sweep", "") for run in runs):
        try:
            found += [store.client.get_run(run_id)] if run_id else []
        except MlflowException as error:
            raise UserError(f"sweep {run_id}: {said_by_store(error)}") from error
    return found
