"""What the trainer yields: one frozen report per completed epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nnexp.nn.parameters import Parameters
from nnexp.train.snapshot import Snapshot


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    parameters: Parameters
    """The final weights; with early stopping those of the best epoch."""
    metrics: Mapping[str, float]
    """What is only known at the end: `test/…`, `best/…`, `gap/…`, `time/…`."""
    epochs: int
    """Completed epochs."""
    stopped_early: bool = False
    failure: str | None = None
    """Why the run could not go on (it diverged), or None."""


@dataclass(frozen=True)
class EpochReport:
    """A run after a completed epoch; epoch 0 is the untrained network."""

    epoch: int
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Metrics of this epoch by their recorded names; empty between evaluations."""
    outcome: Outcome | None = None
    """Set in the last report."""
    snapshot: Callable[[], Snapshot] | None = field(default=None, compare=False, repr=False)
    """Takes all that is needed to go on from here; to be called before the next report is asked
    for. None in the last report."""
