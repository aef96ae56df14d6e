"""Some of the tests of records on a team's server: `make test-server` runs all of them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.cli.command import ROOT
from tests.stores import CHOICE

SOME = ("tests/runner/test_going_on.py",)
"""A sweep and its list of runs: recorded, read, gone on with, changed."""


@pytest.mark.timeout(600)
@pytest.mark.sqlite
def test_runs_are_recorded_gone_on_with_and_read_on_a_server() -> None:
    for needed in ("psycopg2", "flask_wtf"):
        pytest.importorskip(needed)
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    typed = (sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-m", "not slow", *SOME)
    done = subprocess.run(
        typed, cwd=ROOT, env={**plain, CHOICE: "server"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
