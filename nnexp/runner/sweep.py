"""A sweep: checked as a whole, trained run by run over processes, recorded under one parent.

What is recorded already is not trained again, so the same command goes on where it was stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, dataset_of
from nnexp.errors import NnexpError, UserError
from nnexp.own_calls import check_all_own
from nnexp.record.checkpoint import forget_recorded
from nnexp.record.fingerprint import fingerprint
from nnexp.record.left_logs import finished_logs
from nnexp.record.outbox import Outbox
from nnexp.record.sqlite_commits import quick_commits
from nnexp.record.store import experiment_id, open_store
from nnexp.record.sweep import (
    Recorded,
    find_parent,
    recorded_runs,
    remove_partial,
    sweep_key,
    waiting,
)
from nnexp.redact import redact
from nnexp.runner.executors import Executor, check_executor, workers_ahead
from nnexp.runner.run import tidy, warn_of_changes
from nnexp.runner.run_claims import alone, claims
from nnexp.runner.run_text import Stopwatch
from nnexp.runner.store_news import confirm_recorded, say_kept
from nnexp.runner.sweep_parent import end_sweep, killed_if_stopped, open_sweep
from nnexp.runner.sweep_state import Series, SweepState
from nnexp.runner.sweep_text import announce, conclude, interrupted, result_note, show_plan
from nnexp.runner.sweep_training import summarize, train_shared
from nnexp.source import source_sha256
from nnexp.terminal import Console
from nnexp.train.engines import check_engine
from nnexp.train.plan import check_data
from nnexp.verbosity import LOGGER


@dataclass(frozen=True)
class SweepResult:
    """A recorded sweep: the parent's run id, and of each run its config and what is recorded."""

    sweep_id: str
    configs: list[Config]
    runs: list[Recorded]


class SweepChanged(NnexpError):
    """What would be trained is another sweep than the recorded one that was to be gone on with."""


class SweepFailed(NnexpError):
    """Some runs of a sweep failed; they are recorded as FAILED, the others are finished."""

    def __init__(self, message: str, result: SweepResult) -> None:
        super().__init__(message)
        self.result, self.run_id = result, result.sweep_id


def run_sweep(
    configs: Sequence[Config],
    command: Sequence[str],
    console: Console,
    *,
    retry_failed: bool = False,
    recorded_key: str | None = None,
    series: Series | None = None,
) -> SweepResult:
    """Train every config that is not recorded yet, and show what came out.

    With `recorded_key`, only if they are still the sweep that was recorded with this key. With
    `series`, the configs are one round of it.

    Raises:
        UserError: the request cannot be carried out; nothing was recorded.
        SweepChanged: they are another sweep than the recorded one.
        SweepFailed: some runs failed; all others are recorded.
        SourceChanged: the numeric source did, while the sweep ran; what has ended is recorded.
    """
    watch = Stopwatch()
    first, datasets, marks = _checked(configs, command)
    key = series.key if series else sweep_key(first.tracking.experiment, marks)
    if recorded_key not in (None, key):
        raise SweepChanged
    with ExitStack() as stack:
        pool = stack.enter_context(workers_ahead(first.sweep, len(set(marks))))
        dry, tracking = first.sweep.dry_run, first.tracking
        store = open_store(tracking.uri, reading=dry)
        # A dry run only looks: the experiment is "" where it would be a new one.
        experiment = experiment_id(store, tracking.experiment, create=not dry)
        sweep = SweepState.of(
            configs, datasets, marks, Outbox(store), console, experiment,
            key=key, command=command, series=series,
        )  # fmt: skip
        if not dry:
            stack.enter_context(alone(store, f"sweep-{key[:16]}", "this sweep", console))
            tidy(store, experiment, console)
        # In an experiment that there is not yet, nothing is recorded.
        if experiment:
            _look_back(sweep, retry_failed=retry_failed)
        _begin(sweep)
        if dry:
            show_plan(sweep)
            return SweepResult("", [], [])
        failed = _carry_out(sweep, retry_failed, pool)
    say_kept(sweep.outbox, console)
    if series is None:
        conclude(sweep, watch.seconds)
    result = SweepResult(sweep.parent, sweep.configs, sweep.recorded)
    if failed:
        told = f"{failed} of {len(sweep.configs)} runs failed; sweep {sweep.parent}"
        raise SweepFailed(told, result)
    confirm_recorded(sweep.outbox)
    return result


