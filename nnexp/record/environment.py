"""Where a run was made: versions, machine, libraries, source; never a secret.

No environment variable is recorded but the one that names OpenBLAS's kernels, and no address with a
password.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from nnexp import __version__
from nnexp.record.fingerprint import numeric_environment
from nnexp.redact import redact
from nnexp.source import source_sha256

SCHEMA_VERSION = 1
"""Version of the layout of a recorded run; raised when a reader has to know the difference."""

MAX_DIFF = 1_000_000
"""Characters of an uncommitted change that are kept."""


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@lru_cache(maxsize=1)
def environment() -> dict[str, Any]:
    """What `environment.json` holds, gathered once per process."""
    # Each is read and parsed anew whenever it is asked for. As `pip freeze` lists them.
    known = (dist.metadata for dist in importlib.metadata.distributions())
    packages = {f"{of['Name']}=={of['Version']}" for of in known}
    return {
        "schema_version": SCHEMA_VERSION,
        "nnexp": __version__,
        "source_sha256": source_sha256(),
        "numeric": numeric_environment(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "cpu": _cpu_model(),
        "cores": cores(),
        "numba": importlib.metadata.version("numba"),
        "llvmlite": importlib.metadata.version("llvmlite"),
        "llvm_cpu": _llvm_cpu(),
        "git": _git(),
        "packages": sorted(packages, key=str.lower),
    }


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(x.split(":", 1)[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _llvm_cpu() -> str | None:
    """What the compiler of the kernels takes the processor for."""
    try:
        return str(import_module("llvmlite.binding").get_host_cpu_name())
    except Exception:
        return None  # Not there, or broken: it is asked for information only.


def _git() -> dict[str, Any] | None:
    """Commit and uncommitted changes of the checkout this program runs from, if it is one."""
    root = Path(__file__).resolve().parent.parent.parent
    if not (root / ".git").exists():
        return None
    commit = _run_git(root, "rev-parse", "HEAD")
    status = _run_git(root, "status", "--porcelain")
    if commit is None or status is None:
        return None
    diff = _run_git(root, "diff", "HEAD") if status.strip() else None
    untracked = [line[3:] for line in status.splitlines() if line.startswith("??")]
    return {
        "commit": commit.strip(),
        "dirty": bool(status.strip()),
        "diff": redact(diff[:MAX_DIFF]) if diff else None,
        "untracked": untracked,
    }


def _run_git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
