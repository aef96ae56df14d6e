"""Typing commands, as a user does, and reading the record back with MLflow's own client."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests import warm
from tests.stores import address, variables

COMMAND = [sys.executable, "-m", "nnexp"]


def environment() -> dict[str, str]:
    """This environment without what would lead elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "HYDRA_"))}
    root = str(Path(__file__).resolve().parent.parent.parent)
    return {**kept, "PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "200"}


def nnexp(
    folder: Path, *arguments: str, timeout: float = 240, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Type a command in a folder, perhaps with other variables, and wait for it."""
    recorded_in = variables(folder)
    return warm.run(arguments, folder, {**environment(), **recorded_in, **(env or {})}, timeout)


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Type a command and go on at once; its output can be read from `stdout`."""
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env={**environment(), **variables(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def client(folder: Path) -> Any:
    """MLflow's client on the store in a folder."""
    from mlflow import MlflowClient

    return MlflowClient(address(folder))


def recorded(folder: Path, kind: str = "run") -> list[Any]:
    """All recorded runs of a kind, in any experiment, oldest first."""
    mlflow = client(folder)
    ids = [e.experiment_id for e in mlflow.search_experiments()]
    where = f"tags.`nnexp.kind` = '{kind}'"
    return sorted(mlflow.search_runs(ids, where, max_results=5000), key=lambda r: r.info.start_time)


def histories(folder: Path, run_id: str) -> dict[str, list[tuple[int, float]]]:
    """Every metric but times: the list of (step, value), in the order of steps, repeats kept."""
    mlflow = client(folder)
    names = [n for n in mlflow.get_run(run_id).data.metrics if not n.startswith("time/")]
    return {
        n: sorted((m.step, m.value) for m in mlflow.get_metric_history(run_id, n)) for n in names
    }


def by_setting(folder: Path) -> dict[str, tuple[str, dict[str, list[tuple[int, float]]]]]:
    """Of each finished run, by its command: the hash of its weights, and its metrics."""
    found = {}
    for run in recorded(folder):
        tags = run.data.tags
        assert run.info.status == "FINISHED", tags.get("nnexp.reason")
        assert tags["nnexp.command"] not in found, "the same run twice"
        values = histories(folder, run.info.run_id)
        found[tags["nnexp.command"]] = (tags["nnexp.weights_sha256"], values)
    return found


def until(process: subprocess.Popen[str], *signs: str) -> str:
    """Read what a command prints until a line begins with, or holds, one of some signs."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if any(sign in line for sign in signs):
            break
    return said


def helpers_of(pid: int) -> list[int]:
    """Processes that a command has started to help it, or had forked off one of these."""
    lines = {child.pid: _line(child) for child in psutil.Process(pid).children(recursive=True)}
    servers = [child for child, line in lines.items() if "forkserver" in line and _begins(child)]
    return [
        child
        for child, line in lines.items()
        if child not in servers and ("spawn_main" in line or "forkserver" in line)
    ]


def _begins(pid: int) -> bool:
    """Whether a process is the one that others are forked off, not one of these."""
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid).parent()
        return parent is not None and "forkserver" not in _line(parent)
    return False


def _line(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return " ".join(process.cmdline())
    return ""
