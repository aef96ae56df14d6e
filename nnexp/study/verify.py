"""Verification: a recorded run is trained again from its record and compared bit for bit."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters
from nnexp.record.check import Checked
from nnexp.record.correct import correct_of
from nnexp.record.final import DERIVED, completed, read_as
from nnexp.record.fingerprint import VERSION, version_of
from nnexp.record.stages import FILE as STAGES
from nnexp.record.stages import Stage, read_stages, train_stages
from nnexp.record.store import Store
from nnexp.record.tags import number
from nnexp.record.weights import weights_sha256
from nnexp.study.correct import recorded_correct, unlike
from nnexp.study.lookup import artifact, check_schema
from nnexp.study.recorded import recorded_config, recorded_data
from nnexp.study.surroundings import changes, places_of
from nnexp.train.engines import check_engine
from nnexp.train.plan import check_data
from nnexp.train.report import Outcome

if TYPE_CHECKING:
    from mlflow.entities import Run

Values = dict[str, dict[int, float]]


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
class Recorded:
    """What the record says about how a run was made."""

    config: Config
    environment: Mapping[str, Any]
    """Empty where none was recorded."""
    stages: Sequence[Stage]
    """Of a fork several, of any other run its config alone."""


def recorded_as(store: Store, run: Run, data_root: str | None = None) -> Recorded:
    """How to train a recorded run again.

    Args:
        data_root: the folder with the run's IDX files, if they are no longer where they were.

    Raises:
        UserError: the run cannot be verified, and why.
    """
    tags, name = run.data.tags, f"run {run.info.run_id}"
    kind = tags.get("nnexp.kind", "not of this program")
    if kind == "sweep":
        raise UserError(f"{name}: is a sweep; allowed: --sweep {run.info.run_id[:8]}, or its runs")
    if kind not in ("run", "superseded", "fork"):
        raise UserError(f"{name}: is {kind}, no trained run; allowed: runs of this program")
    if run.info.status != "FINISHED":
        raise UserError(f"{name}: is {run.info.status}; allowed: FINISHED runs")
    check_schema(run)
    with TemporaryDirectory() as folder:
        path = artifact(store, run, "config.yaml", folder)
        config = recorded_config(run, path)
        stages = [Stage(config)]
        if kind == "fork":
            path = artifact(store, run, STAGES, folder)
            if path is None:
                raise UserError(f"{name}: its record holds no {STAGES}")
            stages = read_stages(path)
        path = artifact(store, run, "environment.json", folder)
        try:
            found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path else {}
        except (OSError, ValueError) as error:
            raise UserError(f"{name}: its environment.json cannot be read ({error})") from error
    check_version(str(run.info.run_id), tags, found)
    if data_root is not None:
        stages = [replace(stage, config=_moved(stage.config, data_root)) for stage in stages]
        config = _moved(config, data_root)
    return Recorded(config, found, stages)


def _moved(config: Config, root: str) -> Config:
    return replace(config, data=replace(config.data, root=root))


def check_version(run_id: str, tags: Mapping[str, str], recorded: Mapping[str, Any]) -> None:
    """Refuse a run of an engine that this program no longer has.

    Raises:
        UserError: one line with the version that made the run, and how to get it.
    """
    version = version_of(tags)
    if version == VERSION:
        return
    program, git = recorded.get("nnexp"), recorded.get("git") or {}
    made = f"nnexp {program}" if program else "an earlier nnexp"
    if version > VERSION:
        made = made if program else "a later nnexp"
    if commit := git.get("commit"):
        made += f" (commit {commit[:12]})"
        get = f"git checkout {commit}"
        get += ", the recorded diff applied (environment.json)" if git.get("dirty") else ""
    else:
        get = f"pip install nnexp=={program}" if program else "that version"
    raise UserError(
        f"run {run_id}: was made by {made}, whose engine gave other bits "
        f"(nnexp.fingerprint_version={version}); allowed: {VERSION}. To verify it: {get}; "
        "or, in a file of export: verify FILE --with-version"
    )


def verify(
    store: Store,
    run: Run,
    recorded: Recorded,
    record: Checked,
    *,
    epochs: int | None = None,
    tolerance: float | None = None,
) -> Verdict:
    """Train a recorded run again and compare all metrics but `time/…`, and the weights.

    With `epochs`, only so many are trained and compared. With `tolerance`, values agree within it,
    relative or absolute, and weights are not compared. `record` is what came of checking the
    record against its digest.

    Raises:
        UserError: the run cannot be verified, and why.
    """
    tags, config = run.data.tags, recorded.config
    dataset = recorded_data(run, config)
    last = number(tags, "nnexp.epochs", config.train.epochs)
    only = None if epochs is None or epochs >= last else epochs
    theirs, again = history(store, run, only), train_again(recorded.stages, dataset, only)
    verdict = judge(str(run.info.run_id), tags, recorded.environment, theirs, again, tolerance)
    if again.parameters is not None and tolerance is None:
        bits = recorded_correct(store, str(run.info.run_id))
        other = unlike(bits, correct_of(config, dataset, again.parameters))
        verdict = replace(
            verdict,
            compared=verdict.compared + len(bits),
            differences=(*verdict.differences, *(_other_images(*found, last) for found in other)),
        )
    return replace(verdict, record=record)


def _other_images(which: str, count: int, epochs: int) -> Difference:
    return Difference(f"{which} images that are right in only one", epochs, 0.0, float(count))


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
        values: Values = {}
        last = [(outcome.epochs, outcome.metrics)] if outcome is not None else []
        for epoch, metrics in [*rows, *last]:
            for name, value in metrics.items():
                if not name.startswith("time/"):
                    values.setdefault(name, {})[epoch] = value
        if outcome is None:
            return cls(values, "")
        return cls(values, weights_sha256(outcome.parameters), outcome.parameters)


def train_again(stages: Sequence[Stage], dataset: Dataset, epochs: int | None = None) -> Trained:
    """Train a run, or its first epochs.

    Raises:
        UserError: data that do not fit the config, or an engine that cannot be had here.
    """
    for stage in stages:
        check_data(stage.config, dataset)
        check_engine(stage.config)
    rows, outcome = [], None
    for report in train_stages(stages, dataset):
        if epochs is not None and report.epoch > epochs:
            break
        rows.append((report.epoch, report.metrics))
        outcome = report.outcome
    if outcome is None or epochs is not None:
        return Trained.of(rows, None)
    measured = [{"step": epoch, **metrics} for epoch, metrics in rows if metrics]
    return Trained.of(rows, completed(stages[-1].config, dataset, measured, outcome))


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
    theirs = {name: _as_read(name, steps) for name, steps in theirs.items()}
    differences = tuple(_differences(theirs, ours, tolerance, whole=whole))
    same = None
    if whole and tolerance is None:
        same = again.weights == tags.get("nnexp.weights_sha256")
    compared = sum(len(steps) for steps in theirs.values()) + (same is not None)
    farthest = _farthest(theirs, ours) if tolerance is not None else None
    changed = tuple(changes(recorded, tags))
    places = places_of(recorded)
    return Verdict(run_id, compared, differences, same, changed, farthest, places=places)


def _as_read(name: str, steps: Mapping[int, float]) -> dict[int, float]:
    return {step: read_as({name: value})[name] for step, value in steps.items()}


def history(store: Store, run: Run, epochs: int | None) -> Values:
    """All recorded values of a run but times, or those of its first epochs."""
    values: Values = {}
    for name in run.data.metrics:
        if name.startswith("time/"):
            continue
        steps = {m.step: m.value for m in store.client.get_metric_history(run.info.run_id, name)}
        kept = {s: v for s, v in steps.items() if epochs is None or s <= epochs}
        if kept:
            values[name] = kept
    return values


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
    return max(found, key=_relative, default=None)


def _relative(difference: Difference) -> float:
    a, b = difference.recorded or 0.0, difference.ours or 0.0
    return abs(b - a) / max(abs(a), abs(b), 1.0)
