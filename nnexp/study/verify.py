"""Verification: a recorded run is trained again from its record and compared bit for bit."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nnexp.config.compose import from_yaml
from nnexp.config.schema import Config
from nnexp.data.dataset import load_dataset
from nnexp.errors import UserError
from nnexp.record.environment import environment
from nnexp.record.fingerprint import source_sha256
from nnexp.record.store import Store
from nnexp.record.weights import weights_sha256
from nnexp.train.loop import train

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

    @property
    def verified(self) -> bool:
        """Whether everything that was compared agrees."""
        return not self.differences and self.weights_agree is not False


def verify(
    store: Store, run: Run, *, epochs: int | None = None, tolerance: float | None = None
) -> Verdict:
    """Train a recorded run again and compare all metrics but `time/…`, and the weights.

    With `epochs`, only so many are trained and compared. With `tolerance`, values agree within it,
    relative or absolute, and weights are not compared.

    Raises:
        UserError: the run cannot be verified, and why.
    """
    tags = run.data.tags
    if tags.get("nnexp.kind") != "run":
        raise UserError(f"run {run.info.run_id}: is no trained run; allowed: runs of this program")
    if run.info.status != "FINISHED":
        raise UserError(f"run {run.info.run_id}: is {run.info.status}; allowed: finished runs")
    config, recorded_environment = _artifacts(store, run)
    dataset = load_dataset(config.data)
    if dataset.digest != tags.get("nnexp.data"):
        raise UserError(
            f"run {run.info.run_id}: was trained on other data "
            f"({tags.get('nnexp.data', '')[:12]}; here {dataset.digest[:12]})"
        )
    last = int(tags.get("nnexp.epochs", config.train.epochs))
    whole = epochs is None or epochs >= last
    recorded = _history(store, run, None if whole else epochs)
    ours: Values = {}
    weights = ""
    for report in train([config], dataset):
        if not whole and epochs is not None and report.epoch > epochs:
            break
        for name, value in report.metrics.items():
            ours.setdefault(name, {})[report.epoch] = value
        if report.outcome is not None:
            for name, value in report.outcome.metrics.items():
                ours.setdefault(name, {})[report.epoch] = value
            weights = weights_sha256(report.outcome.parameters)
    ours = {name: steps for name, steps in ours.items() if not name.startswith("time/")}
    differences = tuple(_differences(recorded, ours, tolerance, whole=whole))
    agree = None
    if whole and tolerance is None:
        agree = weights == tags.get("nnexp.weights_sha256")
    compared = sum(len(steps) for steps in recorded.values()) + (agree is not None)
    changed = tuple(_changes(recorded_environment, tags))
    return Verdict(str(run.info.run_id), compared, differences, agree, changed)


def _artifacts(store: Store, run: Run) -> tuple[Config, dict[str, Any]]:
    with TemporaryDirectory() as folder:
        try:
            path = store.client.download_artifacts(run.info.run_id, "config.yaml", folder)
            config = from_yaml(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(
                f"run {run.info.run_id}: its record holds no config.yaml "
                "(tracking.artifacts=none?); it cannot be verified"
            ) from error
        path = store.client.download_artifacts(run.info.run_id, "environment.json", folder)
        found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return config, found


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


def _changes(recorded: Mapping[str, Any], tags: Mapping[str, str]) -> Iterator[str]:
    """What differs between then and now that could change a bit."""
    here = environment()
    if tags.get("nnexp.source") != source_sha256():
        commit = (recorded.get("git") or {}).get("commit")
        dirty = (recorded.get("git") or {}).get("dirty")
        how = f"git checkout {commit}" if commit else "its commit was not recorded"
        also = " and apply the recorded diff (environment.json)" if dirty else ""
        yield f"source of nn, data, train: {how}{also}"
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
    if recorded.get("cpu") != here["cpu"]:
        yield f"CPU: recorded {recorded.get('cpu')}, here {here['cpu']}"
