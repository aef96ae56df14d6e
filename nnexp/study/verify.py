"""Verification: a recorded run is trained again from its record and compared bit for bit."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.record.check import Checked
from nnexp.record.correct import Bits, correct_of
from nnexp.record.environment import environment
from nnexp.record.fingerprint import VERSION, version_of
from nnexp.record.store import Store
from nnexp.record.tags import number
from nnexp.record.weights import weights_sha256
from nnexp.source import NUMERIC_PACKAGES, source_sha256
from nnexp.study.correct import recorded_correct, unlike
from nnexp.study.lookup import artifact, check_schema
from nnexp.study.recorded import recorded_config, recorded_data
from nnexp.train.engines import check_engine
from nnexp.train.loop import train
from nnexp.train.plan import check_data

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
    if kind not in ("run", "superseded"):
        raise UserError(f"{name}: is {kind}, no trained run; allowed: runs of this program")
    if run.info.status != "FINISHED":
        raise UserError(f"{name}: is {run.info.status}; allowed: FINISHED runs")
    check_schema(run)
    with TemporaryDirectory() as folder:
        path = artifact(store, run, "config.yaml", folder)
        config = recorded_config(run, path)
        path = artifact(store, run, "environment.json", folder)
        try:
            found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path else {}
        except (OSError, ValueError) as error:
            raise UserError(f"{name}: its environment.json cannot be read ({error})") from error
    _check_version(run, found)
    if data_root is not None:
        config = replace(config, data=replace(config.data, root=data_root))
    return Recorded(config, found)


def _check_version(run: Run, recorded: Mapping[str, Any]) -> None:
    """Refuse a run of an engine that this program no longer has.

    Raises:
        UserError: one line with the version that made the run, and how to get it.
    """
    version = version_of(run.data.tags)
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
        f"run {run.info.run_id}: was made by {made}, whose engine gave other bits "
        f"(nnexp.fingerprint_version={version}); allowed: {VERSION}. To verify it: {get}"
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
    check_data(config, dataset)
    check_engine(config)
    last = number(tags, "nnexp.epochs", config.train.epochs)
    whole = epochs is None or epochs >= last
    theirs = _history(store, run, None if whole else epochs)
    ours: Values = {}
    weights = ""
    bits: Bits = {}
    for report in train(config, dataset):
        if not whole and epochs is not None and report.epoch > epochs:
            break
        for name, value in report.metrics.items():
            ours.setdefault(name, {})[report.epoch] = value
        if report.outcome is not None:
            for name, value in report.outcome.metrics.items():
                ours.setdefault(name, {})[report.epoch] = value
            weights = weights_sha256(report.outcome.parameters)
            bits = correct_of(config, dataset, report.outcome.parameters)
    ours = {name: steps for name, steps in ours.items() if not name.startswith("time/")}
    differences = tuple(_differences(theirs, ours, tolerance, whole=whole))
    agree = None
    compared = sum(len(steps) for steps in theirs.values())
    if whole and tolerance is None:
        agree = weights == tags.get("nnexp.weights_sha256")
        recorded_bits = recorded_correct(store, str(run.info.run_id))
        compared += 1 + len(recorded_bits)
        differences += tuple(
            Difference(f"{name} images that are right in only one", last, 0.0, float(other))
            for name, other in unlike(recorded_bits, bits)
        )
    farthest = _farthest(theirs, ours) if tolerance is not None else None
    changed = tuple(changes(recorded.environment, tags))
    places = places_of(recorded.environment)
    return Verdict(
        str(run.info.run_id), compared, differences, agree, changed, farthest, record, places
    )


def _history(store: Store, run: Run, epochs: int | None) -> Values:
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
        if before is None or now is None or not _agree(before, now, tolerance):
            yield Difference(name, step, before, now)


def _agree(a: float, b: float, tolerance: float | None) -> bool:
    if tolerance is not None:
        return math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)
    return struct.pack("<d", a) == struct.pack("<d", b) or a == b


def _farthest(recorded: Values, ours: Values) -> Difference | None:
    """The value that lies farthest from the recorded one, seen relatively."""
    found = [
        Difference(name, step, value, ours[name][step])
        for name, steps in recorded.items()
        for step, value in steps.items()
        if step in ours.get(name, {}) and not _agree(value, ours[name][step], None)
    ]
    return max(found, key=_relative, default=None)


def _relative(difference: Difference) -> float:
    a, b = difference.recorded or 0.0, difference.ours or 0.0
    return abs(b - a) / max(abs(a), abs(b), 1.0)


def places_of(recorded: Mapping[str, Any]) -> tuple[str, str] | None:
    """Where a run was recorded, and this place, in words; None if they are the same or unknown."""
    then, now = _place(recorded), _place(environment())
    return (then, now) if recorded and then != now else None


def _place(surroundings: Mapping[str, Any]) -> str:
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
