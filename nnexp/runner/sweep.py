"""A sweep: checked as a whole, trained run by run over processes, recorded under one parent.

What is recorded already is not trained again, so the same command goes on where it was stopped.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from nnexp.config.compose import config_dir
from nnexp.config.extensions import digests_of, options_of
from nnexp.config.presets import preset_sha256
from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.errors import NnexpError, UserError
from nnexp.record.checkpoint import SUFFIX
from nnexp.record.fingerprint import fingerprint
from nnexp.record.labels import NOTE, described, label_tags
from nnexp.record.left_logs import finished_logs
from nnexp.record.outbox import Outbox
from nnexp.record.projection import Projection
from nnexp.record.sqlite_commits import quick_commits
from nnexp.record.store import experiment_id, open_store
from nnexp.record.sweep import (
    Recorded,
    find_parent,
    open_parent,
    recorded_runs,
    remove_partial,
    supersede,
    sweep_key,
)
from nnexp.record.sweep_configs import note_asked
from nnexp.redact import redact
from nnexp.runner.checkpoints import checkpoint_of
from nnexp.runner.executors import check_executor
from nnexp.runner.run import tidy, warn_of_changes
from nnexp.runner.stopwatch import Stopwatch
from nnexp.runner.sweep_ending import confirm_recorded, end_parent, killed_if_stopped, say_kept
from nnexp.runner.sweep_state import SweepState
from nnexp.runner.sweep_text import (
    announce,
    conclude,
    interrupted,
    result_note,
    show_plan,
    sweep_name,
)
from nnexp.runner.sweep_training import summarize, train_shared
from nnexp.runner.training_lock import alone
from nnexp.signals import held_stops
from nnexp.source import source_sha256
from nnexp.train.engines import check_engine, compile_ahead
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
    sweep = _planned(configs, command)
    store, first = sweep.store, sweep.configs[0]
    key = series.key if series else sweep_key(first.tracking.experiment, sweep.marks)
    if recorded_key not in (None, key):
        raise SweepChanged
    with alone(store, f"sweep-{key[:16]}", "this sweep", console):
        tidy(store, sweep.experiment, console)
        reuse = first.tracking.reuse
        before = find_parent(store, sweep.experiment, key, ended=reuse or series is not None)
        sweep.parent = before or ""
        only = None if reuse else sweep.parent
        sweep.found = _recorded(sweep, only, retry_failed=retry_failed)
        _begin(sweep, key, console, quiet=series is not None)
        if first.sweep.dry_run:
            show_plan(sweep, console)
            return SweepResult("", [], [])
        outbox = Outbox(store)
        again = _failed(sweep) if retry_failed else {}
        line = _line([*command, *options_of(*sweep.configs)])
        look = partial(_recorded, sweep, None, retry_failed=retry_failed) if reuse else dict
        tell_how = partial(interrupted, sweep, console)
        opened: list[Projection] = []
        with killed_if_stopped("sweep", lambda: opened[0] if opened else None, outbox, tell_how):
            opened.append(_open(sweep, key, command, series, outbox))
            _train(sweep, outbox, console, look)
            if series is None and (said := summarize(sweep, outbox)):
                console.print(said, highlight=False)
        note = f"`{line}`" if series else result_note(sweep, line)
        failed = _end(sweep, opened[0], again, note, outbox)
    say_kept(outbox, console)
    if series is None:
        conclude(sweep, line, console, watch.seconds)
    result = SweepResult(sweep.parent, sweep.configs, sweep.recorded)
    if failed:
        told = f"{failed} of {len(sweep.configs)} runs failed; sweep {sweep.parent}"
        raise SweepFailed(told, result)
    confirm_recorded(outbox)
    return result


def _planned(configs: Sequence[Config], command: Sequence[str]) -> SweepState:
    """The runs of a sweep, each once, checked; and the store that they are recorded in.

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
    marks = [fingerprint(c, d) for c, d in zip(configs, datasets, strict=True)]
    if len({(c.tracking.uri, c.tracking.experiment) for c in configs}) > 1:
        raise UserError("tracking.*: allowed: one store and one experiment per sweep")
    check_executor(first.sweep)
    store = open_store(first.tracking.uri)
    experiment = experiment_id(store, first.tracking.experiment)
    return SweepState.of(configs, datasets, marks, store, experiment)


def _begin(sweep: SweepState, key: str, console: Console, *, quiet: bool) -> None:
    """Say what is asked for, and what is recorded of it already."""
    LOGGER.debug("sweep %s, store %s, source %s", key, sweep.store.shown, source_sha256())
    if not quiet:
        announce(sweep, console)
    finished = [
        run.run_id
        for run in sweep.found.values()
        if run.status == "FINISHED" and not sweep.waits(run)
    ]
    warn_of_changes(sweep.store, finished, console)


def _line(command: Sequence[str]) -> str:
    """The command as it is recorded: it may hold a password.

    The address goes without saying where it is recorded.
    """
    typed = [argument for argument in command if not argument.startswith("tracking.uri=")]
    return redact("python -m nnexp " + shlex.join(typed))


