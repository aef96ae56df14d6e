"""`python -m nnexp sweeps`: recorded sweeps, what is done, and how to go on with each."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from rich.table import Table

from nnexp.commands import COMMANDS
from nnexp.commands.options import Parser
from nnexp.config.arguments import RETIRED, without_retired
from nnexp.errors import UserError
from nnexp.record.clock import shown_time
from nnexp.record.store import Store, open_store, resolve_uri
from nnexp.record.sweep import runs_where
from nnexp.record.tags import number
from nnexp.study.lookup import all_experiments
from nnexp.terminal import console as new_console
from nnexp.terminal import safe


def main(arguments: Sequence[str]) -> int:
    """List sweeps, or go on with one."""
    parser = Parser(
        "sweeps",
        "List the recorded sweeps with done, failed and missing runs, and the command that goes "
        "on with each; or go on with one of them.",
        "python -m nnexp sweeps --go-on 3f2a91c0 --retry failed",
    )
    parser.add_argument("--go-on", metavar="ID", help="train what is missing in this sweep")
    parser.add_argument("--retry", choices=["failed"], help="with --go-on: train failed runs again")
    options = parser.parse_args(arguments)
    if options.retry and options.go_on is None:
        raise UserError("--retry failed: allowed with --go-on ID")
    if options.go_on == "":
        raise UserError("--go-on '': allowed: the id of a sweep; python -m nnexp sweeps lists them")
    store = open_store(options.tracking_uri, reading=not options.go_on)
    if options.go_on:
        return _go_on(store, options.go_on, retry_failed=options.retry is not None)
    _list(store)
    return 0


def _list(store: Store) -> None:
    names = all_experiments(store)
    counts: dict[str, Counter[str]] = {}
    for run in runs_where(store, list(names), "tags.`nnexp.kind` = 'run'"):
        sweep = run.data.tags.get("nnexp.sweep")
        if sweep:
            counts.setdefault(sweep, Counter())[str(run.info.status)] += 1
    console = new_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    words = ("sweep", "experiment", "started (UTC)", "varied")
    for title in (*words, "runs", "done", "failed", "missing"):
        table.add_column(title, justify="left" if title in words else "right")
    commands = []
    elsewhere = store.uri != resolve_uri(None)
    typed = f" tracking.uri={shlex.quote(store.shown)}" if elsewhere else ""
    option = f" --tracking-uri {shlex.quote(store.shown)}" if elsewhere else ""
    for parent in runs_where(store, list(names), "tags.`nnexp.kind` = 'sweep'"):
        run_id, tags = str(parent.info.run_id), parent.data.tags
        total, count = number(tags, "nnexp.total"), counts.get(run_id, Counter())
        # Runs that were recorded before in another sweep count as done.
        done = count["FINISHED"] + number(tags, "nnexp.reused")
        failed = count["FAILED"]
        missing = max(total - done - failed, 0)
        started = shown_time(parent.info.start_time)
        varied = str(parent.info.run_name).partition(": ")[2]
        words = (run_id[:8], names[parent.info.experiment_id], started, varied)
        cells = (*words, total, done, failed, missing)
        table.add_row(*(safe(str(cell)) for cell in cells))
        if missing:
            commands.append(f"{run_id[:8]}  {_command(tags)}{typed}")
        if failed:
            commands.append(
                f"{run_id[:8]}  python -m nnexp sweeps --go-on {run_id[:8]} --retry failed{option}"
            )
    if not table.row_count:
        console.print("no sweeps are recorded here; python -m nnexp -m seed=0,1 makes one")
        return
    console.print(table)
    if commands:
        console.print("\nto go on:")
        for command in commands:
            console.print(safe(command), highlight=False)


def _command(tags: Mapping[str, str]) -> str:
    """The recorded command, as this version would take it."""
    command = tags.get("nnexp.command", "")
    if not any(key in command for key in RETIRED):
        return command
    with suppress(ValueError):
        command = shlex.join(without_retired(shlex.split(command)))
    return command


def _go_on(store: Store, prefix: str, *, retry_failed: bool) -> int:
    from nnexp.hydra_app import run

    where = "tags.`nnexp.kind` = 'sweep'"
    parents = runs_where(store, list(all_experiments(store)), where)
    found = [p for p in parents if str(p.info.run_id).startswith(prefix)]
    if len(found) != 1:
        how = "no recorded sweep" if not found else f"{len(found)} recorded sweeps"
        raise UserError(
            f"--go-on {prefix}: {how} with such an id; python -m nnexp sweeps lists them"
        )
    try:
        command = without_retired(shlex.split(found[0].data.tags.get("nnexp.command", "")))[3:]
    except ValueError as error:
        raise UserError(f"--go-on {prefix}: its recorded command is damaged ({error})") from error
    if command and command[0] in ("compare", "search"):
        if retry_failed:
            raise UserError(
                f"--retry failed: {prefix} was trained by {command[0]}; allowed: sweeps"
            )
        return COMMANDS[command[0]]([*command[1:], "--tracking-uri", store.uri])
    return run([*command, f"tracking.uri={store.uri}"], retry_failed=retry_failed)
