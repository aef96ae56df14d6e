"""The runs that a command about single runs acts on: by their ids, by sweep, or by a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnexp.errors import UserError
from nnexp.record.clock import now
from nnexp.record.processes import alive
from nnexp.record.store import Store
from nnexp.record.sweep import runs_where
from nnexp.study.frames import understood
from nnexp.study.lookup import all_experiments, experiment_named, find_run, find_sweep

if TYPE_CHECKING:
    from mlflow.entities import Run


@dataclass(frozen=True)
class Choice:
    """Which runs: exactly one of ids, a sweep and a filter."""

    ids: Sequence[str] = ()
    sweep: str | None = None
    where: str | None = None
    experiment: str | None = None
    """Name of the experiment that the filter is asked of; without one, `nnexp`."""


def chosen(store: Store, choice: Choice, *, deleted: bool | None = False) -> list[Run]:
    """The runs, each once; of a sweep its parent, its runs and their summaries.

    Active ones, with `deleted` those in the bin, with `deleted=None` both.

    Raises:
        UserError: no way of choosing or several at once, or one that leads to no run.
    """
    ways = [bool(choice.ids), choice.sweep is not None, choice.where is not None]
    if sum(ways) != 1:
        raise UserError("which runs: allowed: RUN_ID …, --sweep ID, or --where FILTER; one of them")
    if choice.experiment is not None and choice.where is None:
        raise UserError(f"--experiment {choice.experiment}: allowed with --where")
    if choice.ids:
        found = [run for each in choice.ids for run in _named(store, each, deleted=deleted)]
    elif choice.sweep is not None:
        parent = find_sweep(store, choice.sweep, deleted=deleted)
        found = _members(store, parent, deleted=deleted)
    else:
        found = _where(store, choice.experiment or "nnexp", str(choice.where), deleted=deleted)
    return list({str(run.info.run_id): run for run in found}.values())


def refuse_running(runs: Sequence[Run]) -> None:
    """Refuse to delete runs that a process is working on.

    Raises:
        UserError: one line that names the first of them.
    """
    for run in runs:
        if run.info.status == "RUNNING" and alive(run.data.tags, now()):
            raise UserError(
                f"run {run.info.run_id[:8]}: is being trained; allowed: delete runs that have ended"
            )


def _named(store: Store, prefix: str, *, deleted: bool | None) -> list[Run]:
    """The run; out of the bin a sweep comes with its runs, as it went in."""
    run = find_run(store, prefix, deleted=deleted)
    whole = deleted and run.data.tags.get("nnexp.kind") == "sweep"
    return _members(store, run, deleted=deleted) if whole else [run]


def _members(store: Store, parent: Run, *, deleted: bool | None) -> list[Run]:
    found = [parent]
    for tag in ("nnexp.sweep", "nnexp.summary_of"):
        where = f"tags.`{tag}` = '{parent.info.run_id}'"
        found += runs_where(store, [str(parent.info.experiment_id)], where, deleted=deleted)
    return found


def _where(store: Store, experiment: str, where: str, *, deleted: bool | None) -> list[Run]:
    number = experiment_named(store, experiment)
    condition = f"tags.`nnexp.kind` = 'run' and {where}"
    found = understood(where, lambda: list(runs_where(store, [number], condition, deleted=deleted)))
    if not found:
        raise UserError(f"--where {where}: no runs of experiment {experiment} match it")
    return found


def deleted_runs(store: Store) -> list[Run]:
    """All runs in MLflow's bin that this program has recorded, the latest first."""
    everywhere = list(all_experiments(store))
    return list(runs_where(store, everywhere, "tags.`nnexp.kind` LIKE '%'", deleted=True))
