"""A sweep: checked as a whole, trained run by run over processes, recorded under one parent.

What is recorded already is not trained again, so the same command goes on where it was stopped.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from rich.console import Console
from rich.markup import escape

from nnexp.config.compose import config_dir
from nnexp.config.presets import preset_sha256
from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.errors import NnexpError, UserError, stopped_by
from nnexp.record.asked import note_asked
from nnexp.record.checkpoint import SUFFIX
from nnexp.record.clock import now
from nnexp.record.delivery import Delivery
from nnexp.record.fingerprint import fingerprint
from nnexp.record.labels import described, label_tags
from nnexp.record.outbox import Outbox
from nnexp.record.quick import quick_commits
from nnexp.record.store import experiment_id, open_store
from nnexp.record.sweep import (
    Recorded,
    find_parent,
    open_parent,
    recorded_runs,
    remove_partial,
    sweep_key,
)
from nnexp.redact import redact
from nnexp.signals import held_stops
from nnexp.source import source_sha256
from nnexp.sweep.checkpoints import checkpoint_of
from nnexp.sweep.executors import check_executor
from nnexp.sweep.locks import alone
from nnexp.sweep.single import NotRecorded, tidy, warn_of_changes
from nnexp.sweep.state import Batch
from nnexp.sweep.stopwatch import Stopwatch
from nnexp.sweep.telling import announce, conclude, interrupted, result_note, show_plan, sweep_name
from nnexp.sweep.training import summarize, train_missing, train_shared
from nnexp.train.engines import check_engine, compile_ahead
from nnexp.train.plan import check_data
from nnexp.verbosity import LOGGER


class SweepStopped(NnexpError):
    """A sweep that cannot go on here, such as for want of space; what has ended is recorded."""


@dataclass(frozen=True)
class SweepResult:
    """A recorded sweep: the parent's run id, and of each run its config and what is recorded."""

    sweep_id: str
    configs: list[Config]
    runs: list[Recorded]


class SweepChanged(NnexpError):
    """What would be trained is another sweep than the recorded one that was to be gone on with."""


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
    if not configs:
        raise UserError(f"{' '.join(command)}: no run at all; allowed: at least one value per key")
    first = configs[0]
    datasets = [dataset_of(config) for config in configs]
    for config, dataset in zip(configs, datasets, strict=True):
        check_data(config, dataset)
        check_engine(config, trains=False)
    every = [fingerprint(c, d) for c, d in zip(configs, datasets, strict=True)]
    unique = _unique(every)
    if len({(c.tracking.uri, c.tracking.experiment) for c in configs}) > 1:
        raise UserError("tracking.*: allowed: one store and one experiment per sweep")
    check_executor(first.sweep)
    store = open_store(first.tracking.uri)
    experiment = experiment_id(store, first.tracking.experiment)
    chosen = [configs[k] for k in unique]
    data = [datasets[k] for k in unique]
    marks = [every[k] for k in unique]
    sweep = Batch(chosen, data, marks, store, experiment, {})
    key = series.key if series else sweep_key(first.tracking.experiment, marks)
    if recorded_key not in (None, key):
        raise SweepChanged
    with alone(store, f"sweep-{key[:16]}", "this sweep", console):
        tidy(store, experiment, console)
        reuse = first.tracking.reuse
        parent = find_parent(store, experiment, key, ended=reuse or series is not None)
        sweep.found = _recorded(sweep, None if reuse else parent or "", retry_failed=retry_failed)
        LOGGER.debug("sweep %s, store %s, source %s", key, store.shown, source_sha256())
        if series is None:
            announce(sweep, console)
        finished = [run.run_id for run in sweep.found.values() if run.status == "FINISHED"]
        warn_of_changes(store, finished, console)
        if first.sweep.dry_run:
            show_plan(sweep, console)
            return SweepResult("", [], [])
        # The address goes without saying where it is recorded, and may hold a password.
        typed = [argument for argument in command if not argument.startswith("tracking.uri=")]
        line = redact("python -m nnexp " + shlex.join(typed))
        total = len(chosen) + (series.before if series else 0)
        tags = {
            **label_tags(first),
            "nnexp.command": line,
            "nnexp.source": source_sha256(),
            "nnexp.total": str(total),
        }
        if preset := preset_sha256(command, config_dir()):
            tags["nnexp.preset"] = preset
        name = series.name if series else _name(sweep)
        outbox = Outbox(store)
        look = partial(_recorded, sweep, None, retry_failed=retry_failed)
        before = _failed(sweep) if retry_failed else {}
        try:
            with held_stops():
                parent = open_parent(store, experiment, key, name, tags, parent)
                outbox.tell(parent, {"nnexp.reused": str(_reused(sweep, parent))})
                _note_asked(sweep, parent, outbox)
            remove_partial(store, experiment, parent)
            _forget(sweep)
            missing = [sweep.configs[k] for k in sweep.missing]
            compile_ahead(missing, lambda text: console.print(text, highlight=False))
            with quick_commits(store):
                if reuse:
                    train_shared(sweep, parent, outbox, console, look)
                else:
                    train_missing(sweep, parent, outbox, console)
            if series is None:
                summarize(sweep, parent, outbox)
        except BaseException as error:
            if parent is None:
                raise  # It could not be opened.
            with held_stops(forget=True), suppress(OSError):
                tags = {"nnexp.reason": reason_of(error)}
                outbox.send(Delivery(parent, "KILLED", now(), (), tags))
                interrupted(sweep, parent, console)
            if isinstance(error, OSError):
                # The disk is full, or the folder has gone: what has ended is recorded.
                raise SweepStopped(
                    f"sweep {parent} cannot go on: {error}; the same command goes on with it"
                ) from error
            raise
        failed = [r for r in sweep.found.values() if r.status != "FINISHED"]
        status = "FAILED" if failed else "FINISHED"
        with held_stops():
            for mark, run_id in before.items():
                if sweep.found[mark].run_id != run_id:
                    # It stays in the store, but is no longer counted among the runs.
                    outbox.send(Delivery(run_id, "", now(), (), {"nnexp.kind": "superseded"}))
            tags = {
                "nnexp.reused": str(_reused(sweep, parent)),
                **described(first, f"`{line}`" if series else result_note(sweep, line)),
            }
            outbox.send(Delivery(parent, status, now(), (), tags))
    say_kept(outbox, console)
    if series is None:
        conclude(sweep, parent, line, console, watch.seconds)
    result = SweepResult(parent, chosen, [sweep.found[mark] for mark in marks])
    if failed:
        raise SweepFailed(f"{len(failed)} of {len(chosen)} runs failed; sweep {parent}", result)
    confirm_recorded(outbox)
    return result


