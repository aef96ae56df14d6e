"""A sweep: checked as a whole, trained in stacks over processes, recorded under one parent.

What is recorded already is not trained again, so the same command goes on where it was stopped.
"""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from filelock import FileLock, Timeout
from rich.console import Console
from rich.markup import escape

from nnexp.config.command import run_name
from nnexp.config.compose import flatten
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, load_dataset
from nnexp.errors import NnexpError, UserError
from nnexp.record.clock import now
from nnexp.record.delivery import Delivery, Outbox
from nnexp.record.environment import cores
from nnexp.record.fingerprint import fingerprint
from nnexp.record.store import Store, experiment_id, is_from_store, open_store
from nnexp.record.summary import record_summaries, settings_over_seeds
from nnexp.record.sweep import (
    Ended,
    Recorded,
    delivery_of,
    open_parent,
    recorded_runs,
    remove_partial,
    sweep_key,
)
from nnexp.redact import redact
from nnexp.signals import held_stops
from nnexp.sweep.board import Board, results, results_table, telling_keys
from nnexp.sweep.grouping import StackPlan, stacks, work
from nnexp.sweep.pool import Pool
from nnexp.sweep.screen import Stopwatch, recorded_lines
from nnexp.sweep.single import tidy
from nnexp.sweep.worker import Broken, Finished, Progress, Stuck, Task
from nnexp.train.plan import check_data, shape_of

LIGHT_FROM = 20
"""Sweeps of more runs than this leave figures and models to be made on demand."""


HEARTBEAT_SECONDS = 60.0

NOTED_ROWS = 50
"""Settings in the description of a sweep; the whole table is on the screen and in `compare`."""


class SweepStopped(NnexpError):
    """A sweep that cannot go on here, such as for want of space; what has ended is recorded."""


@dataclass(frozen=True)
class SweepResult:
    """A recorded sweep: the parent's run id, and of each run its config and what is recorded."""

    sweep_id: str
    configs: list[Config]
    runs: list[Recorded]


class SweepFailed(NnexpError):
    """Some runs of a sweep failed; they are recorded as FAILED, the others are finished."""

    def __init__(self, message: str, result: SweepResult) -> None:
        super().__init__(message)
        self.result = result


@dataclass
class _Sweep:
    configs: list[Config]
    datasets: list[Dataset]
    marks: list[str]
    store: Store
    experiment: str
    found: dict[str, Recorded]

    @property
    def missing(self) -> list[int]:
        """Positions of the runs that are still to be trained."""
        return [k for k, mark in enumerate(self.marks) if mark not in self.found]


