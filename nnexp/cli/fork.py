"""`python -m nnexp fork RUN_ID --at EPOCH key=value …`: a recorded run, gone another way."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nnexp.cli.formats import add_format, done, said_beside
from nnexp.cli.options import Parser
from nnexp.config.check_arguments import check_arguments, check_one_preset
from nnexp.config.compose import schema_keys
from nnexp.config.plurals import some
from nnexp.extension_files import options as parts_options
from nnexp.record.check_seals import warnings_of
from nnexp.record.store import Store, open_store
from nnexp.record.store_sql import final_values
from nnexp.runner.run import tidy
from nnexp.runner.run_progress import RunProgress, header
from nnexp.runner.run_text import option_of, place_line, result_table, summary_lines
from nnexp.study.fork import Plan, find_fork, plan_fork, train_fork
from nnexp.study.lookup import find_run
from nnexp.terminal import Console, new_console
from nnexp.train.engines import compile_ahead

if TYPE_CHECKING:
    from mlflow.entities import Run


def main(arguments: Sequence[str]) -> int:
    """Repeat a run to an epoch, checking it against its record, then go on with changed keys."""
    parser = Parser(
        "fork",
        "Repeat a recorded run up to an epoch, bit for bit as it was recorded, and go on from "
        "there with changed keys: what if regularization had begun here? Recorded as a child of "
        "the run, of kind fork: compare and runs know whole runs only, report draws it against "
        "its run.",
        "python -m nnexp fork 3f2a91c0 --at 15 reg=l2",
    )
    parser.add_argument("run_id", metavar="RUN_ID", help="a run id, or its beginning")
    parser.add_argument(
        "--at", type=int, required=True, metavar="EPOCH", help="completed epochs before the change"
    )
    parser.add_argument("overrides", nargs="+", metavar="key=value", help="what changes")
    add_format(parser)
    options = parser.parse_intermixed_args(arguments)
    check_arguments(options.overrides, schema_keys(), [])
    check_one_preset(options.overrides)
    with said_beside(options.format):
        run_id = _fork(options)
    return done(options.format, runs=[run_id])


def _fork(options: argparse.Namespace) -> str:
    """The run that goes another way, as it was recorded or trained now: its id."""
    store, console = open_store(options.tracking_uri), new_console()
    parent = find_run(store, options.run_id)
    words = [str(parent.info.run_id), "--at", str(options.at), *options.overrides, *parts_options()]
    typed = shlex.join(["python", "-m", "nnexp", "fork", *words])
    plan = plan_fork(store, parent, options.at, options.overrides, typed)
    console.say(*(f"warning: {line}" for line in warnings_of(store, [str(parent.info.run_id)])))
    # This very fork may have been trained, and wait for the store.
    tidy(store, str(parent.info.experiment_id), console)
    if (found := find_fork(store, plan)) is not None:
        final = final_values(store, str(found.info.run_id), found.data.metrics)
        _say(store, plan, str(found.info.run_id), final, console)
        console.say("recorded before; nothing was trained")
        return str(found.info.run_id)
    console.say(*header(plan.config, plan.dataset))
    console.say(f"  run {plan.parent.info.run_id[:8]} to epoch {plan.at}, then {plan.what}")
    compile_ahead([plan.config], console.say)
    forked = train_fork(store, plan, RunProgress(console))
    _say(store, plan, forked.run_id, forked.metrics, console, waits=bool(forked.unsent))
    values = some(forked.compared, "value")
    console.say(f"repeated to epoch {plan.at}: {values}, all as recorded")
    if forked.unsent:
        console.say(forked.unsent)
    return forked.run_id


def _say(
    store: Store,
    plan: Plan,
    run_id: str,
    final: Mapping[str, float],
    console: Console,
    *,
    waits: bool = False,
) -> None:
    place = f"{store.shown}, under run {plan.parent.info.run_id[:8]}"
    console.print()
    console.print(result_table(final))
    console.say(
        *summary_lines(final),
        *_against(plan.parent, final),
        "",
        f"fork       {run_id}, kind fork: no row of runs and compare; report draws it",
        place_line("fork", place, int(waits)),
        f"look       python -m nnexp show {run_id[:8]}{option_of(store)}",
        f"repeat     {plan.command}",
    )


def _against(parent: Run, final: Mapping[str, float]) -> Iterator[str]:
    """The fork beside its parent, by test accuracy."""
    name = "best/test_accuracy" if "best/test_accuracy" in final else "test/accuracy"
    before, now = parent.data.metrics.get(name), final.get(name)
    if before is not None and now is not None:
        yield (
            f"test accuracy {now:.2%}, of the run it comes from {before:.2%}: "
            f"{100 * (now - before):+.2f} points"
        )
