"""The parts of MLflow that are none of its public interface, and what is done without each.

Nothing else in the package touches them. Where one has moved, the public way is taken, which is
slower or does less; `tests/record/test_mlflow_private.py` fails by the part's name. Tried with
MLflow 3.17.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from nnexp.record.sending import MetricPoint

COLOUR = "mlflow.runColor"
"""The tag by which the UI colours a run. Without it, by chance, two may look the same."""

VIEW = "mlflow.sharedViewState."
"""Before a view's name: the experiment's tag that holds what the UI shows. Without it, its own."""

KIND = "mlflow.experimentKind"
"""The experiment's tag that spares the UI a guess."""

BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
"""A server's answer to the UI for one metric of many runs. Without it, a request for each run."""

ATTEMPTS = 5
"""How often MLflow asks a database that does not answer. Its own ten take 102 seconds, these 3."""

LOCKED, LOGIN = "database is locked", "error code 401"
"""What errors say of a database that another process has locked, of a server with logins."""

DELETED = "Current state is deleted"
"""What errors say of a run that lies in the bin."""

SERVED, ELSEWHERE = "mlflow-artifacts:", "When an mlflow-artifacts URI was supplied"
"""How artifacts are addressed that a server hands out; what errors say where there is none."""

_TABLES = {
    "run": "SqlRun run_uuid name status start_time end_time artifact_uri lifecycle_stage "
    "experiment_id user_id source_type source_name source_version entry_point_name",
    "param": "SqlParam run_uuid key value",
    "tag": "SqlTag run_uuid key value",
    "metric": "SqlMetric run_uuid key value step timestamp is_nan",
    "latest": "SqlLatestMetric run_uuid key value step timestamp is_nan",
    "experiment": "SqlExperiment experiment_id artifact_location lifecycle_stage",
    "dataset": "SqlDataset dataset_uuid experiment_id name digest dataset_source_type "
    "dataset_source dataset_schema dataset_profile",
    "input": "SqlInput input_uuid source_type source_id destination_type destination_id",
    "input_tag": "SqlInputTag input_uuid name value",
}
"""MLflow's tables: the class, then the columns that are read or written."""


def store_of(client: MlflowClient) -> Any:
    """The store object behind a client; None if it has none."""
    return getattr(getattr(client, "_tracking_client", None), "store", None)


def database_of(client: MlflowClient) -> Any:
    """The store object of a client whose store is a database that can be read as one.

    None for a server, and where MLflow's tables are not as they were: then the client is asked.
    """
    inner = store_of(client)
    return inner if hasattr(inner, "ManagedSessionMaker") and tables() is not None else None


@cache
def tables() -> SimpleNamespace | None:
    """MLflow's tables, with the columns that are used; None if one is not as it was."""
    with suppress(ImportError, AttributeError):
        from mlflow.store.tracking.dbmodels import models

        found = {}
        for table, words in _TABLES.items():
            name, *columns = words.split()
            found[table] = getattr(models, name)
            attrgetter(*columns)(found[table])
        return SimpleNamespace(**found)
    return None


def ids_where(inner: Any, experiment_id: str, where: str) -> list[str] | None:
    """The ids of an experiment's active runs that a filter lets through, the latest first.

    None where MLflow's own filters cannot be had: then the client is asked for the runs.

    Raises:
        MlflowException: a filter that MLflow does not understand.
    """
    from sqlalchemy import select

    try:
        from mlflow.store.tracking import sqlalchemy_store
        from mlflow.utils.search_utils import SearchUtils

        parse: Any = SearchUtils.parse_search_filter
        clauses: Any = sqlalchemy_store._get_sqlalchemy_filter_clauses
        dialect = inner._get_dialect()
    except (ImportError, AttributeError):
        return None
    parsed, run = parse(where), tables_of(inner).run
    with session_of(inner) as session:
        # As `SqlAlchemyStore._search_runs` puts it together.
        attributes, others, datasets = clauses(parsed, session, dialect)
        statement: Any = select(run.run_uuid, run.start_time)
        for clause in others:
            statement = statement.join(clause)
        for clause in datasets:
            statement = statement.join(clause, run.run_uuid == clause.c.destination_id)
        statement = (
            statement.distinct()
            .filter(
                run.experiment_id == int(experiment_id),
                run.lifecycle_stage == "active",
                *attributes,
            )
            .order_by(run.start_time.desc(), run.run_uuid)
        )
        return [str(row[0]) for row in session.execute(statement)]


