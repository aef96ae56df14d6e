"""`python -m nnexp sweeps`: recorded sweeps, what is done, and how to go on with each."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nnexp.cli import COMMANDS
from nnexp.cli.formats import TABLES, add_format, print_csv, print_json
from nnexp.cli.options import Parser
from nnexp.config.arguments import without_retired
from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.extension_files import check_loaded, split_off
from nnexp.output import unfailing_output
from nnexp.record.clock import shown_time
from nnexp.record.labels import NOTE, own_tags
from nnexp.record.store import Store, open_store
from nnexp.record.sweep import runs_where, tags_where
from nnexp.record.sweep_configs import ASKED, asked_configs
from nnexp.record.tags import number
from nnexp.runner.run_text import option_of
from nnexp.source import source_sha256
from nnexp.study.lookup import DELETED, all_experiments, artifact, is_deleted_sweep, made_again
from nnexp.study.sweep_runs import asked_for, in_rounds
from nnexp.terminal import new_console, plain_table, safe

if TYPE_CHECKING:
    from mlflow.entities import Run

_MARKED = ("nnexp.fingerprint", "nnexp.sweep")


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
    add_format(parser, TABLES)
    options = parser.parse_args(arguments)
    if options.go_on and options.format != "table":
        raise UserError(f"--format {options.format}: allowed without --go-on")
    if options.retry and options.go_on is None:
        raise UserError("--retry failed: allowed with --go-on ID")
    if options.go_on == "":
        raise UserError("--go-on '': allowed: the id of a sweep; python -m nnexp sweeps lists them")
    store = open_store(options.tracking_uri, reading=not options.go_on)
    if options.go_on:
        return _go_on(store, options.go_on, retry_failed=options.retry is not None)
    rows, commands = _listed(store)
    if options.format == "json":
        print_json(rows)
    elif options.format == "csv":
        print_csv(rows)
    else:
        _show(rows, commands)
    return 0


def _listed(store: Store) -> tuple[list[dict[str, Any]], list[str]]:
    """What is known of each sweep, and the commands that go on with those that are not done."""
    names = all_experiments(store)
    counts = _counts(store, list(names))

    @cache
    def finished(experiment: str) -> dict[str, set[str]]:
        """The sweeps that have recorded each fingerprint, "" for a run of none."""
        where = "tags.`nnexp.kind` = 'run' and attributes.status = 'FINISHED'"
        found: dict[str, set[str]] = {}
        for (mark, sweep), _ in tags_where(store, [experiment], where, *_MARKED):
            found.setdefault(mark or "", set()).add(sweep or "")
        return found

    rows: list[dict[str, Any]] = []
    commands = []
    option = option_of(store)
    for parent in runs_where(store, list(names), "tags.`nnexp.kind` = 'sweep'"):
        run_id, tags = str(parent.info.run_id), parent.data.tags
        total, count = number(tags, "nnexp.total"), counts.get(run_id, Counter())
        done = count["FINISHED"] + _reused(store, parent, finished)
        failed = count["FAILED"]
        missing = max(total - done - failed, 0)
        started = shown_time(parent.info.start_time)
        varied = str(parent.info.run_name).partition(": ")[2]
        row = {
            "sweep": run_id,
            "experiment": names[str(parent.info.experiment_id)],
            "started": started,
            "varied": varied,
        }
        rows.append({**row, "runs": total, "done": done, "failed": failed, "missing": missing})
        go_on = f"python -m nnexp sweeps --go-on {run_id[:8]}"
        if missing:
            commands.append(f"{go_on}{option}")
        # Of a search or comparison `--go-on` refuses to train failed runs again.
        if failed and not _trained_by(_recorded_words(tags)):
            commands.append(f"{go_on} --retry failed{option}")
    return rows, commands


def _reused(store: Store, parent: Run, finished: Callable[[str], Mapping[str, Set[str]]]) -> int:
    """How many runs of others count as done: what was recorded before, as far as it is there."""
    noted = number(parent.data.tags, "nnexp.reused")
    if not noted or in_rounds(parent):
        return noted
    recorded, own = finished(str(parent.info.experiment_id)), str(parent.info.run_id)
    try:
        there = [recorded.get(mark, set()) for mark in asked_for(store, parent)]
    except UserError:
        return noted  # Its list of what it was asked for is damaged: `--go-on` says so.
    return sum(bool(sweeps) and own not in sweeps for sweeps in there)


def _counts(store: Store, experiments: Sequence[str]) -> dict[str, Counter[str]]:
    """How many runs of each sweep have which status: of a run that is there twice, the best."""
    # Runs of no sweep, which may be many, are not asked for.
    where = "tags.`nnexp.kind` = 'run' and tags.`nnexp.sweep` LIKE '%'"
    found: dict[str, dict[str | None, str]] = {}
    for (mark, sweep), status in tags_where(store, experiments, where, *_MARKED):
        # One that was restored after another had taken its place is no further run.
        if sweep and found.setdefault(sweep, {}).get(mark) != "FINISHED":
            found[sweep][mark] = status
    return {sweep: Counter(by_mark.values()) for sweep, by_mark in found.items()}


def _show(rows: Sequence[Mapping[str, Any]], commands: Sequence[str]) -> None:
    console = new_console()
    if not rows:
        console.say("no sweeps are recorded here; python -m nnexp -m seed=0,1 makes one")
        return
    table = plain_table()
    for key in rows[0]:
        left = key in ("sweep", "experiment", "started", "varied")
        title = "started (UTC)" if key == "started" else key
        table.add_column(title, justify="left" if left else "right")
    for row in rows:
        table.add_row(*(safe(str(cell)) for cell in [row["sweep"][:8], *list(row.values())[1:]]))
    console.print(table)
    if commands:
        console.say("", "to go on:", *commands)


def _recorded_words(tags: Mapping[str, str]) -> list[str]:
    """The recorded command as it is typed, but for `python -m nnexp`; of a damaged one none."""
    with suppress(ValueError):
        return _words(tags)
    return []


def _words(tags: Mapping[str, str]) -> list[str]:
    """As `_recorded_words`; raises ValueError. A user's own files are not loaded by a record."""
    words = without_retired(shlex.split(tags.get("nnexp.command", "")))[3:]
    return split_off(words)[1]


