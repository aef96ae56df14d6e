"""An experiment whose artifacts only a server hands out, and the address of its database."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from nnexp.record.store_errors import BY_SERVER, said_by_store
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
