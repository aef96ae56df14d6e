"""A real server for the tests of a file, and a way to it that misbehaves when told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner.served import Proxy, free_port, proxy, server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """The folder of a server's store, and its port."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    with server(folder, port):
        yield folder, port


@pytest.fixture
def way(served: tuple[Path, int]) -> Iterator[Proxy]:
    with proxy(served[1]) as found:
        yield found
