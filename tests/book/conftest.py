"""A store to record into, and the three sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp.book import mnist_loader
from nnexp.book.pairs import Pairs
from tests.record.stored import restore


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, quicker to have than a new one; its runs are not asked for."""
    folder = tmp_path_factory.mktemp("book")
    restore(folder)
    return folder


@pytest.fixture
def here(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the store, in which the test is typed."""
    monkeypatch.chdir(store)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return store


@pytest.fixture(scope="session")
def sets() -> tuple[Pairs, Pairs, Pairs]:
    """Training, validation and test data."""
    return mnist_loader.load_data_wrapper()
