"""A golden run needs NumPy and numba, and nothing else: it is trained where little can be had."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.golden import golden
from tests.portability.other import ROOT

CODE = """
import sys
for name in {absent!r}:
    sys.modules[name] = None  # Importing it fails.
from tests.golden import main
main(["main"])
"""

ABSENT = "scipy pandas mlflow hydra omegaconf yaml matplotlib rich jinja2 filelock pytest"


def test_golden_run_needs_no_other_package() -> None:
    command = [sys.executable, "-c", CODE.format(absent=ABSENT.split())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"main": golden()["main"]}
