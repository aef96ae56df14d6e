"""`python -m nnexp restore`: runs out of MLflow's bin."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.cli.formats import add_format, done, said_beside
from nnexp.cli.options import Parser
from nnexp.cli.run_options import add_choice, choice_of, said
from nnexp.errors import UserError
from nnexp.record.clock import shown_time
from nnexp.record.removal import restore
from nnexp.record.store import Store, open_store
from nnexp.study.lookup import all_experiments
from nnexp.study.selected_runs import chosen, deleted_runs
from nnexp.terminal import new_console, plain_table, safe


def main(arguments: Sequence[str]) -> int:
    """Restore deleted runs and sweeps, or list them."""
    parser = Parser(
        "restore",
        "Bring deleted runs back out of MLflow's bin, as they were; --list shows what lies there.",
        "python -m nnexp restore 3f2a91c0\n  python -m nnexp restore --sweep 7e817e52",
    )
    parser.add_argument(
        "run_ids",
        nargs="*",
        metavar="RUN_ID",
        help="a run id, or its beginning; of a sweep, its runs too",
    )
    add_choice(parser)
    parser.add_argument("--list", action="store_true", help="list the deleted runs")
    add_format(parser)
    options = parser.parse_intermixed_args(arguments)
    if options.list:
        if options.run_ids or options.sweep or options.where:
            raise UserError("--list: allowed by itself")
        store = open_store(options.tracking_uri, reading=True)
        with said_beside(options.format):
            _list(store)
        return done(options.format, runs=[str(run.info.run_id) for run in deleted_runs(store)])
    store = open_store(options.tracking_uri, trains=False)
    runs = chosen(store, choice_of(options, options.run_ids), deleted=True)
    for run in runs:
        restore(store, run.info.run_id)
    with said_beside(options.format):
        print(f"{said(runs)} restored")
    return done(options.format, runs=[str(run.info.run_id) for run in runs])


def _list(store: Store) -> None:
    console, names = new_console(), all_experiments(store)
    table = plain_table()
    for title in ("run", "experiment", "kind", "", "started (UTC)"):
        table.add_column(title)
    for run in deleted_runs(store):
        cells = (
            str(run.info.run_id)[:8],
            names[str(run.info.experiment_id)],
            run.data.tags.get("nnexp.kind", ""),
            str(run.info.run_name),
            shown_time(run.info.start_time),
        )
        table.add_row(*map(safe, cells))
    console.print(table if table.row_count else "no deleted runs")
