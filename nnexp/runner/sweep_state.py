"""What a sweep consists of: its runs, and which of them are recorded."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nnexp.config.compose import flatten
from nnexp.config.extensions import options_of
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.record.checkpoint import CheckpointFile, checkpoint_of
from nnexp.record.description import begun_of
from nnexp.record.events import Begun
from nnexp.record.labels import label_names
from nnexp.record.log_folder import RUNS
from nnexp.record.outbox import Outbox
from nnexp.record.store import Store
from nnexp.record.sweep import Recorded
from nnexp.redact import redact
from nnexp.runner.worker import Task
from nnexp.terminal import Console


@dataclass(frozen=True)
class Series:
    """Runs that are asked for in rounds, recorded under one parent.

    Who asks tells what is asked for and what came of it.
    """

    key: str
    """What makes two series the same, as hexadecimal digits."""
    name: str
    before: int
    """So many runs were trained in earlier rounds."""


@dataclass
class SweepState:
    """The runs of a sweep, each once; `found` holds what is recorded of them so far."""

    configs: list[Config]
    datasets: list[Dataset]
    marks: list[str]
    """Fingerprints."""
    outbox: Outbox
    console: Console
    experiment: str
    """Its MLflow id."""
    found: dict[str, Recorded] = field(default_factory=dict)
    """By fingerprint."""
    key: str = ""
    """What makes two sweeps the same, as hexadecimal digits."""
    command: Sequence[str] = ()
    """As it was typed."""
    series: Series | None = None
    """Of which it is a round."""
    parent: str = ""
    """The id of its parent run; empty as long as there is none."""
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What runs are tagged with beside what every run is, by fingerprint."""
    until: int | None = None
    """Train no further than this epoch for now."""
    holds: bool = False
    """Whether runs that end are recorded while the next are trained, not at once."""
    paused: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    """By fingerprint, the values so far of the runs that have stopped there."""

    @classmethod
    def of(
        cls,
        configs: Sequence[Config],
        datasets: Sequence[Dataset],
        marks: Sequence[str],
        outbox: Outbox,
        console: Console,
        experiment: str,
        **more: Any,
    ) -> SweepState:
        """Of runs with their fingerprints, each of which is taken once, where it first stands."""
        once = sorted({mark: k for k, mark in reversed(list(enumerate(marks)))}.values())
        parts = [configs[k] for k in once], [datasets[k] for k in once], [marks[k] for k in once]
        return cls(*parts, outbox, console, experiment, **more)

    @property
    def store(self) -> Store:
        """Where it is recorded."""
        return self.outbox.store

    @property
    def reuse(self) -> bool:
        """Whether runs count that were recorded before, in whatever sweep."""
        return self.configs[0].tracking.reuse

    @property
    def line(self) -> str:
        """The command as it is recorded: it may hold a password.

        The address goes without saying where it is recorded.
        """
        typed = [word for word in self.command if not word.startswith("tracking.uri=")]
        return redact("python -m nnexp " + shlex.join([*typed, *options_of(*self.configs)]))

    @cached_property
    def names(self) -> list[str]:
        """What the runs are called."""
        return label_names(self.configs)

    @property
    def missing(self) -> list[int]:
        """Positions of the runs that are still to be trained."""
        return [
            k for k, mark in enumerate(self.marks) if not {mark} & (self.found.keys() | self.paused)
        ]

    def waits(self, run: Recorded) -> bool:
        """Whether a run has ended and is still on its way to the store."""
        return (self.store.folder / RUNS / run.run_id).is_dir()

    @property
    def recorded(self) -> list[Recorded]:
        """All runs in order; none may be missing."""
        return [self.found[mark] for mark in self.marks]

    @property
    def settings(self) -> list[dict[str, str]]:
        """The flattened configs."""
        return [flatten(config) for config in self.configs]


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
    return checkpoint_of(sweep.store, sweep.experiment, sweep.marks[k])


def log_folder(sweep: SweepState, k: int) -> Path:
    """Where the log of a run of a sweep lies while it is trained, by its position."""
    return sweep.store.folder / RUNS / checkpoint(sweep, k).path.stem
