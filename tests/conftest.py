"""Settings of all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

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


@pytest.fixture(scope="session", autouse=True)
def _forked_workers() -> Iterator[None]:
    """What the program spawns within a test need not import everything anew."""
    with forked_workers():
        yield
