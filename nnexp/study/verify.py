"""Verification: a recorded run is trained again from its record and compared bit for bit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.record.check_seals import Checked
from nnexp.record.correct_images import correct_of
from nnexp.record.final import completed
from nnexp.record.fingerprint import VERSION, version_of
from nnexp.record.stages import FILE as STAGES
from nnexp.record.stages import Stage, read_stages, train_stages
from nnexp.record.store import Store
from nnexp.record.tags import number
from nnexp.study.lookup import artifact, check_schema
from nnexp.study.recorded import recorded_config, recorded_correct, recorded_data, unlike
from nnexp.study.verification import Difference, Trained, Values, Verdict, judge, values_of
from nnexp.train.engines import check_engine
from nnexp.train.plan import check_data

if TYPE_CHECKING:
    from mlflow.entities import Run


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
        bits = recorded_correct(store, run)
        other = unlike(bits, correct_of(config, dataset, again.parameters))
        more = (
            Difference(f"{which} images that are right in only one", last, 0.0, float(count))
            for which, count in other
        )
        verdict = replace(verdict, differences=(*verdict.differences, *more))
    return replace(verdict, record=record)


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


def history(store: Store, run: Run, epochs: int | None) -> Values:
    """All recorded values of a run but times, or those of its first epochs."""
    run_id, names = run.info.run_id, (n for n in run.data.metrics if not n.startswith("time/"))
    points = (
        (n, m.step, m.value) for n in names for m in store.client.get_metric_history(run_id, n)
    )
    return values_of(point for point in points if epochs is None or point[1] <= epochs)
