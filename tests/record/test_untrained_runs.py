"""Whichever request fails while an ensemble is recorded: it is there whole, or in the bin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from mlflow.entities import ViewType

from nnexp.config.schema import Config
from nnexp.record.store import Store, open_store
from nnexp.record.untrained_runs import record_ensemble
from tests.record.stored import restore
from tests.record.test_projection import EXPERIMENT, Failing
from tests.stores import address


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("at_once")
    restore(folder)
    return open_store(address(folder))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("request_number", [3, 4, 5], ids=["values", "artifact", "end"])
def test_an_ensemble_is_recorded_whole_or_taken_back(
    store: Store, request_number: int, after: bool
) -> None:
    members = [f"{request_number}-{after}-{k}" for k in range(2)]
    failing = replace(store, client=cast(Any, Failing(store.client, request_number, after=after)))

    def record(where: Store) -> str:
        curves = {"test/accuracy": [(1, 0.5), (2, 0.75)]}
        return record_ensemble(where, EXPERIMENT, Config(), members, 0, curves, "image\n", "typed")

    with pytest.raises(ConnectionError, match="gone"):
        record(failing)
    run_id = record(store)
    where = f"tags.`nnexp.members` = '{' '.join(members)}'"
    found = store.client.search_runs([EXPERIMENT], where, ViewType.ALL)
    ended = {run.info.run_id: (run.info.lifecycle_stage, run.info.status) for run in found}
    assert ended.pop(run_id) == ("active", "FINISHED")
    assert list(ended.values()) == [("deleted", "FAILED")]
