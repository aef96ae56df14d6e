"""`python -m nnexp verify RUN_ID …`: train recorded runs again and compare bit for bit."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nnexp.cli.bisect import add_bisect_options, bisect, check_bisect_options
from nnexp.cli.formats import add_format, print_json, said_beside
from nnexp.cli.options import Parser
from nnexp.cli.verification_text import changed, plain, say, warn_of_source
from nnexp.cli.verify_file import verify_file
from nnexp.cli.verify_options import add_file_options, is_file, refuse_file_options
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.check_seals import check_records
from nnexp.record.store import open_store
from nnexp.study.lookup import find_run
from nnexp.study.recorded import recorded_data
from nnexp.study.sweep_runs import runs_of_sweep
from nnexp.study.verification import source_change
from nnexp.study.verify import recorded_as, verify
from nnexp.train.engines import compile_ahead

if TYPE_CHECKING:
    from mlflow.entities import Run


def main(arguments: Sequence[str]) -> int:
    """Verify runs; 0 if all agree, 1 if some differ."""
    parser = Parser(
        "verify",
        "Train recorded runs again, from their record alone, and compare every metric at every "
        "step (but time/...) and the weights, bit for bit. The same of a file that export has "
        "written, or of a report's page: no record is needed for these.",
        "python -m nnexp verify 3f2a91c0\n  python -m nnexp verify overfitting.nnexp --sample 5",
    )
    parser.add_argument(
        "run_ids",
        nargs="*",
        metavar="RUN_ID|FILE",
        help="a run id, or its beginning; FILE.nnexp or a report's index.html",
    )
    parser.add_argument("--sweep", metavar="ID", help="all finished runs of a sweep")
    parser.add_argument("--epochs", type=int, metavar="N", help="only the first N epochs")
    parser.add_argument(
        "--tolerance",
        type=float,
        metavar="T",
        help="values may differ by T, relative or absolute; for another kind of machine",
    )
    parser.add_argument(
        "--data-root", metavar="DIR", help="the IDX files of runs with data=idx, if they have moved"
    )
    add_file_options(parser)
    add_bisect_options(parser)
    add_format(parser)
    options = parser.parse_args(arguments)
    check_bisect_options(options)
    if any(map(is_file, options.run_ids)):
        return verify_file(options)
    refuse_file_options(options)
    if not options.run_ids and not options.sweep:
        raise UserError("verify: allowed: a RUN_ID, or --sweep ID, or a FILE")
    if options.epochs is not None and options.epochs < 1:
        raise UserError(f"--epochs {options.epochs}: allowed: at least 1")
    if options.tolerance is not None and not 0 <= options.tolerance < 1:
        raise UserError(f"--tolerance {options.tolerance}: allowed: 0 <= T < 1")
    if options.bisect and (options.sweep or len(options.run_ids) != 1 or options.epochs):
        raise UserError("--bisect: allowed with one RUN_ID, without --epochs")
    with said_beside(options.format):
        said = _verify(options)
    if options.format == "json":
        print_json(said)
    return 0 if said["verified"] else 1


def _verify(options: argparse.Namespace) -> dict[str, Any]:
    """Verify recorded runs; what came of it, as docs/schemas/verify.json has it."""
    store = open_store(options.tracking_uri, reading=True)
    runs = [find_run(store, run_id) for run_id in options.run_ids]
    if options.sweep:
        runs += runs_of_sweep(store, options.sweep)
    # All are looked at before any is trained: a mistake is found at once.
    checked = dict(check_records(store, [str(run.info.run_id) for run in runs]))
    found = []
    for run in runs:
        record = checked[str(run.info.run_id)]
        try:
            found.append((run, recorded_as(store, run, options.data_root)))
        except UserError as error:
            if not record.differences:
                raise
            print(f"{_title(run)}: DIFFERS: {changed(record)}")
            print(f"  it cannot be trained again: {printable(str(error))}")
    warn_of_source([source_change(r.environment, run.data.tags) for run, r in found])
    compile_ahead([recorded.config for _, recorded in found], print)
    verdicts, parted = [], {}
    for run, recorded in found:
        record = checked[str(run.info.run_id)]
        verdict = verify(
            store, run, recorded, record, epochs=options.epochs, tolerance=options.tolerance
        )
        verdicts.append(verdict)
        say(verdict, _title(run), options.tolerance)
        if options.bisect:
            if len(recorded.stages) > 1:
                raise UserError("--bisect: allowed for runs that are no fork")
            data = recorded_data(run, recorded.config)
            parted = bisect(options, options.run_ids, recorded.config, data, verdict.differences)
    good = sum(verdict.verified for verdict in verdicts)
    if len(runs) > 1:
        print(f"{good} of {len(runs)} runs verified")
    names = {str(run.info.run_id): str(run.info.run_name or "") for run in runs}
    return {
        "verified": good == len(runs),
        "runs": [plain(verdict, names[verdict.run_id]) for verdict in verdicts],
        "file": None,
        **({"bisected": parted} if parted else {}),
    }


def _title(run: Run) -> str:
    return printable(f"{run.info.run_id[:8]} {run.info.run_name or ''}".strip())
