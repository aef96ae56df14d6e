"""An experiment whose artifacts only a server hands out, and the address of its database."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from nnexp.record.store import open_store
from nnexp.record.store_errors import BY_SERVER, said_by_store, trouble_of, unreachable
from tests.inside import inside

TINY = ("size=100", "train.epochs=1", "model.hidden=[5]", "data.n_validation=100")


@pytest.fixture
def made_by_a_server(tmp_path: Path) -> MlflowClient:
    """A store in which a server has made the experiment `nnexp`."""
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    client.create_experiment("nnexp", artifact_location="mlflow-artifacts:/1")
    return client


@pytest.mark.sqlite
@pytest.mark.parametrize("sweep", [(), ("-m", "seed=0,1")])
def test_nothing_is_trained_whose_artifacts_could_not_be_kept(
    sweep: tuple[str, ...], made_by_a_server: MlflowClient, tmp_path: Path
) -> None:
    """Before, the run stayed RUNNING, and was kept to be sent for ever."""
    refused = inside(tmp_path, *sweep, *TINY)
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"nnexp: tracking.experiment=nnexp in sqlite:///{tmp_path}")
    assert BY_SERVER in line
    number = made_by_a_server.get_experiment_by_name("nnexp").experiment_id
    assert not made_by_a_server.search_runs([number])
    assert inside(tmp_path, *sweep, *TINY, "tracking.experiment=own").returncode == 0


def test_it_is_said_when_artifacts_are_asked_for(
    made_by_a_server: MlflowClient, tmp_path: Path
) -> None:
    number = made_by_a_server.get_experiment_by_name("nnexp").experiment_id
    run = made_by_a_server.create_run(number)
    with pytest.raises(MlflowException) as raised:
        made_by_a_server.list_artifacts(run.info.run_id)
    assert said_by_store(raised.value) == BY_SERVER


@pytest.mark.parametrize(
    ("caused", "why"),
    [
        (
            "NewConnectionError(\"HTTPConnection(host='h', port=1): Failed to establish a new "
            'connection: [Errno 111] Connection refused")',
            "[Errno 111] Connection refused",
        ),
        (
            "ReadTimeoutError(\"HTTPConnectionPool(host='h', port=1): Read timed out. "
            '(read timeout=5)")',
            "Read timed out. (read timeout=5)",
        ),
        ("ResponseError('too many 503 error responses')", "too many 503 error responses"),
        (
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate "
            "verify failed: self-signed certificate (_ssl.c:1006)'))",
            "self-signed certificate (_ssl.c:1006)",
        ),
    ],
)
def test_a_server_that_is_not_reached_is_said_with_the_cause(caused: str, why: str) -> None:
    text = (
        "API request to http://h:1/api/2.0/mlflow/runs/create failed with exception "
        "HTTPConnectionPool(host='h', port=1): Max retries exceeded with url: "
        f"/api/2.0/mlflow/runs/create (Caused by {caused})"
    )
    where = "http://h:1/api/2.0/mlflow/runs/create"
    assert said_by_store(MlflowException(text)) == f"{where}: {why}"
    line = unreachable("http://h:1", "tracking.uri", MlflowException(text))
    assert f"({where}: {why})" in line


def test_a_full_disk_of_postgresql_is_no_server_that_does_not_answer(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'mlflow.db'}")
    error = MlflowException(
        '(psycopg2.errors.DiskFull) could not extend file "pg_tblspc/1/2": No space left on device '
        "HINT: Check free disk space. (Background on this error at: https://sqlalche.me/e/20/e3q8)"
    )
    said = trouble_of(store, error)
    assert said.startswith(f"{store.shown} cannot be written ((psycopg2.errors.DiskFull) could not")
    assert "sqlalche.me" not in said


def test_why_postgresql_takes_nobody_in_is_told_to_its_end() -> None:
    why = 'could not write init file: No space left on device for "a/folder/with/a/long/name"'
    error = MlflowException(
        '(psycopg2.OperationalError) connection to server on socket "/a/folder/.s.PGSQL.5432" '
        f"failed: FATAL: {why}\n(Background on this error at: https://sqlalche.me/e/20/e3q8)"
    )
    assert f"answers there ({why}); allowed" in unreachable("postgresql://h", "tracking.uri", error)
