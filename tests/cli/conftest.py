"""Runs that many tests read, each made once, whichever worker of pytest-xdist comes first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest
from filelock import FileLock

from tests.cli.command import Typed, nnexp

Make = Callable[..., Typed]

COMMAND = ("cost=crossentropy", "reg=l2", "size=100", "train.epochs=2")
"""The run that most tests read: everything recorded, quick."""


@pytest.fixture(scope="session")
def typed_once(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Make:
    """Run a command in a folder of that name, or hand back what came of it before."""
    base = tmp_path_factory.getbasetemp()
    # Under xdist each worker has a folder of its own in one that all share.
    shared = base.parent if hasattr(request.config, "workerinput") else base

    def make(name: str, *args: str, env: Mapping[str, str] | None = None) -> Typed:
        folder, outcome = shared / f"cli-{name}", shared / f"cli-{name}.json"
        with FileLock(shared / f"cli-{name}.lock"):
            if not outcome.exists():
                folder.mkdir(exist_ok=True)
                done = nnexp(*args, cwd=folder, env=env)
                said = {"code": done.returncode, "out": done.stdout, "err": done.stderr}
                outcome.write_text(json.dumps(said))
        said = json.loads(outcome.read_text())
        return Typed(folder, said["code"], said["out"], said["err"])

    return make


@pytest.fixture(scope="session")
def recorded(typed_once: Make) -> Typed:
    """COMMAND, typed in an empty folder."""
    return typed_once("recorded", *COMMAND)


@pytest.fixture(scope="session")
def elsewhere(typed_once: Make, tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """COMMAND again in a folder of its own, recorded where MLFLOW_TRACKING_URI says."""
    return typed_once("elsewhere", *COMMAND, env={"MLFLOW_TRACKING_URI": "sqlite:///other.db"})
