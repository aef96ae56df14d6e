"""Settings of all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings

from tests import stores
from tests.warm import forked_workers

# The same commit gets the same verdict: examples are searched, but always the same ones. Machines
# are slow at times, which is no failure.
settings.register_profile(
    "nnexp",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    print_blob=True,
)
settings.load_profile("nnexp")


# Started in the background by a shell, pytest inherits an ignored Ctrl-C, by nohup an ignored
# SIGHUP, and so would the programs that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


STORE = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """The process that hands tests to others starts the server for all of them."""
    STORE.enter_context(stores.chosen())


def pytest_unconfigure(config: pytest.Config) -> None:
    STORE.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if stores.on_server():
        there = [item for item in items if item.get_closest_marker("sqlite")]
        config.hook.pytest_deselected(items=there)
        items[:] = [item for item in items if item not in there]


@pytest.fixture(autouse=True)
def _stores_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test's own folder needs its server no longer when the test has ended."""
    own = "tmp_path" in request.fixturenames and stores.on_server()
    folder = request.getfixturevalue("tmp_path") if own else None
    yield
    if folder is not None:
        stores.end(folder)


@pytest.fixture(scope="session", autouse=True)
def _forked_workers() -> Iterator[None]:
    """What the program spawns within a test need not import everything anew."""
    with forked_workers():
        yield