def _look_back(sweep: SweepState, *, retry_failed: bool) -> None:
    """Find what is recorded of a sweep: its parent, and its runs."""
    ended = sweep.reuse or sweep.series is not None
    sweep.parent = find_parent(sweep.store, sweep.experiment, sweep.key, ended=ended) or ""
    only = None if sweep.reuse else sweep.parent
    sweep.found = _recorded(sweep, only, retry_failed=retry_failed)


def _carry_out(sweep: SweepState, retry_failed: bool, pool: Executor | None) -> int:
    """Train what is missing, and record it under the sweep's parent; how many runs failed."""
    again = _failed(sweep) if retry_failed else {}
    parent = open_sweep(sweep)
    with killed_if_stopped("sweep", parent, sweep.outbox, partial(interrupted, sweep)):
        # What an earlier start left half done is removed.
        remove_partial(sweep.store, sweep.experiment, sweep.parent)
        forget_recorded(sweep.store, sweep.experiment, sweep.found)
        look = partial(_recorded, sweep, None, retry_failed=retry_failed)
        _train(sweep, look if sweep.reuse else dict, pool)
        if sweep.series is None and (said := summarize(sweep)):
            sweep.console.say(said)
    note = f"`{sweep.line}`" if sweep.series else result_note(sweep)
    return end_sweep(sweep, parent, again, note)


def _checked(
    configs: Sequence[Config], command: Sequence[str]
) -> tuple[Config, list[Dataset], list[str]]:
    """The first config of a sweep, and the data sets and fingerprints of all.

    Raises:
        UserError: some cannot be trained, or not together.
    """
    if not configs:
        raise UserError(f"{' '.join(command)}: no run at all; allowed: at least one value per key")
    first = configs[0]
    datasets = [dataset_of(config) for config in configs]
    for config, dataset in zip(configs, datasets, strict=True):
        check_data(config, dataset)
        check_engine(config, trains=False)
    check_all_own(configs, datasets)
    marks = [fingerprint(c, d) for c, d in zip(configs, datasets, strict=True)]
    if len({(c.tracking.uri, c.tracking.experiment) for c in configs}) > 1:
        keys = ("experiment", "tracking.experiment", "tracking.uri")
        typed = [redact(word) for word in command if word.partition("=")[0] in keys]
        raise UserError(
            f"{' '.join(typed) or 'tracking.*'}: several experiments or stores; allowed: one of "
            "each in a sweep, so a command for each"
        )
    check_executor(first.sweep, configs)
    return first, datasets, marks


def _begin(sweep: SweepState) -> None:
    """Say what is asked for, and what is recorded of it already."""
    LOGGER.debug("sweep %s, store %s, source %s", sweep.key, sweep.store.shown, source_sha256())
    if sweep.series is None or sweep.configs[0].sweep.dry_run:
        announce(sweep)
    finished = [
        run.run_id
        for run in sweep.found.values()
        if run.status == "FINISHED" and not sweep.waits(run)
    ]
    warn_of_changes(sweep.store, finished, sweep.console)


def _train(
    sweep: SweepState, look: Callable[[], Mapping[str, Recorded]], pool: Executor | None
) -> None:
    with quick_commits(sweep.store), claims(sweep.store.folder, sweep.experiment) as ours:
        train_shared(sweep, look, pool, ours)


def _recorded(sweep: SweepState, only: str | None, *, retry_failed: bool) -> dict[str, Recorded]:
    """What is recorded of a sweep already; with `only`, under that parent alone."""
    # Looked at first: what arrives meanwhile is found in the store.
    logs = finished_logs(sweep.store, sweep.experiment) if only is None else {}
    everything = recorded_runs(sweep.store, sweep.experiment, only, sweep.marks, own=sweep.parent)
    for mark, log in logs.items():
        if mark not in everything or everything[mark].status != "FINISHED":
            everything[mark] = waiting(log)
    found = {mark: everything[mark] for mark in sweep.marks if mark in everything}
    if retry_failed:
        found = {mark: run for mark, run in found.items() if run.status == "FINISHED"}
    return found


def _failed(sweep: SweepState) -> dict[str, str]:
    """The failed runs of this sweep that are about to be trained again."""
    everything = recorded_runs(sweep.store, sweep.experiment, None, sweep.marks)
    return {
        mark: everything[mark].run_id
        for mark in sweep.marks
        if mark in everything and everything[mark].status == "FAILED"
    }
