"""The golden runs on aarch64, as `make test-arm` trains them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.portability.arm import CANNOT, LOCKED, locked_requirements
from tests.portability.other import ROOT


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_aarch64_gives_the_same_bits() -> None:
    command = [sys.executable, "-m", "tests.portability.arm"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    last = (done.stdout.splitlines() or [""])[-1]
    if done.returncode == CANNOT:
        pytest.skip(last)
    assert done.returncode == 0, done.stdout + done.stderr
    assert last.endswith(", bit for bit")


def test_locked_packages_are_found_in_the_lock_with_their_hashes() -> None:
    lines = locked_requirements().splitlines()
    assert [line.split("==")[0] for line in lines if "==" in line] == list(LOCKED)
    assert all(line.endswith("\\") or line.strip().startswith("--hash=sha256:") for line in lines)
    assert sum("--hash=" in line for line in lines) > len(LOCKED)
