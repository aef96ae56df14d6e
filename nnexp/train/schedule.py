"""Learning-rate schedules: what η is multiplied by in an epoch.

The chapter suggests one of them: halve η whenever the validation accuracy has not improved for some
epochs, and end when it is down to 1/128. The others are the field's usual ones; η changes between
epochs, never within one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nnexp.config.schema import ScheduleConfig
from nnexp.nn.portable import cosine


def _constant(schedule: ScheduleConfig, done: int, epochs: int) -> float:
    return 1.0


def _step(schedule: ScheduleConfig, done: int, epochs: int) -> float:
    factor = 1.0
    for _ in range(done // schedule.every):
        factor *= schedule.factor
    return factor


def _inverse(schedule: ScheduleConfig, done: int, epochs: int) -> float:
    return schedule.half / (schedule.half + done)


def _cosine(schedule: ScheduleConfig, done: int, epochs: int) -> float:
    return 0.5 * (1.0 + cosine(done / epochs))


SCHEDULES: dict[str, Callable[[ScheduleConfig, int, int], float]] = {
    "constant": _constant,
    "step": _step,
    "inverse": _inverse,
    "cosine": _cosine,
}
"""By name: (schedule, epochs done, epochs in all) → the factor of the epoch that comes next.

- `step`: factor^⌊e / every⌋
- `inverse`: h / (h + e), half of η after h epochs, as in Robbins & Monro (1951)
- `cosine`: ½ (1 + cos(π e / E)), Loshchilov & Hutter (2017), "SGDR", eq. 5, without restarts

`halve` is not among them: it follows the validation accuracy (`Halving`)."""


@dataclass
class Halving:
    """`schedule=halve`: η goes down when the validation accuracy has stopped to rise.

    The chapter's exercise ("How to choose a neural network's hyper-parameters?", variable learning
    schedules), with its numbers as defaults: half of η after `patience` epochs without a better
    accuracy, and the end when η would fall below 1/128 of what it was.
    """

    schedule: ScheduleConfig
    factor: float = 1.0
    since: int = 0
    """The epoch from which patience counts: that of the last change of η."""

    def see(self, epoch: int, best_epoch: int) -> bool:
        """Take note of an evaluation; whether η is now smaller than it may be: the end."""
        if epoch - max(best_epoch, self.since) < self.schedule.patience:
            return False
        self.factor *= self.schedule.factor
        self.since = epoch
        return self.factor < self.schedule.least
