"""What the workers of a sweep are given, and where they keep what they train."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nnexp.record.checkpoint import CheckpointFile
from nnexp.record.description import begun_of
from nnexp.record.events import Begun
from nnexp.record.log_folder import RUNS
from nnexp.runner.checkpoints import checkpoint_of, run_key
from nnexp.runner.sweep_state import SweepState
from nnexp.runner.worker import Task

LIGHT_FROM = 20
"""Sweeps of more runs than this leave figures and models to be made on demand."""


def tasks_of(sweep: SweepState, amount: Mapping[int, float]) -> list[Task]:
    """What the workers are given, the longest first."""
    level = sweep.configs[0].tracking.artifacts
    if level == "auto":
        level = "light" if len(sweep.configs) > LIGHT_FROM else "all"
    return [
        Task(
            k,
            sweep.configs[k],
            begun(sweep, k),
            level,
            log_folder(sweep, k),
            checkpoint(sweep, k),
            sweep.until,
        )
        for k in sorted(amount, key=lambda k: -amount[k])
    ]


def begun(sweep: SweepState, k: int) -> Begun:
    """What the log of a run of a sweep begins with."""
    tags = {
        **sweep.tags.get(sweep.marks[k], {}),
        "nnexp.sweep": sweep.parent,
        "mlflow.parentRunId": sweep.parent,
    }
    config, dataset = sweep.configs[k], sweep.datasets[k]
    return begun_of(sweep.store, sweep.experiment, sweep.names[k], config, dataset, tags)


def checkpoint(sweep: SweepState, k: int) -> CheckpointFile:
    """The checkpoint of a run of a sweep, by its position."""
    return checkpoint_of(sweep.store, sweep.experiment, sweep.marks[k], swept=True)


def log_folder(sweep: SweepState, k: int) -> Path:
    """Where the log of a run of a sweep lies while it is trained, by its position."""
    key = run_key(sweep.store, sweep.experiment, sweep.marks[k], swept=True)
    return sweep.store.folder / RUNS / key[:32]
