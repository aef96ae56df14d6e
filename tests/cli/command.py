"""The command line as a user types it, and the record as anybody else reads it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Run

from tests import warm
from tests.stores import address, variables

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Typed:
    """A command that has ended, and the folder it was typed in."""

    folder: Path
    returncode: int
    stdout: str
    stderr: str

    @property
    def uri(self) -> str:
        """The store that a run in this folder makes unless told otherwise."""
        return address(self.folder)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what steers Hydra or MLflow, and some more variables."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "HYDRA_"))}
    path = os.pathsep.join(filter(None, [str(ROOT), plain.get("PYTHONPATH")]))
    return {**plain, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", **(extra or {})}


def nnexp(
    *args: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 200
) -> subprocess.CompletedProcess[str]:
    """`python -m nnexp ARGS` in a folder; `env` comes on top of `environment`."""
    return warm.run(args, cwd, environment({**variables(cwd), **(env or {})}), timeout)


def start(
    *args: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    python: Sequence[str] = ("-m", "nnexp"),
) -> subprocess.Popen[str]:
    """The same, still at work, as the leader of a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *python, *args],
        cwd=cwd,
        env=environment({**variables(cwd), **(env or {})}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def free_port() -> int:
    """A port on this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def runs(client: MlflowClient, experiment: str = "nnexp") -> list[Run]:
    """All runs of an MLflow experiment, the deleted ones aside."""
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id])) if found else []


def only_run(client: MlflowClient, experiment: str = "nnexp") -> Run:
    """The one run of an MLflow experiment."""
    (run,) = runs(client, experiment)
    return run


def history(client: MlflowClient, run: Run) -> dict[str, dict[int, float]]:
    """Every metric of a run: value by step. A step that was recorded twice is an error."""
    found: dict[str, dict[int, float]] = {}
    for name in run.data.metrics:
        values = client.get_metric_history(run.info.run_id, name)
        found[name] = {m.step: m.value for m in values}
        assert len(found[name]) == len(values), f"{name}: some step was recorded twice"
    return found


def artifacts(client: MlflowClient, run: Run) -> set[str]:
    """The files that a run has in its store, by path."""
    waiting, files = [""], set()
    while waiting:
        for entry in client.list_artifacts(run.info.run_id, waiting.pop() or None):
            if entry.is_dir:
                waiting.append(entry.path)
            else:
                files.add(entry.path)
    return files
