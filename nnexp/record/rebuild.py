"""Runs that a store has no more, made again from their logs.

An older copy of the database may have been put back, or it was lost. Runs that were deleted into
MLflow's bin are still there, or marked; those that were deleted for good have no log any more.
What was trained again since is not made twice: the log of the first is let go.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from nnexp.record.events import Begun, DamagedLog, Ended, Event, decode
from nnexp.record.files import digests_in, local, sizes_in
from nnexp.record.left_logs import Left, not_taken
from nnexp.record.log import write_whole
from nnexp.record.log_folder import DELETED, HALF, RECORDED, RUNS, deletion_mark, lock, recorded_log
from nnexp.record.projection import TOKEN, Projection
from nnexp.record.store import Store, experiment_id
from nnexp.record.store_address import ARTIFACTS, sqlite_path
from nnexp.record.sweep import find_finished, find_parent, runs_where

ABOVE = "mlflow.parentRunId"

PARENT = ("nnexp.sweep", ABOVE, "nnexp.fork_of")
"""Tags that name another run."""

FORMERLY = "nnexp.formerly"
"""The tag of a run that was made again: the ids that it had, the latest first."""


@dataclass(frozen=True)
class Lacking:
    """A run that the store has not, and what its log says."""

    run_id: str
    """Under which the store had it."""
    path: Path
    events: tuple[Event, ...]
    again: str = ""
    """The id of the run that was trained in its place since; empty if there is none."""

    @property
    def begun(self) -> Begun:
        """Its first event."""
        first = self.events[0]
        assert isinstance(first, Begun)
        return first

    @property
    def what(self) -> str:
        """It in words."""
        return f"{self.begun.tags.get('nnexp.kind', 'run')} {self.run_id[:8]} {self.begun.name}"


def lacking(store: Store) -> list[Lacking]:
    """The runs that a store has no more, parents first."""
    logs = {path.stem: path for path in (store.folder / RECORDED).glob("*.gz")}
    missing = logs.keys() - _known(store) if logs else set()
    found = []
    for run_id in sorted(missing):
        if deletion_mark(store.folder, run_id).exists():
            continue
        events = _events(logs[run_id])
        if events and isinstance(first := events[0], Begun) and first.store == store.name:
            found.append(Lacking(run_id, logs[run_id], events))
    found = [replace(run, again=_again(store, run.begun)) for run in found]
    wanted = {run.begun.tags.get(ABOVE) for run in found if not run.again}
    # A parent whose runs are to be made again is itself, whatever was recorded under another.
    found = [replace(run, again="") if run.run_id in wanted else run for run in found]
    return sorted(found, key=lambda run: ABOVE in run.begun.tags)


def rebuild(store: Store) -> Iterator[Left]:
    """Make again what a store lacks, with the artifacts that still lie beside it."""
    _unmark_restored(store)
    ids: dict[str, str] = {}
    for run in lacking(store):
        begun = _moved(store, run, ids)
        if made_before := _by_token(store, begun):
            # Who made it again was killed before it could let the old log go.
            ids[run.run_id] = made_before
            run.path.unlink()
            continue
        if run.again:
            ids[run.run_id] = run.again
            run.path.unlink()
            yield Left(run.what, "trained again", run.path, run.again)
            continue
        folder = store.folder / RUNS / uuid4().hex
        with lock(store.folder):
            made = _artifacts(store, replace(run, events=(begun, *run.events[1:])))
            events = [begun, *(_with(event, made) for event in run.events[1:])]
            log = write_whole(folder, events, made)
            try:
                ids[run.run_id] = Projection(store, log).close()
            except Exception as error:
                # Whatever the store's client raises (HTTP, database, MLflow).
                yield not_taken(store, folder, run.what, error)
                continue
            run.path.unlink()
        yield Left(run.what, "rebuilt", run.path, ids[run.run_id])


def forget(store: Store, run_id: str) -> None:
    """Let a run that was removed for good stay so."""
    recorded_log(store.folder, run_id).unlink(missing_ok=True)
    deletion_mark(store.folder, run_id).unlink(missing_ok=True)


def _unmark_restored(store: Store) -> None:
    """Take the mark off runs that are out of the bin again, such as by MLflow's own pages."""
    marks = {path.stem: path for path in (store.folder / RECORDED).glob(f"*{DELETED}")}
    for run_id in marks.keys() & _known(store, deleted=False) if marks else ():
        marks[run_id].unlink(missing_ok=True)


