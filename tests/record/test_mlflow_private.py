"""The private parts of MLflow that are used are there; without any of them the program works."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import nnexp
from nnexp.record import mlflow_private as private
from nnexp.record import store_sql
from nnexp.record.store import Store, open_store
from nnexp.record.store_sql import curves_of_ids, run_ids
from tests.inside import inside
from tests.record.stored import restore
from tests.stores import address

RUNS = "tags.`nnexp.kind` = 'run'"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("private")
    restore(folder)
    return folder


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    private.tables.cache_clear()
    yield open_store(address(folder))
    private.tables.cache_clear()


PARTS: dict[str, Callable[[Store], Any]] = {
    "the store behind a client (_tracking_client.store)": lambda s: private.store_of(s.client),
    "a session of a database (ManagedSessionMaker)": lambda s: private.database_of(s.client),
    "the tables and their columns (dbmodels.models)": lambda s: private.tables(),
    "the clauses of a filter (_get_sqlalchemy_filter_clauses, parse_search_filter, _get_dialect)": (
        lambda s: private.ids_where(private.database_of(s.client), "1", RUNS)
    ),
    "removing a run for good (_hard_delete_run)": (
        lambda s: private.remover(private.database_of(s.client))
    ),
    "how often a database is asked (store.db.utils.MAX_RETRY_COUNT)": lambda s: attempts(),
    "where installed packages are listed (requirements_utils._MODULES_TO_PACKAGES)": (
        lambda s: listed()
    ),
    "the request to a server (rest_utils.http_request, get_host_creds)": lambda s: requests(),
}


def attempts() -> bool:
    from mlflow.store.db import utils

    private.be_brief()
    return bool(utils.MAX_RETRY_COUNT == private.ATTEMPTS)


def listed() -> bool:
    from mlflow.utils import requirements_utils as utils

    # What other tests may have made MLflow list is none of ours.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "_MODULES_TO_PACKAGES", None)
        with private.listed_modules(["numpy"]):
            utils._init_packages_to_modules_map()
            found = utils._PACKAGES_TO_MODULES
        return bool(found == {"numpy": "numpy"} and utils._MODULES_TO_PACKAGES is None)


def requests() -> bool:
    from mlflow.store.tracking.rest_store import RestStore
    from mlflow.utils import rest_utils

    return hasattr(rest_utils, "http_request") and hasattr(
        RestStore(lambda: None), "get_host_creds"
    )


@pytest.mark.parametrize("part", PARTS)
def test_it_has_not_moved(part: str, store: Store) -> None:
    assert PARTS[part](store), f"MLflow has moved {part}: see nnexp/record/mlflow_private.py"


def test_no_other_module_uses_them() -> None:
    words = re.compile(
        r"_tracking_client|dbmodels|ManagedSession|_get_sqlalchemy|_hard_delete_run|MAX_RETRY_COUNT"
        r"|ajax-api|rest_utils|SearchUtils|sharedViewState|runColor|artifact_repository_registry"
        r"|MODULES_TO_PACKAGES"
    )
    root = Path(nnexp.__file__).parent
    using = {p.name for p in root.rglob("*.py") if words.search(p.read_text(encoding="utf-8"))}
    assert using == {"mlflow_private.py"}


@pytest.mark.parametrize("moved", ["filters", "tables"])
def test_without_them_the_same_is_read(
    moved: str, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = private.database_of(store.client)
    ids = run_ids(inner, "1", RUNS)
    curves = curves_of_ids(store, ids)
    listed = inside(folder, "runs", "--format", "csv").stdout
    assert len(ids) > 3
    if moved == "filters":
        # MLflow itself uses them, so they cannot be taken away.
        monkeypatch.setattr(store_sql, "ids_where", lambda *_: None)
        assert run_ids(inner, "1", RUNS) == ids
    else:
        from mlflow.store.tracking.dbmodels import models

        monkeypatch.delattr(models, "SqlLatestMetric")
        private.tables.cache_clear()
        assert private.database_of(store.client) is None
    assert curves_of_ids(store, ids).equals(curves)
    assert inside(folder, "runs", "--format", "csv").stdout == listed