def checked_batch(
    metrics: Sequence[MetricPoint], params: Mapping[str, str]
) -> dict[str, str] | None:
    """The parameters of a run as MLflow keeps them, long texts cut short.

    None where its checks cannot be had: then the client is to write, which makes them.

    Raises:
        MlflowException: it takes no such name or value.
    """
    from mlflow.entities import Metric, Param

    try:
        from mlflow.utils import validation

        check: Any = validation._validate_batch_log_data
    except (ImportError, AttributeError):
        return None
    values = [Metric(m.name, m.value, m.timestamp, m.step) for m in metrics]
    _, checked, _ = check(values, [Param(k, v) for k, v in params.items()], [])
    return {param.key: param.value for param in checked}


def session_of(inner: Any) -> AbstractContextManager[Any]:
    """A session of SQLAlchemy's with a database."""
    session: AbstractContextManager[Any] = inner.ManagedSessionMaker()
    return session


def tables_of(inner: Any) -> SimpleNamespace:
    """The tables of a store that `database_of` has given."""
    found = tables()
    assert found is not None, inner
    return found


def artifacts_place(root: str, run_id: str) -> str | None:
    """Where the artifacts of a run belong, of an experiment's own address.

    None where MLflow's own rule cannot be had: then the client is to open the run.
    """
    with suppress(ImportError, AttributeError):
        from mlflow.utils import uri

        append: Callable[..., str] = uri.append_to_uri_path
        return append(root, run_id, "artifacts")
    return None


def history_of_many(
    client: MlflowClient, ids: Sequence[str], metric: str, most: int
) -> list[Mapping[str, Any]] | None:
    """The values of one metric of some runs on a server, not more than `most`.

    None if it answers no such question.
    """
    with suppress(ImportError, AttributeError):
        from mlflow.utils import rest_utils

        ask: Any = rest_utils.http_request
        credentials = store_of(client).get_host_creds()
        asked = [("metric_key", metric), ("max_results", str(most)), *(("run_id", i) for i in ids)]
        answer = ask(credentials, BULK, "GET", params=asked)
        if answer.status_code == 200:
            found: list[Mapping[str, Any]] = answer.json().get("metrics", [])
            return found
    return None


def let_go(inner: Any) -> None:
    """Close what a store of MLflow's holds open of its database; it opens it again when asked.

    Without this part it stays open until the process ends, and Windows moves no open file.
    """
    dispose: Callable[[], None] | None = getattr(getattr(inner, "engine", None), "dispose", None)
    if dispose is not None:
        dispose()


def remover(inner: Any) -> Callable[[str], None] | None:
    """What removes a run with all its rows from a database; None leaves that to `mlflow gc`."""
    found: Callable[[str], None] | None = getattr(inner, "_hard_delete_run", None)
    return found


def preload() -> None:
    """Import what reaching a database takes; without it, that is done when one is reached."""
    with suppress(ImportError):
        import mlflow.store.tracking.sqlalchemy_store

        assert mlflow


def be_brief() -> None:
    """Let MLflow give a database up sooner that does not answer; without it, that takes longer."""
    with suppress(ImportError):
        from mlflow.store.db import utils

        if hasattr(utils, "MAX_RETRY_COUNT"):
            utils.MAX_RETRY_COUNT = ATTEMPTS


def fetched(repository: Any, name: str, folder: str) -> Path:
    """A recorded file, of which it is known that it is one, in a folder on this machine.

    Without this part it is first asked whether it is a folder: a request more a file.
    """
    path = Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    fetch: Callable[[str, str], object] | None = getattr(repository, "_download_file", None)
    if fetch is None:
        return Path(repository.download_artifacts(name, folder))
    fetch(name, str(path))
    return path


@contextmanager
def listed_modules(packages: Sequence[str]) -> Iterator[None]:
    """Let MLflow look up these packages only, not read the files of all that is installed.

    Saving a model, it lists what is installed to compare versions: nearly a second. Without this
    part it does.
    """
    from mlflow.utils import requirements_utils

    name = "_MODULES_TO_PACKAGES"
    if getattr(requirements_utils, name, {}) is not None:
        yield
        return
    setattr(requirements_utils, name, {package: [package] for package in packages})
    try:
        yield
    finally:
        setattr(requirements_utils, name, None)


def repository_of(place: str, uri: str) -> Any:
    """What reads and writes artifacts at an address, without asking the store for their run."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(place, tracking_uri=uri)
