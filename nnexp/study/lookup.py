"""Finding recorded runs: by id or its beginning, by sweep, by experiment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.config.suggest import suggestion
from nnexp.errors import UserError
from nnexp.record.environment import SCHEMA_VERSION
from nnexp.record.mlflow_private import fetched, repository_of
from nnexp.record.rebuild import FORMERLY
from nnexp.record.store import Store
from nnexp.record.store_errors import said_by_store
from nnexp.record.sweep import runs_where

if TYPE_CHECKING:
    from mlflow.entities import Run

MOST_BYTES = {".yaml": 1_000_000, ".json": 10_000_000, ".csv": 2_000_000_000}
"""Far more than is ever recorded in a file of each kind."""

FULL_ID = 32
"""Characters of a run id."""

_STAGES = {
    False: ("recorded", "{}s lists"),
    True: ("deleted", "restore --list lists"),
    None: ("recorded or deleted", "{}s and restore --list list"),
}
"""By whether runs are sought among the deleted ones: what they are called, and what lists
them; `{}` is their kind."""

DELETED = "is deleted; python -m nnexp restore brings it back"
_NOT_DELETED = "is not deleted; allowed: see python -m nnexp restore --list"


def all_experiments(store: Store) -> dict[str, str]:
    """Ids and names of the experiments in the store."""
    found: dict[str, str] = {}
    token: str | None = None
    while True:
        page = store.client.search_experiments(max_results=1000, page_token=token)
        found |= {str(e.experiment_id): str(e.name) for e in page}
        token = page.token
        if not token:
            return found


def experiment_named(store: Store, name: str) -> str:
    """The id of a recorded experiment.

    Raises:
        UserError: there is none of that name.
    """
    names = {known: number for number, known in all_experiments(store).items()}
    if name not in names:
        there = ", ".join(sorted(n for n in names if n != "Default")) or "none yet"
        raise UserError(
            f"experiment {name}: not recorded here ({store.shown}); recorded: {there}"
            f"{suggestion(name, names)}"
        )
    return names[name]


def find_run(
    store: Store,
    prefix: str,
    *,
    deleted: bool | None = False,
    asked: str = "RUN_ID",
    kind: str = "run",
) -> Run:
    """The run with an id, or with an id that begins so; among the deleted ones, if asked for.

    One that `doctor` has made again is found by the id that it had too. With `deleted=None`, among
    all, deleted or not. `asked` is what the id was given as, and `kind`
    what it should be of.

    Raises:
        UserError: there is none, or there are several.
    """
    from mlflow.exceptions import MlflowException

    text = prefix.lower()
    if not text or not set(text) <= set("0123456789abcdef") or len(text) > FULL_ID:
        raise UserError(
            f"{asked} {prefix!r}: allowed: a {kind} id, or its beginning; see nnexp {kind}s"
        )
    if len(text) == FULL_ID:
        try:
            run = store.client.get_run(text)
        except MlflowException as error:
            if not (again := made_again(store, text, deleted=deleted)):
                raise UserError(f"{asked} {prefix}: no such run is recorded here") from error
            return again[0]
        if deleted not in (None, run.info.lifecycle_stage == "deleted"):
            raise UserError(f"{asked} {prefix}: {_NOT_DELETED if deleted else DELETED}")
        return run
    experiments = list(all_experiments(store))
    where = f"attributes.run_id LIKE '{text}%'"
    try:
        found = list(runs_where(store, experiments, where, deleted=deleted))
    except MlflowException:
        # Stores that cannot match ids by pattern: look through all.
        runs = runs_where(store, experiments, "", deleted=deleted)
        found = [run for run in runs if str(run.info.run_id).startswith(text)]
    found = found or made_again(store, text, deleted=deleted)
    if len(found) != 1:
        stage, lists = _STAGES[deleted]
        how = f"no {stage} {kind}" if not found else f"{len(found)} {stage} {kind}s"
        raise UserError(
            f"{asked} {prefix}: {how} with an id that begins so; "
            f"python -m nnexp {lists.format(kind)} them"
        )
    return found[0]


def made_again(store: Store, text: str, *, deleted: bool | None) -> list[Run]:
    """The runs that had an id that begins so before `doctor` made them again."""
    if not text.isalnum():
        return []
    where = f"tags.`{FORMERLY}` LIKE '%{text}%'"
    runs = runs_where(store, list(all_experiments(store)), where, deleted=deleted)
    return [r for r in runs if any(i.startswith(text) for i in r.data.tags[FORMERLY].split())]


def find_sweep(store: Store, prefix: str, *, deleted: bool | None = False) -> Run:
    """The parent run of a sweep; as `find_run`.

    Raises:
        UserError: there is no such run, or it is no sweep.
    """
    parent = find_run(store, prefix, deleted=deleted, asked="--sweep", kind="sweep")
    if parent.data.tags.get("nnexp.kind") != "sweep":
        raise UserError(f"--sweep {prefix}: is no sweep; python -m nnexp sweeps lists them")
    return parent


def is_deleted_sweep(store: Store, experiments: Sequence[str], prefix: str) -> bool:
    """Whether a sweep with an id that begins so lies in MLflow's bin."""
    deleted = runs_where(store, experiments, "tags.`nnexp.kind` = 'sweep'", deleted=True)
    return any(str(parent.info.run_id).startswith(prefix) for parent in deleted)


