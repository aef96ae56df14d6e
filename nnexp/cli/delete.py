"""`python -m nnexp delete`: recorded runs into MLflow's bin, or removed for good."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nnexp.cli.formats import add_format, done, said_beside
from nnexp.cli.options import Parser
from nnexp.cli.run_options import add_choice, choice_of, said
from nnexp.errors import UserError
from nnexp.record.removal import check_removable, delete, remove_for_good
from nnexp.record.store import Store, open_store
from nnexp.runner.run_text import option_of
from nnexp.study.selected_runs import Choice, chosen, refuse_running
from nnexp.terminal import new_console

if TYPE_CHECKING:
    from mlflow.entities import Run


def main(arguments: Sequence[str]) -> int:
    """Delete runs and sweeps."""
    parser = Parser(
        "delete",
        "Put recorded runs into MLflow's bin, from which `restore` brings them back; with "
        "--for-good, remove them with all values and artifacts, from the bin too.",
        "python -m nnexp delete --where \"attributes.status = 'FAILED'\"\n"
        "  python -m nnexp delete 3f2a91c0 --for-good",
    )
    parser.add_argument("run_ids", nargs="*", metavar="RUN_ID", help="a run id, or its beginning")
    add_choice(parser)
    parser.add_argument("--for-good", action="store_true", help="nothing brings them back")
    parser.add_argument("--yes", action="store_true", help="with --for-good: do not ask")
    add_format(parser)
    options = parser.parse_intermixed_args(arguments)
    if options.yes and not options.for_good:
        raise UserError("--yes: allowed with --for-good")
    store = open_store(options.tracking_uri, trains=False)
    choice = choice_of(options, options.run_ids)
    if options.for_good:
        check_removable(store)
    # Over both stages at once: one beginning of an id must not mean two runs.
    runs = chosen(store, choice, deleted=None if options.for_good else False)
    for run in runs:
        if options.sweep is None and run.data.tags.get("nnexp.kind") == "sweep":
            raise UserError(
                f"RUN_ID {run.info.run_id[:8]}: is a sweep; allowed: --sweep {run.info.run_id[:8]},"
                " which deletes its runs too"
            )
    refuse_running(runs)
    with said_beside(options.format):
        if options.for_good:
            gone = _for_good(store, runs, asked=not options.yes)
        else:
            gone = runs
            for run in runs:
                delete(store, run.info.run_id)
            again = f"python -m nnexp restore {_again(choice)}{option_of(store)}"
            new_console().say(f"{said(runs)} deleted; {again} undoes it")
    return done(options.format, runs=[str(run.info.run_id) for run in gone])


def _again(choice: Choice) -> str:
    if choice.sweep is not None:
        return f"--sweep {choice.sweep}"
    return " ".join(choice.ids) if choice.ids else "--list shows, and RUN_ID"


def _for_good(store: Store, runs: Sequence[Run], *, asked: bool) -> Sequence[Run]:
    """Remove runs, if that is meant; those that were."""
    if asked:
        if not sys.stdin.isatty():
            raise UserError(f"--for-good: {said(runs)}; allowed: --yes, or an answer on a terminal")
        if input(f"remove {said(runs)} with all artifacts, for good? [y/N] ").lower() != "y":
            print("nothing was deleted")
            return []
    remove_for_good(store, runs)
    print(f"{said(runs)} removed for good")
    return runs