def _open(
    sweep: SweepState, key: str, command: Sequence[str], series: Series | None, outbox: Outbox
) -> Projection:
    """Open the parent run, or go on with it; what an earlier start left half done is removed."""
    tags = {
        **label_tags(sweep.configs[0]),
        "nnexp.command": _line([*command, *options_of(*sweep.configs)]),
        "nnexp.source": source_sha256(),
        "nnexp.total": str(len(sweep.configs) + (series.before if series else 0)),
    }
    if own := digests_of(*sweep.configs):
        tags["nnexp.parts"] = own
    if preset := preset_sha256(command, config_dir()):
        tags["nnexp.preset"] = preset
    name = series.name if series else _name(sweep)
    with held_stops():
        parent = open_parent(
            sweep.store,
            sweep.experiment,
            sweep.configs[0].tracking.experiment,
            key,
            name,
            tags,
            sweep.parent or None,
        )
        sweep.parent = parent.run_id
        outbox.tell(sweep.parent, {"nnexp.reused": str(_reused(sweep))})
        _note_asked(sweep, outbox)
    remove_partial(sweep.store, sweep.experiment, sweep.parent)
    _forget(sweep)
    return parent


def _train(
    sweep: SweepState, outbox: Outbox, console: Console, look: Callable[[], Mapping[str, Recorded]]
) -> None:
    missing = [sweep.configs[k] for k in sweep.missing]
    compile_ahead(missing, lambda text: console.print(text, highlight=False))
    with quick_commits(sweep.store):
        train_shared(sweep, outbox, console, look)


def _end(
    sweep: SweepState, parent: Projection, again: Mapping[str, str], note: str, outbox: Outbox
) -> int:
    """Close the parent run; how many runs failed. `again` are those that were trained again."""
    failed = sum(run.status != "FINISHED" for run in sweep.found.values())
    with held_stops():
        for mark, run_id in again.items():
            if sweep.found[mark].run_id != run_id:
                supersede(sweep.store, outbox, run_id)
        first, before = sweep.configs[0], _note_before(sweep, outbox)
        tags = {"nnexp.reused": str(_reused(sweep)), **described(first, note, before)}
        end_parent(parent, outbox, "FAILED" if failed else "FINISHED", tags)
    return failed


def _note_before(sweep: SweepState, outbox: Outbox) -> str:
    """The user's note on a sweep that was recorded before; none while the store is away."""
    if outbox.trouble:
        return ""
    # Whatever the store's client raises: the sweep ends all the same.
    with suppress(Exception):
        return str(sweep.store.client.get_run(sweep.parent).data.tags.get(NOTE, ""))
    return ""


def _name(sweep: SweepState) -> str:
    given = sweep.configs[0].tracking.name
    return redact(given) if given else sweep_name(sweep.configs)


def _note_asked(sweep: SweepState, outbox: Outbox) -> None:
    """Keep the list of what was asked for; the same command makes it again, if it gets lost."""
    if outbox.trouble:
        return
    names = dict(zip(sweep.marks, sweep.names, strict=True))
    configs = dict(zip(sweep.marks, sweep.configs, strict=True))
    # Whatever the store's client raises (HTTP, database, MLflow): the sweep goes on.
    with suppress(Exception):
        note_asked(sweep.store, sweep.parent, names, configs)


def _recorded(sweep: SweepState, only: str | None, *, retry_failed: bool) -> dict[str, Recorded]:
    """What is recorded of a sweep already; with `only`, under that parent alone."""
    # Looked at first: what arrives meanwhile is found in the store.
    waiting = finished_logs(sweep.store, sweep.experiment) if only is None else {}
    everything = recorded_runs(sweep.store, sweep.experiment, only, sweep.marks)
    for mark, log in waiting.items():
        if mark not in everything or everything[mark].status != "FINISHED":
            parent, metrics = log.logged.tags.get("nnexp.sweep", ""), log.logged.final
            everything[mark] = Recorded(log.key, "FINISHED", parent, metrics, "")
    found = {mark: everything[mark] for mark in sweep.marks if mark in everything}
    if retry_failed:
        found = {mark: run for mark, run in found.items() if run.status == "FINISHED"}
    return found


def _reused(sweep: SweepState) -> int:
    """How many finished runs were recorded outside this sweep."""
    found = sweep.found.values()
    return sum(run.sweep != sweep.parent and run.status == "FINISHED" for run in found)


def _failed(sweep: SweepState) -> dict[str, str]:
    """The failed runs of this sweep that are about to be trained again."""
    everything = recorded_runs(sweep.store, sweep.experiment, None, sweep.marks)
    return {
        mark: everything[mark].run_id
        for mark in sweep.marks
        if mark in everything and everything[mark].status == "FAILED"
    }


def _forget(sweep: SweepState) -> None:
    """Remove checkpoints of recorded runs: a process killed right after recording leaves one."""
    names = {path.name for path in sweep.store.folder.glob(f"*{SUFFIX}*")}
    for mark in sweep.found if names else ():
        checkpoint_of(sweep.store, sweep.experiment, mark, swept=True).remove()
