"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# The same commit gets the same verdict: examples are searched, but always the same ones. Machines
# are slow at times, which is no failure.
settings.register_profile("nnexp", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("nnexp")