def _known(store: Store, *, deleted: bool | None = None) -> set[str]:
    """The ids of all runs of a store, those in its bin too; or only of those in it or not."""
    from mlflow.entities import ViewType

    found = store.client.search_experiments(view_type=ViewType.ALL, max_results=1000)
    experiments = [str(experiment.experiment_id) for experiment in found]
    return {str(run.info.run_id) for run in runs_where(store, experiments, "", deleted=deleted)}


def _again(store: Store, begun: Begun) -> str:
    """The id of the run that was recorded in the place of one that was lost; empty without one."""
    name, tags = begun.experiment_name, begun.tags
    experiment = experiment_id(store, name, create=False) if name else begun.experiment
    if not experiment or begun.params.get("tracking.reuse") == "false":
        return ""
    if tags.get("nnexp.kind") == "run":
        found = find_finished(store, experiment, tags.get("nnexp.fingerprint", ""))
        return found.run_id if found else ""
    key = tags.get("nnexp.sweep_key", "")
    return find_parent(store, experiment, key, ended=True) or "" if key else ""


def _by_token(store: Store, begun: Begun) -> str:
    """The id of the run that a log has become already; empty if there is none."""
    where = f"tags.`{TOKEN}` = '{begun.token}'"
    found = runs_where(store, [begun.experiment], where, deleted=None) if begun.token else ()
    return next((str(run.info.run_id) for run in found), "")


def _events(path: Path) -> tuple[Event, ...]:
    """The events of a recorded log; none if it is damaged."""
    try:
        lines = gzip.decompress(path.read_bytes()).splitlines()
        return tuple(decode(line) for line in lines)
    except (DamagedLog, OSError, EOFError):
        return ()


def _moved(store: Store, run: Lacking, ids: Mapping[str, str]) -> Begun:
    """The beginning as it is in the store that there is now."""
    begun = run.begun
    tags = {key: ids.get(text, text) if key in PARENT else text for key, text in begun.tags.items()}
    tags[FORMERLY] = " ".join([run.run_id, *tags.get(FORMERLY, "").split()])
    name = begun.experiment_name
    experiment = experiment_id(store, name) if name else begun.experiment
    return replace(begun, experiment=experiment, tags=tags, run_id="")


def _artifacts(store: Store, run: Lacking) -> Path | None:
    """A folder with those artifacts of a run that still lie where the store had them."""
    ended = run.events[-1]
    place = _place(store, run.begun)
    if not isinstance(ended, Ended) or place is None:
        return None
    there = place / run.run_id / "artifacts"
    whole = [n for n, (_, sha) in ended.artifacts.items() if digests_in(there, [n]).get(n) == sha]
    if run.begun.tags.get("nnexp.kind") == "sweep" and there.is_dir():
        whole = list(sizes_in(there))  # What was asked for, which is no part of the log.
    if not whole:
        return None
    folder = store.folder / RUNS / f"{uuid4().hex}{HALF}{os.getpid()}"
    for name in whole:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(there / name, folder / name)
    return folder


def _place(store: Store, begun: Begun) -> Path | None:
    """The folder in which the artifacts of an experiment lie; None if it is not on this machine."""
    if store.uri.startswith("sqlite:///"):
        return sqlite_path(store.uri).parent / ARTIFACTS
    return local(store.client.get_experiment(begun.experiment).artifact_location)


def _with(event: Event, made: Path | None) -> Event:
    """An end that names the artifacts that are still to be had."""
    if not isinstance(event, Ended):
        return event
    kept = {n: v for n, v in event.artifacts.items() if made is not None and (made / n).exists()}
    return replace(event, artifacts=kept)
