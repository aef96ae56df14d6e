"""The sweeps of a file of results: what they were asked for, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.record.store_errors import said_by_store
from nnexp.record.sweep import Recorded as EndedRun
from nnexp.record.sweep import recorded_runs, runs_where, sweep_key
from nnexp.record.sweep_configs import ASKED
from nnexp.record.tags import number
from nnexp.study.exchange.manifest import Asked, Sweep, plain_json
from nnexp.study.lookup import artifact_of

if TYPE_CHECKING:
    from mlflow.entities import Run as Recorded

_ROUNDS = ("python -m nnexp search ", "python -m nnexp compare ")
"""How the recorded commands begin that ask for their runs in rounds."""


def in_rounds(parent: Recorded) -> bool:
    """Whether a parent is that of a search or of `compare --until`.

    What these train follows from what came out before, and their key is no digest of it: no list
    of what they were asked for can be held against a file, so that only their runs travel.
    """
    command = parent.data.tags.get("nnexp.command", "")
    return "nnexp.search" in parent.data.tags or command.startswith(_ROUNDS)


def sweep_of(
    store: Store,
    parent: Recorded,
    names: Mapping[str, str],
    found: Mapping[str, Recorded],
    *,
    whole: bool,
) -> Sweep:
    """A sweep by its parent, whose runs in the file are those `found`, by id.

    With `whole`, every finished run of it must be there.

    Raises:
        UserError: what it was asked for is not known, or a run was left out.
    """
    info, tags = parent.info, parent.data.tags
    experiment = str(info.experiment_id)
    wanted = _asked_for(store, parent)
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
        asked=tuple(_asked(parent, wanted, _ended(store, parent), found, whole=whole)),
    )


def _asked(
    parent: Recorded,
    wanted: Mapping[str, str],
    recorded: Mapping[str, EndedRun],
    found: Mapping[str, Recorded],
    *,
    whole: bool,
) -> Iterator[Asked]:
    """What became of each run that a sweep was asked for."""
    ids = {run.data.tags.get("nnexp.fingerprint", ""): run_id for run_id, run in found.items()}
    for fingerprint, name in wanted.items():
        status = recorded[fingerprint].status if fingerprint in recorded else "MISSING"
        run_id = ids.get(fingerprint)
        if whole and status == "FINISHED" and run_id is None:
            left_out = recorded[fingerprint].run_id
            raise UserError(f"sweep {parent.info.run_id}: its run {left_out} was left out")
        yield Asked.model_validate(
            {"name": name, "fingerprint": fingerprint, "status": status, "run": run_id}
        )


def _asked_for(store: Store, parent: Recorded) -> dict[str, str]:
    """Names of the runs that a sweep was asked for, by fingerprint."""
    run_id = str(parent.info.run_id)
    with TemporaryDirectory() as folder:
        # Of runs that were asked for in rounds it lists the last round.
        path = None if in_rounds(parent) else artifact_of(store, run_id, ASKED, folder)
        if path is not None:
            listed = plain_json(path.read_bytes(), f"sweep {run_id}: its {ASKED}")
            try:
                return {str(run["fingerprint"]): str(run["name"]) for run in listed["runs"]}
            except (KeyError, TypeError) as error:
                raise UserError(f"sweep {run_id}: its {ASKED} is damaged") from error
    # Earlier versions kept no list: what they recorded is all of it, unless the key says otherwise.
    where = f"tags.`nnexp.sweep` = '{run_id}'"
    members = runs_where(store, [str(parent.info.experiment_id)], where)
    named = {r.data.tags.get("nnexp.fingerprint", ""): str(r.info.run_name) for r in members}
    return {fingerprint: named[fingerprint] for fingerprint in sorted(named) if fingerprint}


def _ended(store: Store, parent: Recorded) -> dict[str, EndedRun]:
    """What has ended by fingerprint: the sweep's own runs before those that it may have reused."""
    experiment, run_id = str(parent.info.experiment_id), str(parent.info.run_id)
    return recorded_runs(store, experiment) | recorded_runs(store, experiment, run_id)


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


def runs_asked_for(store: Store, parent: Recorded) -> list[Recorded]:
    """The finished runs among those that a sweep was asked for, those that it reused too."""
    recorded = _ended(store, parent)
    there = [
        recorded[fingerprint]
        for fingerprint in _asked_for(store, parent)
        if fingerprint in recorded
    ]
    return [store.client.get_run(run.run_id) for run in there if run.status == "FINISHED"]