def _trained_by(words: Sequence[str]) -> str:
    """The command that trained the runs beside `sweeps`, or ""."""
    return words[0] if words and words[0] in ("compare", "search") else ""


def _go_on(store: Store, prefix: str, *, retry_failed: bool) -> int:
    """Train what is missing of a recorded sweep: of its recorded configs, not of its command.

    A sweep of an earlier version has recorded no configs: its command is taken if it still asks for
    the same runs.
    """
    from nnexp.runner.sweep import SweepChanged, run_sweep

    parent, experiment = _parent(store, prefix)
    tags, run_id = parent.data.tags, str(parent.info.run_id)
    key = tags.get("nnexp.sweep_key", "")
    try:
        words = _words(tags)
    except ValueError as error:
        raise UserError(f"--go-on {prefix}: its recorded command is damaged ({error})") from error
    check_loaded(run_id, tags)
    if by := _trained_by(words):
        if retry_failed:
            raise UserError(f"--retry failed: {prefix} was trained by {by}; allowed: sweeps")
        return COMMANDS[by]([*words[1:], "--tracking-uri", store.uri])
    with TemporaryDirectory() as folder:
        path = artifact(store, parent, ASKED, folder)
        configs = asked_configs(path) if path else []
    try:
        if not configs:
            from nnexp.hydra_app import run

            there = f"tracking.uri={store.uri}"
            return run([*words, there], retry_failed=retry_failed, recorded_key=key)
        given = _tracking(parent, experiment, store)
        asked = [replace(c, tracking=replace(c.tracking, **given)) for c in configs]
        with unfailing_output(drop=True):
            run_sweep(asked, words, new_console(), retry_failed=retry_failed, recorded_key=key)
    except SweepChanged as error:
        raise UserError(_changed(store, parent, prefix, configs)) from error
    return 0


def _parent(store: Store, prefix: str) -> tuple[Run, str]:
    """The sweep with an id that begins so, and the name of its experiment."""
    names = all_experiments(store)
    parents = runs_where(store, list(names), "tags.`nnexp.kind` = 'sweep'")
    found = [p for p in parents if str(p.info.run_id).startswith(prefix.lower())]
    again = [] if found else made_again(store, prefix, deleted=False)
    found = found or [p for p in again if p.data.tags.get("nnexp.kind") == "sweep"]
    if len(found) != 1:
        if not found and is_deleted_sweep(store, list(names), prefix):
            raise UserError(f"--go-on {prefix}: {DELETED}")
        how = "no recorded sweep" if not found else f"{len(found)} recorded sweeps"
        raise UserError(
            f"--go-on {prefix}: {how} with such an id; python -m nnexp sweeps lists them"
        )
    return found[0], names[str(found[0].info.experiment_id)]


def _tracking(parent: Run, experiment: str, store: Store) -> dict[str, Any]:
    """Where the rest of a sweep is recorded, and under which labels: those of its parent now."""
    tags, name = parent.data.tags, str(parent.info.run_name)
    return {
        "uri": store.uri,
        "experiment": experiment,
        "name": None if name.startswith("sweep of ") else name,
        "note": tags.get(NOTE),
        "tags": own_tags(tags),
    }


def _changed(store: Store, parent: Run, prefix: str, configs: Sequence[Config]) -> str:
    """Why what would be trained now is another sweep than the recorded one."""
    where = f"tags.`nnexp.sweep` = '{parent.info.run_id}'"
    runs = runs_where(store, [str(parent.info.experiment_id)], where)
    member = next(runs, None)
    source = (member or parent).data.tags.get("nnexp.source", source_sha256())
    if source != source_sha256():
        what = f"the numeric source has changed since (nnexp.source was {source[:12]})"
    elif configs:
        what = "its data, or what computes with train.engine=numpy, are not what they were"
    else:
        what = "its command asks for other runs than it did: a preset or a default has changed"
    command = parent.data.tags.get("nnexp.command", "")
    with suppress(ValueError):  # As this version would take it.
        command = shlex.join(without_retired(shlex.split(command)))
    return f"--go-on {prefix}: {what}; nothing was trained; a new sweep of it all: {command}"
