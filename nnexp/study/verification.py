"""What came of training a run again, and the verdict on its record: value by value, bit by bit."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from nnexp.nn.parameters import Parameters
from nnexp.record.check_seals import Checked
from nnexp.record.description import DERIVED, read_as
from nnexp.record.environment import environment
from nnexp.record.weights import weights_sha256
from nnexp.study.environment_differences import changes, place
from nnexp.train.report import Outcome

Values = dict[str, dict[int, float]]
"""By metric and step."""


def values_of(points: Iterable[tuple[str, int, float]]) -> Values:
    """Values of metrics at steps, without those of time; of several at a step the last one."""
    values: Values = {}
    for name, step, value in points:
        if not name.startswith("time/"):
            values.setdefault(name, {})[step] = value
    return values


@dataclass(frozen=True)
class Difference:
    """One value that came out otherwise."""

    metric: str
    step: int
    recorded: float | None
    ours: float | None

    def __str__(self) -> str:
        if self.recorded is None or self.ours is None:
            there = "ours" if self.recorded is None else "the record"
            return f"{self.metric} at step {self.step}: only in {there}"
        return (
            f"{self.metric} at step {self.step}: recorded {self.recorded!r}, ours {self.ours!r}, "
            f"difference {self.ours - self.recorded:.3g}"
        )


@dataclass(frozen=True)
class Verdict:
    """What came of training a run again."""

    run_id: str
    compared: int
    """Values compared, weights counted as one."""
    differences: tuple[Difference, ...]
    weights_agree: bool | None
    """None where the weights were not compared (fewer epochs, or a tolerance)."""
    surroundings: tuple[str, ...] = field(default=())
    """What differs between the recorded environment and this one."""
    farthest: Difference | None = None
    """With a tolerance, the value that came out most differently, if any did."""
    record: Checked = field(default=Checked(sealed=False))
    """Whether the record is still what was recorded."""
    places: tuple[str, str] | None = None
    """Where the run was recorded and where it was trained again, if these are not the same."""

    @property
    def verified(self) -> bool:
        """Whether everything that was compared agrees."""
        agree = not self.differences and self.weights_agree is not False
        return agree and not self.record.differences


@dataclass(frozen=True)
class Trained:
    """What came of training a run again: all its values but `time/…`, and its weights."""

    values: Values
    weights: str
    """SHA-256 of the last weights; empty where only some epochs were trained."""
    parameters: Parameters | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, rows: Iterable[tuple[int, Mapping[str, float]]], outcome: Outcome | None) -> Self:
        """From the metrics by epoch, and how it ended, if it was trained to its end."""
        last = [(outcome.epochs, outcome.metrics)] if outcome is not None else []
        epochs = [*rows, *last]
        values = values_of((name, at, value) for at, row in epochs for name, value in row.items())
        if outcome is None:
            return cls(values, "")
        return cls(values, weights_sha256(outcome.parameters), outcome.parameters)


def judge(
    run_id: str,
    tags: Mapping[str, str],
    recorded: Mapping[str, Any],
    theirs: Values,
    again: Trained,
    tolerance: float | None = None,
) -> Verdict:
    """Compare a recorded run with what came of training it again.

    `recorded` is the environment of then, `theirs` the recorded values without `time/…`.
    """
    whole = bool(again.weights)
    # Runs that were recorded before there were these hold none of them.
    unknown = [name for name in DERIVED if name not in theirs]
    ours = {name: steps for name, steps in again.values.items() if name not in unknown}
    # Gaps that were recorded before they were rounded.
    theirs = {
        name: {step: read_as({name: value})[name] for step, value in steps.items()}
        for name, steps in theirs.items()
    }
    differences = tuple(_differences(theirs, ours, tolerance, whole=whole))
    same = None
    if whole and tolerance is None:
        same = again.weights == tags.get("nnexp.weights_sha256")
    compared = sum(len(steps) for steps in theirs.values()) + (same is not None)
    farthest = _farthest(theirs, ours) if tolerance is not None else None
    changed = tuple(changes(recorded, tags))
    then, now = place(recorded), place(environment())
    places = (then, now) if recorded and then != now else None
    return Verdict(run_id, compared, differences, same, changed, farthest, places=places)


def _differences(
    recorded: Values, ours: Values, tolerance: float | None, *, whole: bool
) -> Iterator[Difference]:
    """In the order of the steps, so that the first is where the runs part."""
    pairs = {(s, n) for n, steps in recorded.items() for s in steps}
    if whole:
        pairs |= {(s, n) for n, steps in ours.items() for s in steps}
    for step, name in sorted(pairs):
        before, now = recorded.get(name, {}).get(step), ours.get(name, {}).get(step)
        if before is None or now is None or not agree(before, now, tolerance):
            yield Difference(name, step, before, now)


def agree(a: float, b: float, tolerance: float | None) -> bool:
    """Whether two values have the same bits, or lie within a tolerance."""
    if tolerance is not None:
        return math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
    return struct.pack("<d", a) == struct.pack("<d", b) or a == b


def _farthest(recorded: Values, ours: Values) -> Difference | None:
    """The value that lies farthest from the recorded one, seen relatively."""
    found = [
        Difference(name, step, value, ours[name][step])
        for name, steps in recorded.items()
        for step, value in steps.items()
        if step in ours.get(name, {}) and not agree(value, ours[name][step], None)
    ]

    def relative(d: Difference) -> float:
        a, b = d.recorded or 0.0, d.ours or 0.0
        return abs(b - a) / max(abs(a), abs(b), 1.0)

    return max(found, key=relative, default=None)