def run_sweep(
    configs: Sequence[Config],
    command: Sequence[str],
    console: Console,
    *,
    retry_failed: bool = False,
) -> SweepResult:
    """Train every config that is not recorded yet, and show what came out.

    Raises:
        UserError: the request cannot be carried out; nothing was recorded.
        SweepFailed: some runs failed; all others are recorded.
    """
    watch = Stopwatch()
    first = configs[0]
    datasets = [load_dataset(config.data) for config in configs]
    for config, dataset in zip(configs, datasets, strict=True):
        check_data(config, dataset)
    unique = _unique(configs, [fingerprint(c, d) for c, d in zip(configs, datasets, strict=True)])
    if len({(c.tracking.uri, c.tracking.experiment) for c in configs}) > 1:
        raise UserError("tracking.*: allowed: one store and one experiment per sweep")
    store = open_store(first.tracking.uri)
    experiment = experiment_id(store, first.tracking.experiment)
    chosen = [configs[k] for k in unique]
    data = [datasets[k] for k in unique]
    marks = [fingerprint(c, d) for c, d in zip(chosen, data, strict=True)]
    sweep = _Sweep(chosen, data, marks, store, experiment, {})
    key = sweep_key(first.tracking.experiment, marks)
    with _alone(store, key, console):
        tidy(store, experiment, console)
        sweep.found = _recorded(sweep, retry_failed=retry_failed)
        plans = _plans(sweep)
        _announce(sweep, plans, console)
        if first.sweep.dry_run:
            _list(sweep, plans, console)
            return SweepResult("", [], [])
        # The address goes without saying where it is recorded, and may hold a password.
        typed = [argument for argument in command if not argument.startswith("tracking.uri=")]
        line = redact("python -m nnexp " + shlex.join(typed))
        tags = {"nnexp.command": line, "nnexp.total": str(len(chosen))}
        outbox = Outbox(store)
        before = _failed(sweep) if retry_failed else {}
        with held_stops():
            parent = open_parent(store, experiment, key, _name(chosen), tags)
        try:
            remove_partial(store, experiment, parent)
            _train(sweep, plans, parent, outbox, console)
            _summarize(sweep, parent, outbox)
        except BaseException as error:
            with held_stops(forget=True), suppress(OSError):
                outbox.send(Delivery(parent, "KILLED", now(), (), {}))
            if isinstance(error, OSError):
                # The disk is full, or the folder has gone: what has ended is recorded.
                raise SweepStopped(
                    f"sweep {parent} cannot go on: {error}; the same command goes on with it"
                ) from error
            raise
        failed = [r for r in sweep.found.values() if r.status != "FINISHED"]
        reused = sum(run.sweep != parent for run in sweep.found.values())
        status = "FAILED" if failed else "FINISHED"
        with held_stops():
            for mark, run_id in before.items():
                if sweep.found[mark].run_id != run_id:
                    # It stays in the store, but is no longer counted among the runs.
                    outbox.send(Delivery(run_id, "", now(), (), {"nnexp.kind": "superseded"}))
            tags = {"nnexp.reused": str(reused), "mlflow.note.content": _note(sweep, line)}
            outbox.send(Delivery(parent, status, now(), (), tags))
    if outbox.kept:
        text = (
            f"the tracking store does not answer ({outbox.trouble}); nothing is lost: "
            f"{len(outbox.kept)} deliveries are kept in {store.folder} and sent at the next start"
        )
        console.print(escape(text), highlight=False)
    _conclude(sweep, parent, line, console, watch.seconds)
    result = SweepResult(parent, chosen, [sweep.found[mark] for mark in marks])
    if failed:
        raise SweepFailed(f"{len(failed)} of {len(chosen)} runs failed; sweep {parent}", result)
    return result


def _unique(configs: Sequence[Config], marks: Sequence[str]) -> list[int]:
    """Positions of the configs without repetitions of the same run."""
    seen: dict[str, int] = {}
    for k, mark in enumerate(marks):
        seen.setdefault(mark, k)
    return list(seen.values())


