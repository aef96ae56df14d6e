"""Settings of all tests."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

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