def _name(sweep: Batch) -> str:
    given = sweep.configs[0].tracking.name
    return redact(given) if given else sweep_name(sweep.configs)


def _note_asked(sweep: Batch, parent: str, outbox: Outbox) -> None:
    """Keep the list of what was asked for; the same command makes it again, if it gets lost."""
    if outbox.trouble:
        return
    names = dict(zip(sweep.marks, sweep.names, strict=True))
    configs = dict(zip(sweep.marks, sweep.configs, strict=True))
    # Whatever the store's client raises (HTTP, database, MLflow): the sweep goes on.
    with suppress(Exception):
        note_asked(sweep.store, parent, names, configs)


def say_kept(outbox: Outbox, console: Console) -> None:
    """Say of a store that does not answer what it has not received."""
    if outbox.kept and not outbox.lost:
        text = (
            f"the tracking store does not answer ({outbox.trouble}); nothing is lost: "
            f"{len(outbox.kept)} deliveries are kept in {outbox.store.folder} and sent at the next "
            "start"
        )
        console.print(escape(text), highlight=False)


def reason_of(error: BaseException) -> str:
    """Why a sweep could not go on, for its record."""
    if isinstance(error, KeyboardInterrupt):
        return stopped_by(error)
    said = str(error) if isinstance(error, NnexpError) else f"{type(error).__name__}: {error}"
    return redact(said)[:5000]


def confirm_recorded(outbox: Outbox) -> None:
    """What has been trained must be in the store, or wait for one that does not answer.

    Raises:
        NotRecorded: the store will never take some of it, or has not kept what it took.
    """
    if outbox.refused:
        raise NotRecorded(
            f"the tracking store refused {len(outbox.refused)} deliveries ({outbox.refusal}); they "
            f"are kept in {outbox.refused[0].parent}: python -m nnexp doctor sends them once the "
            "store takes them"
        )
    if outbox.lost:
        raise NotRecorded(
            f"{len(outbox.kept)} deliveries are not recorded: the tracking store answers, but "
            f"{next(iter(outbox.lost.values()))}; they are kept in {outbox.store.folder} and sent "
            "again at the next start"
        )


def _unique(marks: Sequence[str]) -> list[int]:
    """Positions of the first of each fingerprint."""
    seen: dict[str, int] = {}
    for k, mark in enumerate(marks):
        seen.setdefault(mark, k)
    return list(seen.values())


def _recorded(sweep: Batch, only: str | None, *, retry_failed: bool) -> dict[str, Recorded]:
    """What is recorded of a sweep already; with `only`, under that parent alone."""
    everything = recorded_runs(sweep.store, sweep.experiment, only)
    found = {mark: everything[mark] for mark in sweep.marks if mark in everything}
    if retry_failed:
        found = {mark: run for mark, run in found.items() if run.status == "FINISHED"}
    return found


def _reused(sweep: Batch, parent: str) -> int:
    """How many finished runs were recorded outside this sweep."""
    found = sweep.found.values()
    return sum(run.sweep != parent and run.status == "FINISHED" for run in found)


def _failed(sweep: Batch) -> dict[str, str]:
    """The failed runs of this sweep that are about to be trained again."""
    everything = recorded_runs(sweep.store, sweep.experiment)
    return {
        mark: everything[mark].run_id
        for mark in sweep.marks
        if mark in everything and everything[mark].status == "FAILED"
    }


def _forget(sweep: Batch) -> None:
    """Remove checkpoints of recorded runs: a process killed right after recording leaves one."""
    names = {path.name for path in sweep.store.folder.glob(f"*{SUFFIX}*")}
    for mark in sweep.found if names else ():
        checkpoint_of(sweep.store, sweep.experiment, mark, swept=True).remove()