def experiments_of_sweeps(store: Store, prefixes: Sequence[str]) -> list[str]:
    """The names of the experiments in which sweeps are recorded, by their ids' beginnings."""
    names = all_experiments(store)
    wanted = tuple(prefix.lower() for prefix in prefixes if prefix)
    parents = runs_where(store, list(names), "tags.`nnexp.kind` = 'sweep'")
    found = (run.info for run in parents if str(run.info.run_id).startswith(wanted))
    return list(dict.fromkeys(names[str(info.experiment_id)] for info in found))


def why_none(status: str) -> str:
    """Why the record of a run of a status may hold no files."""
    if status != "FINISHED":
        return f"{status.lower()}, or recorded with tracking.artifacts=none"
    return "recorded with tracking.artifacts=none, imported without them, or removed since"


def check_schema(run: Run) -> None:
    """Refuse a run whose record is laid out in a way that this version cannot know.

    Raises:
        UserError: a later version of this program has recorded it.
    """
    version = run.data.tags.get("nnexp.schema", "1")
    if not (version.isascii() and version.isdigit() and int(version) <= SCHEMA_VERSION):
        raise UserError(
            f"run {run.info.run_id}: recorded by a later version of this program "
            f"(nnexp.schema={version}); allowed: at most {SCHEMA_VERSION}, or a newer nnexp"
        )


def artifact(store: Store, run: Run, name: str, folder: str) -> Path | None:
    """A file of a run's record, fetched into a folder; None if the record holds none.

    A record may have been damaged since, or lie where nobody can reach it: what is handed out is a
    plain file of a size that can be read, and whole if it is of text.

    Raises:
        UserError: it cannot be fetched, or is damaged.
    """
    run_id = str(run.info.run_id)
    try:
        # The client would ask the store for the run again, several times a file.
        files = repository_of(str(run.info.artifact_uri or ""), store.uri)
        is_dir = {str(entry.path): entry.is_dir for entry in files.list_artifacts()}
        if name not in is_dir:
            return None
        whole = Path(files.download_artifacts(name, folder)) if is_dir[name] else None
        path = whole or fetched(files, name, folder)
    except Exception as error:
        # Artifacts may lie on a disk or in any of a dozen services, each with errors of its own.
        raise UserError(
            f"run {run_id}: its {name} cannot be fetched ({said_by_store(error)})"
        ) from error
    damage = _damage(path)
    if damage:
        raise UserError(f"run {run_id}: its {name} is damaged ({damage})")
    return path


def _damage(path: Path) -> str:
    """What is wrong with a recorded file, as far as its kind tells; empty if nothing is."""
    try:
        if not path.is_file():
            return "it is no file"
        size, most = path.stat().st_size, MOST_BYTES.get(path.suffix)
        if not size:
            return "it is empty"
        if most is not None and size > most:
            return f"{size:,} bytes, at most {most:,} were recorded"
        if path.suffix in (".yaml", ".json"):
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".json" and not isinstance(json.loads(text), dict):
                return "it is no JSON object"
    except (OSError, ValueError, RecursionError) as error:
        return " ".join(str(error).split())[:160] or type(error).__name__
    return ""
