"""The runs of a sweep: those that it trained, and those that it found recorded and reused."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.record.sweep import REUSED, Recorded, by_fingerprint, marked_runs, runs_where
from nnexp.record.sweep_configs import ASKED
from nnexp.study.lookup import artifact, find_sweep

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run

_ROUNDS = ("python -m nnexp search ", "python -m nnexp compare ")
"""How the recorded commands begin that ask for their runs in rounds."""


def in_rounds(parent: Run) -> bool:
    """Whether a parent is that of a search or of `compare --until`.

    What these train follows from what came out before, and their key is no digest of it: no list
    of what they were asked for can be held against a file, so that only their runs travel.
    """
    command = parent.data.tags.get("nnexp.command", "")
    return "nnexp.search" in parent.data.tags or command.startswith(_ROUNDS)


def runs_of_sweep(store: Store, prefix: str) -> list[Run]:
    """The finished runs of a sweep, by the id of its parent or its beginning.

    Raises:
        UserError: there is no such sweep, or it has no finished runs.
    """
    parent = find_sweep(store, prefix)
    where = f"tags.`nnexp.sweep` = '{parent.info.run_id}' and attributes.status = 'FINISHED'"
    found = list(runs_where(store, [parent.info.experiment_id], where))
    found += [store.client.get_run(run_id) for run_id in reused_ids(store, parent)]
    if not found:
        raise UserError(f"--sweep {prefix}: no finished runs are recorded under it")
    return found


def reused_ids(store: Store, parent: Run, whole: pd.DataFrame | None = None) -> list[str]:
    """The finished runs that a sweep was asked for and has not trained itself.

    `whole` as `ended` has it. None where its list cannot be read, as that of a store whose
    artifacts are on another machine.
    """
    if in_rounds(parent):
        places = places_of_reused(store, parent)
        known = ended(store, parent, whole).values() if places else ()
        return [run.run_id for run in known if run.run_id in places and run.status == "FINISHED"]
    try:
        found = _finished(store, parent, whole)
    except UserError:
        return []
    return [run.run_id for run in found if run.sweep != str(parent.info.run_id)]


def places_of_reused(store: Store, parent: Run) -> dict[str, dict[str, str]]:
    """By run id, the place in a search of the runs that others have recorded, as tags.

    None where there are none, or their list cannot be read.
    """
    if "nnexp.search" not in parent.data.tags:
        return {}
    from nnexp.study.exchange.manifest import plain_json

    with TemporaryDirectory() as folder:
        try:
            path = artifact(store, parent, REUSED, folder)
            listed = {} if path is None else plain_json(path.read_bytes(), REUSED)
            return {str(run): {str(k): str(v) for k, v in listed[run].items()} for run in listed}
        except (UserError, AttributeError, TypeError):
            return {}


def asked_for(store: Store, parent: Run) -> dict[str, str]:
    """Names of the runs that a sweep was asked for, by fingerprint."""
    # Pydantic, which it brings, takes its time to start with.
    from nnexp.study.exchange.manifest import plain_json

    run_id = str(parent.info.run_id)
    with TemporaryDirectory() as folder:
        # Of runs that were asked for in rounds it lists the last round.
        path = None if in_rounds(parent) else artifact(store, parent, ASKED, folder)
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


def ended(store: Store, parent: Run, whole: pd.DataFrame | None = None) -> dict[str, Recorded]:
    """What has ended by fingerprint: the sweep's own runs before those that it may have reused.

    `whole` holds all runs of some experiments, which are not read again: a frame of `study.runs`
    with a column `experiment`.
    """
    runs = _known(store, parent, whole) or list(marked_runs(store, str(parent.info.experiment_id)))
    own = by_fingerprint((run, mark) for run, mark in runs if run.sweep == parent.info.run_id)
    return by_fingerprint(runs) | own


def _known(
    store: Store, parent: Run, whole: pd.DataFrame | None
) -> list[tuple[Recorded, str | None]]:
    """What `marked_runs` gives of a parent's experiment, without metrics; none if not all of it."""
    if whole is None or whole.empty:
        return []
    name = store.client.get_experiment(str(parent.info.experiment_id)).name
    columns = ["run_id", "status", "sweep", "reason", "fingerprint"]
    rows = whole.loc[whole["experiment"] == name, columns].itertuples(index=False)
    return [
        (Recorded(i, status, sweep, {}, why), mark or None) for i, status, sweep, why, mark in rows
    ]


def runs_asked_for(store: Store, parent: Run) -> list[Run]:
    """The finished runs among those that a sweep was asked for, those that it reused too."""
    return [store.client.get_run(run.run_id) for run in _finished(store, parent)]


def _finished(store: Store, parent: Run, whole: pd.DataFrame | None = None) -> list[Recorded]:
    asked, recorded = asked_for(store, parent), ended(store, parent, whole)
    there = (recorded[mark] for mark in asked if mark in recorded)
    return [run for run in there if run.status == "FINISHED"]
