"""Files of results verified elsewhere, as `make test-travel` does it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.portability.arm import BUILT, CANNOT, VERIFYING, locked_requirements
from tests.portability.other import ROOT


@pytest.mark.slow
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("way", ["clone", "arm"])
def test_a_file_exported_here_is_verified_there(way: str) -> None:
    command = [sys.executable, "-m", "tests.portability.travels", way]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == CANNOT:
        pytest.skip((done.stdout.splitlines() or [""])[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 runs" in done.stdout


def test_what_verifying_needs_is_in_the_lock() -> None:
    lines = locked_requirements([*VERIFYING, *BUILT]).splitlines()
    named = [line.split("==")[0] for line in lines if "==" in line]
    assert named == [*VERIFYING, *BUILT]
