"""Where a run was recorded and where it is trained again: in words, and what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nnexp.record.environment import environment
from nnexp.source import NUMERIC_PACKAGES, source_sha256


def place(surroundings: Mapping[str, Any]) -> str:
    """Processor, system, and the versions of what computes."""
    numpy = surroundings.get("numeric", {}).get("numpy")
    versions = {"Python": surroundings.get("python"), "NumPy": numpy}
    versions["numba"] = surroundings.get("numba")
    known = [f"{name} {version}" for name, version in versions.items() if version]
    where = [surroundings.get("cpu"), surroundings.get("platform")]
    return ", ".join([*(str(w) for w in where if w), *known])


def source_change(recorded: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    """How to get the source that a run was trained with, if it is not this one; else empty."""
    if tags.get("nnexp.source") == source_sha256():
        return ""
    git, packages = recorded.get("git") or {}, ", ".join(NUMERIC_PACKAGES)
    if not git.get("commit"):
        return f"source of {packages}; its commit was not recorded"
    also = ", and apply the recorded diff (environment.json)" if git.get("dirty") else ""
    return f"source of {packages}; to have it: git checkout {git['commit']}{also}"


def changes(recorded: Mapping[str, Any], tags: Mapping[str, str]) -> Iterator[str]:
    """What differs between then and now that could change a bit."""
    if source := source_change(recorded, tags):
        yield source
    if not recorded:
        yield "unknown: no environment was recorded (tracking.artifacts=none)"
        return
    here = environment()
    then, now = recorded.get("numeric", {}), here["numeric"]
    for key in sorted({*then, *now}):
        if then.get(key) == now.get(key):
            continue
        if key == "cpu_features":
            gone = sorted(set(then.get(key, [])) - set(now[key]))
            new = sorted(set(now[key]) - set(then.get(key, [])))
            yield f"CPU features: without {' '.join(gone) or '-'}, with {' '.join(new) or '-'}"
        else:
            yield f"{key}: recorded {then.get(key)}, here {now.get(key)}"
    for key in ("platform", "cpu", "llvm_cpu", "numba", "llvmlite"):
        if recorded.get(key) != here[key]:
            yield f"{key}: recorded {recorded.get(key)}, here {here[key]}"
