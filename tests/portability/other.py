"""Golden runs and elementary functions by another interpreter, compared as they come."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.golden import golden
from tests.kernel import ulps

ROOT = Path(__file__).resolve().parents[2]

CODE = """
from tests.golden import CONFIGS, digest
for name in CONFIGS:
    print(name, digest(name), sep="\\t", flush=True)
from tests.kernel.ulps import digests
for name, found in digests().items():
    print(name, found, sep="\\t", flush=True)
"""

KEPT = ("PATH", "HOME", "LANG", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")
"""All that another interpreter is told of this one's environment."""


def differing(
    name: str, interpreter: Sequence[str], cache: Path, environment: Mapping[str, str] | None = None
) -> int:
    """Let an interpreter do what is written down; how much does not come out so.

    `name` is what the last line calls it, `cache` where its compiled code and bytecode are kept.
    """
    runs, functions = golden(), ulps.GOLDEN
    expected, same = {**runs, **functions}, set()
    settings = {key: os.environ[key] for key in KEPT if key in os.environ}
    settings |= {
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(cache / "bytecode"),
        "NUMBA_CACHE_DIR": str(cache / "kernels"),
        **(environment or {}),
    }
    began = time.monotonic()
    with subprocess.Popen(
        [*interpreter, "-c", CODE], env=settings, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            what, _, digest = line.rstrip("\n").partition("\t")
            fits = digest == expected.get(what)
            same |= {what} if fits else set()
            verdict = "same bits" if fits else f"DIFFERS: {digest}, not {expected.get(what)}"
            if what in runs or not fits:
                print(f"  {time.monotonic() - began:6.1f} s  {what}: {verdict}", flush=True)
    if process.returncode:
        print(f"  ended with exit code {process.returncode}")
    missed = len(expected.keys() - same)
    verdict = f"{len(runs.keys() & same)} of {len(runs)} golden runs and "
    verdict += f"{len(functions.keys() & same)} of {len(functions)} elementary functions"
    trouble = f": {missed} DIFFER OR ARE MISSING" if missed else ", bit for bit"
    print(f"{name}: {verdict}{trouble}", flush=True)
    return missed
