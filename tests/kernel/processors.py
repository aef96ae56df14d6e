"""The kernel compiled for other processors than this one, in a process of its own."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from llvmlite import binding

ROOT = Path(__file__).resolve().parents[2]

PROCESSORS = {
    "x86-64": "",
    "haswell": "+avx2,+fma",
    "skylake-avx512": "+avx512f,+avx512dq,+avx512bw,+avx512vl,+fma",
}
"""Names and features, as LLVM knows them: without fused multiply-add, and with it."""


def compiling_for(processor: str, folder: Path) -> dict[str, str]:
    """What tells numba to compile for a processor, with its own cache in a folder."""
    features = PROCESSORS[processor]
    host = binding.get_host_cpu_features()
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip(f"compiles for x86-64, this is {platform.machine()}")
    if not all(host.get(feature[1:], False) for feature in features.split(",") if feature):
        pytest.skip(f"this processor cannot run code for {processor}")
    return {
        "NUMBA_CPU_NAME": processor,
        "NUMBA_CPU_FEATURES": features,
        "NUMBA_CACHE_DIR": str(folder),
    }


def printed(code: str, processor: str, folder: Path) -> str:
    """What `code` prints where numba compiles for `processor`, with its own cache in `folder`."""
    environment = {
        **os.environ,
        **compiling_for(processor, folder),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