@contextmanager
def _alone(store: Store, key: str, console: Console) -> Iterator[None]:
    """Hold a lock on this sweep: a second process asked for the same one waits, and says so."""
    store.folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(store.folder / f"sweep-{key[:16]}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.print("another process is training this sweep; waiting for it to end")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _recorded(sweep: _Sweep, *, retry_failed: bool) -> dict[str, Recorded]:
    if not sweep.configs[0].tracking.reuse:
        return {}
    everything = recorded_runs(sweep.store, sweep.experiment)
    found = {mark: everything[mark] for mark in sweep.marks if mark in everything}
    if retry_failed:
        found = {mark: run for mark, run in found.items() if run.status == "FINISHED"}
    return found


def _failed(sweep: _Sweep) -> dict[str, str]:
    """The failed runs of this sweep that are about to be trained again."""
    everything = recorded_runs(sweep.store, sweep.experiment)
    return {
        mark: everything[mark].run_id
        for mark in sweep.marks
        if mark in everything and everything[mark].status == "FAILED"
    }


def _plans(sweep: _Sweep) -> list[StackPlan]:
    missing = sweep.missing
    if not missing:
        return []
    settings = sweep.configs[0].sweep
    configs = [sweep.configs[k] for k in missing]
    data = [sweep.datasets[k] for k in missing]
    plans = stacks(configs, data, fuse=settings.fuse, workers=settings.workers or cores())
    return [StackPlan(tuple(missing[k] for k in plan.runs), plan.cost) for plan in plans]


def _announce(sweep: _Sweep, plans: Sequence[StackPlan], console: Console) -> None:
    total, missing = len(sweep.configs), len(sweep.missing)
    workers = min(sweep.configs[0].sweep.workers or cores(), max(len(plans), 1))
    text = f"sweep of {total} runs"
    if missing < total:
        text += f": {total - missing} recorded already, {missing} to train"
    if missing:
        text += f", in {len(plans)} stacks over {workers} processes"
    console.print(text, highlight=False)


def _list(sweep: _Sweep, plans: Sequence[StackPlan], console: Console) -> None:
    """What `sweep.dry_run=true` shows instead of training."""
    where = {k: number for number, plan in enumerate(plans, 1) for k in plan.runs}
    for k, config in enumerate(sweep.configs):
        found = sweep.found.get(sweep.marks[k])
        state = f"recorded as {found.run_id[:8]}" if found else f"stack {where[k]}"
        console.print(escape(f"{run_name(config)}: {state}"), highlight=False)
    total = sum(plan.cost for plan in plans)
    # About 10 billion multiply-adds a second and core, measured; an order of magnitude only.
    workers = sweep.configs[0].sweep.workers or cores()
    seconds = total / 1e10 / max(1, min(workers, len(plans)))
    console.print(f"dry run: nothing was trained; estimated time about {seconds:.0f} s")


def _train(
    sweep: _Sweep, plans: Sequence[StackPlan], parent: str, outbox: Outbox, console: Console
) -> None:
    if not plans:
        return
    settings = sweep.configs[0].sweep
    level = sweep.configs[0].tracking.artifacts
    if level == "auto":
        level = "light" if len(sweep.configs) > LIGHT_FROM else "all"
    folder = sweep.store.folder / f"sweep-{parent}"
    tasks = [
        Task(plan.runs, tuple(sweep.configs[k] for k in plan.runs), level, folder) for plan in plans
    ]
    missing = [k for plan in plans for k in plan.runs]
    board = Board(
        len(sweep.configs),
        {k: work(sweep.configs[k], shape_of(sweep.configs[k], sweep.datasets[k])) for k in missing},
        {k: sweep.configs[k].train.epochs for k in missing},
        len(sweep.configs) - len(missing),
        console,
    )
    beat, complained = time.monotonic(), False
    messages = Pool(tasks, settings.workers or cores()).messages()
    try:
        with board:
            for message in messages:
                if time.monotonic() - beat > HEARTBEAT_SECONDS:
                    outbox.tell(parent, {"nnexp.heartbeat": str(now())})
                    beat = time.monotonic()
                if isinstance(message, Progress):
                    board.progress(message.epochs)
                elif isinstance(message, Finished):
                    _record(sweep, message.run, message.ended, parent, outbox, board)
                elif isinstance(message, Stuck):
                    raise OSError(message.reason)
                elif isinstance(message, Broken):
                    for k in message.runs:
                        nothing = Ended([], [], None, now(), None, message.reason)
                        _record(sweep, k, nothing, parent, outbox, board)
                _deliver(sweep, outbox)
                if complained != bool(outbox.kept):
                    complained = not complained
                    console.print(escape(_about_store(outbox)), highlight=False)
    finally:
        messages.close()
        shutil.rmtree(folder, ignore_errors=True)


def _deliver(sweep: _Sweep, outbox: Outbox, *, now: bool = False) -> None:
    """Send what is kept, and note the ids of the runs that have arrived."""
    if not outbox.kept:
        return
    with held_stops():
        arrived = outbox.again(now=now)
    for mark, run in sweep.found.items():
        if run.run_id in arrived:
            sweep.found[mark] = replace(run, run_id=arrived[run.run_id])


def _summarize(sweep: _Sweep, parent: str, outbox: Outbox) -> None:
    """Record the means over seeds; without the store, that is left to the next start."""
    _deliver(sweep, outbox, now=True)
    if outbox.kept:
        return
    recorded = [sweep.found[mark] for mark in sweep.marks]
    settings = settings_over_seeds(sweep.configs, recorded)
    try:
        record_summaries(sweep.store, sweep.experiment, parent, settings)
    except Exception as error:
        if not is_from_store(error):
            raise
        outbox.note(error)


def _about_store(outbox: Outbox) -> str:
    if outbox.kept:
        return (
            f"the tracking store does not answer ({outbox.trouble}): training goes on, what ends "
            "is kept"
        )
    return "the tracking store answers again: it has received what was kept"


def _record(sweep: _Sweep, k: int, ended: Ended, parent: str, outbox: Outbox, board: Board) -> None:
    config, dataset = sweep.configs[k], sweep.datasets[k]
    delivery = delivery_of(sweep.experiment, parent, config, dataset, ended)
    with held_stops():
        # Until it has arrived, a run is known by the key of its delivery.
        run_id = outbox.send(delivery, ended.folder) or delivery.key
    if ended.folder is not None:
        shutil.rmtree(ended.folder, ignore_errors=True)
    outcome = ended.outcome
    failure = ended.failure or (outcome.failure if outcome is not None else None) or ""
    last = ended.rows[-1] if ended.rows else {}
    metrics = {**last, **(outcome.metrics if outcome is not None else {})}
    status = "FAILED" if failure else "FINISHED"
    sweep.found[sweep.marks[k]] = Recorded(run_id, status, parent, metrics, failure)
    said = [
        f"{label} {metrics[name]:.2%}"
        for name, label in (("test/accuracy", "test"), ("gap/final", "gap"))
        if name in metrics
    ]
    cost = f"cost {metrics.get('train/cost', 0.0):.4g}"
    result = f"failed: {failure}" if failure else ", ".join(said) or cost
    board.ended(k, f"{run_name(config)}: {result}", failed=bool(failure))


def _name(configs: Sequence[Config]) -> str:
    """`sweep of 20 runs: size, seed`."""
    settings = [flatten(config) for config in configs]
    keys = [*telling_keys(settings), *(["seed"] if len({c.seed for c in configs}) > 1 else [])]
    return f"sweep of {len(configs)} runs" + (f": {', '.join(keys)}" if keys else "")


def _note(sweep: _Sweep, command: str) -> str:
    """The result as a table, shown as the description of the parent run in the MLflow UI."""
    found = [sweep.found[mark] for mark in sweep.marks]
    settings = [flatten(config) for config in sweep.configs]
    header, rows = results(settings, [r.metrics if r.status == "FINISHED" else None for r in found])
    lines = [header, ["---"] * len(header), *rows]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines[:NOTED_ROWS])
    return f"`{command}`\n\n{table}\n\nmean ± standard deviation over the runs of a setting"


def _conclude(sweep: _Sweep, parent: str, command: str, console: Console, seconds: float) -> None:
    found = [sweep.found[mark] for mark in sweep.marks]
    settings = [flatten(config) for config in sweep.configs]
    table = results_table(settings, [r.metrics if r.status == "FINISHED" else None for r in found])
    console.print()
    console.print(table)
    console.print("mean ± standard deviation over the runs of a setting", highlight=False)
    failed = [(c, r) for c, r in zip(sweep.configs, found, strict=True) if r.status != "FINISHED"]
    for config, run in failed:
        text = f"failed: {run_name(config)} ({run.run_id[:8]}): {run.reason}"
        console.print(escape(text), highlight=False)
    elsewhere = sum(r.sweep != parent for r in found)
    if elsewhere:
        console.print(f"{elsewhere} runs were recorded before, outside this sweep, and are reused")
    console.print(f"{seconds:.1f} s in all", highlight=False)
    for line in recorded_lines(sweep.configs[0], sweep.store, "sweep", parent, command):
        console.print(escape(line), highlight=False, soft_wrap=True)
