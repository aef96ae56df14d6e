"""What is said of a sweep: before it, at its end, and in its parent's description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nnexp.config.compose import flatten
from nnexp.config.plurals import some
from nnexp.config.schema import Config
from nnexp.config.varying_keys import columns_of, distinct_keys, short
from nnexp.record.environment import cores
from nnexp.redact import redact
from nnexp.runner.run_text import kept_labels, option_of, recorded_lines
from nnexp.runner.sweep_results import results, results_table
from nnexp.runner.sweep_state import SweepState
from nnexp.train.work import work

NOTED_ROWS = 50
"""Settings in the description of a sweep; the whole table is on the screen and in `compare`."""

PER_SECOND = 2e10
"""Multiply-adds a second and core, as `train.work` counts them; an order of magnitude only."""

NAMED = 20
"""Reused runs that are named one by one."""


def announce(sweep: SweepState) -> None:
    """How many runs there are, what is recorded of them, and how the rest is trained."""
    total, missing = len(sweep.configs), len(sweep.missing)
    text = f"sweep of {some(total, 'run')}"
    if missing < total:
        text += f": {total - missing} recorded already, {missing} to train"
    if missing:
        text += f", {_where(sweep)}"
    sweep.console.say(text)


def show_plan(sweep: SweepState) -> None:
    """What `sweep.dry_run=true` shows instead of training."""
    for name, mark in zip(sweep.names, sweep.marks, strict=True):
        found = sweep.found.get(mark)
        state = f"recorded as {found.run_id[:8]}" if found else "to be trained"
        sweep.console.say(f"{name}: {state}")
    total = sum(work(sweep.configs[k], sweep.datasets[k]) for k in sweep.missing)
    seconds = total / PER_SECOND / max(1, _workers(sweep))
    sweep.console.say(f"dry run: nothing was trained; estimated time about {seconds:.0f} s")


def _where(sweep: SweepState) -> str:
    settings = sweep.configs[0].sweep
    if settings.executor == "dask":
        address = settings.address
        return f"on the Dask cluster at {redact(address)}" if address else "on a local Dask cluster"
    count = _workers(sweep)
    return f"in {count} process{'es' if count > 1 else ''}"


def _workers(sweep: SweepState) -> int:
    """How many processes train what is missing."""
    return min(sweep.configs[0].sweep.workers or cores(), len(sweep.missing))


def sweep_name(configs: Sequence[Config]) -> str:
    """`sweep of 20 runs: size, seed`."""
    settings = [flatten(config) for config in configs]
    keys = [
        *map(short, distinct_keys(columns_of(settings))),
        *(["seed"] if len({c.seed for c in configs}) > 1 else []),
    ]
    return f"sweep of {some(len(configs), 'run')}" + (f": {', '.join(keys)}" if keys else "")


def result_note(sweep: SweepState) -> str:
    """The result as a table, shown as the description of the parent run in the MLflow UI."""
    found = sweep.recorded
    header, rows = results(
        sweep.settings, [r.metrics if r.status == "FINISHED" else None for r in found]
    )
    lines = [header, ["---"] * len(header), *rows]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines[:NOTED_ROWS])
    return f"`{sweep.line}`\n\n{table}\n\nmean ± standard deviation over the runs of a setting"


def interrupted(sweep: SweepState) -> None:
    """How to go on with a sweep that was stopped."""
    console, parent = sweep.console, sweep.parent
    total, missing = len(sweep.configs), len(sweep.missing)
    go_on = f"python -m nnexp sweeps --go-on {parent[:8]}{option_of(sweep.store)}"
    console.say(
        "",
        f"sweep {parent[:8]}: {total - missing} of {some(total, 'run')} are recorded",
        f"go on      {go_on}",
    )


def conclude(sweep: SweepState, seconds: float) -> None:
    """The table of results, what failed, what was reused, and how to look and to go on."""
    console, found, settings = sweep.console, sweep.recorded, sweep.settings
    done = [run.metrics if run.status == "FINISHED" else None for run in found]
    console.print()
    console.print(results_table(settings, done))
    if _seeds(sweep) > 1:
        console.say("mean ± standard deviation over the runs of a setting")
    for name, run in zip(sweep.names, found, strict=True):
        if run.status != "FINISHED":
            console.say(f"failed: {name} ({run.run_id[:8]}): {run.reason}")
    console.say(*_reused(sweep), *_kept_labels(sweep), f"{seconds:.1f} s in all")
    compared = _seeds(sweep) > 1 and bool(distinct_keys(columns_of(settings)))
    lines = recorded_lines(
        sweep.configs[0],
        sweep.store,
        "sweep",
        sweep.parent,
        sweep.line,
        compared=compared,
        waiting=len(sweep.outbox.waiting),
    )
    console.say(*lines)


def _kept_labels(sweep: SweepState) -> list[str]:
    """That reused runs keep their labels, where this sweep was asked for with others."""
    asked = sweep.configs[0].tracking
    ids = [run.run_id for run in sweep.recorded if run.sweep != sweep.parent]
    if not ids or not (asked.note or asked.tags):
        return []
    config = replace(sweep.configs[0], tracking=replace(asked, name=None))
    lines = kept_labels(
        config, sweep.store, {i: sweep.store.client.get_run(i).data.tags for i in ids[:NAMED]}
    )
    more = len(ids) - NAMED
    return [*lines, f"  and so for {some(more, 'run')} more"] if lines and more > 0 else lines


def _seeds(sweep: SweepState) -> int:
    return len({config.seed for config in sweep.configs})


def _reused(sweep: SweepState) -> list[str]:
    """Which runs were recorded before, outside this sweep."""
    pairs = zip(sweep.names, sweep.recorded, strict=True)
    names = [f"reused: {name} ({r.run_id[:8]})" for name, r in pairs if r.sweep != sweep.parent]
    more = len(names) - NAMED
    return names if more <= 0 else [*names[:NAMED], f"reused: {more} more, recorded before"]
