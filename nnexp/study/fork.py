"""A recorded run gone another way: repeated up to an epoch, checked on the way, then changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pandas as pd

from nnexp.config.arguments import TAGS, given_keys
from nnexp.config.command import changed
from nnexp.config.compose import flatten
from nnexp.config.extensions import digests_of
from nnexp.config.plurals import some
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import NnexpError, UserError, stopped_by
from nnexp.record.artifacts import (
    curves_frame,
    no_model,
    write_figures,
    write_light,
    write_model,
    write_parts,
)
from nnexp.record.description import completed
from nnexp.record.log_folder import RUNS
from nnexp.record.run import RunRecord
from nnexp.record.stages import FILE, Stage, stages_sha256, train_stages, write_stages
from nnexp.record.store import Store
from nnexp.record.sweep import runs_where
from nnexp.record.tags import number
from nnexp.runner.run_progress import RunProgress
from nnexp.runner.store_news import NotRecorded
from nnexp.signals import held_stops
from nnexp.study.recorded import recorded_data
from nnexp.study.verification import Difference, Values, agree
from nnexp.study.verify import history, recorded_as
from nnexp.train.report import EpochReport, Outcome

if TYPE_CHECKING:
    from mlflow.entities import Run

CHANGEABLE = (
    "cost", "reg", "dropout", "expand", "schedule", "train.epochs", "train.eta",
    "train.batch_size", "train.momentum", "train.nesterov", "stop.patience",
)  # fmt: skip
"""Groups and keys that may change at an epoch: what a step does, not what a run is made of."""

RECORDED = ("tracking.name", "tracking.note", "tracking.artifacts")
"""Keys of how the fork is recorded, which may be given too."""


class ForkDiffers(NnexpError):
    """The recorded run came out otherwise when it was repeated: nothing was recorded."""


class ForkFailed(NnexpError):
    """The fork could not go on; it is recorded as FAILED."""


@dataclass(frozen=True)
class Plan:
    """A fork that is about to be trained."""

    parent: Run
    at: int
    stages: tuple[Stage, ...]
    dataset: Dataset
    fingerprint: str
    command: str

    @property
    def config(self) -> Config:
        """What it goes on with."""
        return self.stages[-1].config

    @property
    def what(self) -> str:
        """What is changed: `reg.lmbda 0.0 → 5.0`."""
        before, after = flatten(self.stages[-2].config), flatten(self.config)
        apart = [k for k in after if after[k] != before[k] and not k.startswith("tracking.")]
        return ", ".join(f"{key} {before[key]} → {after[key]}" for key in apart)


@dataclass(frozen=True)
class Forked:
    """A recorded fork."""

    run_id: str
    metrics: Mapping[str, float]
    compared: int
    """Values of the parent that came out again on the way; 0 of one that was recorded before."""
    unsent: str = ""
    """What is to be said if the store has not received its end yet."""


def plan_fork(store: Store, parent: Run, at: int, overrides: Sequence[str], command: str) -> Plan:
    """What a fork would be; nothing is trained.

    Raises:
        UserError: keys that cannot change at an epoch, or a run that cannot be repeated.
    """
    recorded = recorded_as(store, parent)
    before = recorded.stages
    epochs = number(parent.data.tags, "nnexp.epochs", recorded.config.train.epochs)
    # Where it was stopped early, nothing goes on from its last one.
    stopped = epochs < recorded.config.train.epochs
    last = epochs - stopped
    earliest = next((s.until for s in reversed(before) if s.until is not None), 0)
    if not earliest < at <= last:
        ends = f"has {some(epochs, 'epoch')}{', after which it was stopped' if stopped else ''}"
        one_of = f"{earliest + 1} to {last}" if earliest < last else "a run that goes on for longer"
        raise UserError(f"--at {at}: run {parent.info.run_id[:8]} {ends}; allowed: {one_of}")
    for key in given_keys(overrides):
        if key not in RECORDED and not key.startswith(TAGS) and not _may_change(key):
            raise UserError(
                f"{key}: cannot change at an epoch; allowed: {', '.join(CHANGEABLE)}, with the "
                "keys of these groups"
            )
    experiment = store.client.get_experiment(parent.info.experiment_id).name
    config = changed(recorded.config, overrides)
    tracking = replace(config.tracking, experiment=experiment)
    config = replace(config, tracking=tracking)
    _check(recorded.config, config, at)
    stages = (*before[:-1], Stage(before[-1].config, at), Stage(config))
    dataset = recorded_data(parent, config)
    return Plan(parent, at, stages, dataset, stages_sha256(stages, dataset), command)


def _may_change(key: str) -> bool:
    return key in CHANGEABLE or (key.split(".")[0] in CHANGEABLE and key != "expand.fixed")


def _check(before: Config, after: Config, at: int) -> None:
    if after.train.epochs <= at:
        raise UserError(f"train.epochs={after.train.epochs}: allowed: more than --at {at}")
    if before.schedule.name == "cosine" and at == before.train.epochs:
        raise UserError(
            f"--at {at}: the last epoch of schedule=cosine, which goes by train.epochs; allowed: "
            f"less than {at}"
        )
    if bool(before.train.momentum) != bool(after.train.momentum):
        raise UserError(
            f"train.momentum={after.train.momentum:g}: cannot begin or end at an epoch; allowed: "
            + ("greater than 0" if before.train.momentum else "0")
        )
    same = replace(after, tracking=before.tracking, sweep=before.sweep)
    if same == before:
        raise UserError("fork: nothing is changed; allowed: key=value with another value")


def find_fork(store: Store, plan: Plan) -> Run | None:
    """The finished fork that was recorded before."""
    where = (
        f"tags.`nnexp.fingerprint` = '{plan.fingerprint}' and tags.`nnexp.kind` = 'fork' "
        "and attributes.status = 'FINISHED'"
    )
    return next(runs_where(store, [str(plan.parent.info.experiment_id)], where), None)


def train_fork(store: Store, plan: Plan, screen: RunProgress) -> Forked:
    """Repeat, check, go another way, and record it beside its parent.

    Raises:
        NotRecorded: the store has not kept what it took.
        ForkDiffers: a value of the repeated run is not the recorded one.
        ForkFailed: the fork diverged; it is recorded as FAILED.
    """
    theirs = history(store, plan.parent, plan.at)
    reports = train_stages(plan.stages, plan.dataset)
    repeated, compared, record = list[EpochReport](), 0, None
    outcome: Outcome | None = None
    with screen.training(plan.config, plan.dataset, []):
        try:
            for report in reports:
                if report.epoch <= plan.at:
                    compared += _compare(theirs, report, plan.parent)
                    repeated.append(report)
                else:
                    record = record or _start(store, plan, repeated)
                    record.add(report)
                screen.show(report)
                outcome = report.outcome or outcome
        except KeyboardInterrupt as stop:
            if record is not None:
                with held_stops(forget=True):
                    record.fail(stopped_by(stop), status="KILLED")
            raise
        except Exception as error:
            if record is not None:
                record.fail(f"{type(error).__name__}: {error}")
            raise
    assert record is not None
    assert outcome is not None
    if outcome.failure is not None:
        record.fail(outcome.failure)
        raise ForkFailed(f"fork {record.run_id} failed: {outcome.failure}")
    outcome = completed(plan.config, plan.dataset, record.rows, outcome)
    try:
        arrived = _finish(store, plan, record, outcome, theirs)
    except OSError as error:
        record.fail(str(error), status="KILLED")
        raise ForkFailed(
            f"fork {record.run_id} cannot be recorded: {error}; the same command trains it anew"
        ) from error
    if record.lost:
        raise NotRecorded(record.unsent)
    unsent = "" if arrived else record.unsent
    return Forked(record.run_id, {**record.last, **outcome.metrics}, compared, unsent)


def _compare(theirs: Values, report: EpochReport, parent: Run) -> int:
    """Compare an epoch with the record, bit for bit; the number of values that agree."""
    found = 0
    for name, ours in report.metrics.items():
        before = theirs.get(name, {}).get(report.epoch)
        if before is None:
            continue
        if not agree(before, ours, None):
            raise ForkDiffers(
                f"run {parent.info.run_id[:8]} came out otherwise when it was repeated: "
                f"{Difference(name, report.epoch, before, ours)}; nothing was recorded; "
                "python -m nnexp verify says what has changed since"
            )
        found += 1
    return found


def _start(store: Store, plan: Plan, repeated: Sequence[EpochReport]) -> RunRecord:
    parent = str(plan.parent.info.run_id)
    tags = {
        "nnexp.kind": "fork",
        "nnexp.fingerprint": plan.fingerprint,
        "nnexp.fork_of": parent,
        "nnexp.fork_at": str(plan.at),
        "nnexp.command": plan.command,
        "mlflow.parentRunId": parent,
    }
    if own := digests_of(*(stage.config for stage in plan.stages)):
        tags["nnexp.parts"] = own
    experiment = str(plan.parent.info.experiment_id)
    made = "" if plan.config.tracking.name else f"from epoch {plan.at} of {parent[:8]}"
    folder = store.folder / RUNS / uuid4().hex
    record = RunRecord.start(
        store, experiment, plan.config, plan.dataset, folder, tags=tags, made=made
    )
    for report in repeated:
        record.add(report)
    return record


def _finish(store: Store, plan: Plan, record: RunRecord, outcome: Outcome, parent: Values) -> bool:
    folder, config, rows = record.artifacts(), plan.config, record.rows
    if config.tracking.artifacts != "none":
        write_light(folder, config, outcome, rows, plan.command)
        write_parts(folder, *(stage.config for stage in plan.stages))
    write_stages(folder / FILE, plan.stages)
    if config.tracking.artifacts in ("auto", "all"):
        write_figures(folder / "figures", config, plan.dataset, outcome, rows)
        _draw(folder / "figures", plan, rows, history(store, plan.parent, None))
        if not no_model(config):
            write_model(folder / "model", config, plan.dataset, outcome, plan.fingerprint)
    with held_stops():
        return record.finish(outcome)


def _draw(folder: Path, plan: Plan, rows: Sequence[Mapping[str, float]], parent: Values) -> None:
    from nnexp.record.figures import save_figures
    from nnexp.record.figures.curves import fork_figure

    theirs = pd.DataFrame({name: pd.Series(steps) for name, steps in parent.items()})
    theirs = theirs.rename_axis("step").sort_index().reset_index()
    figure = fork_figure(curves_frame(rows), theirs, plan.at, title=plan.what)
    save_figures(folder, {"fork.png": figure})
