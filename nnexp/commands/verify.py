"""`python -m nnexp verify RUN_ID …`: train recorded runs again and compare bit for bit."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nnexp.commands.options import Parser
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.check import Checked, check_records
from nnexp.record.store import open_store
from nnexp.study.lookup import find_run, runs_of_sweep
from nnexp.study.verify import Recorded, Verdict, recorded_as, source_change, verify
from nnexp.train.engines import compile_ahead

if TYPE_CHECKING:
    from mlflow.entities import Run

SHOWN = 5
"""Differing values that are printed per run."""


def main(arguments: Sequence[str]) -> int:
    """Verify runs; 0 if all agree, 1 if some differ."""
    parser = Parser(
        "verify",
        "Train recorded runs again, from their record alone, and compare every metric at every "
        "step (but time/...) and the weights, bit for bit.",
        "python -m nnexp verify 3f2a91c0",
    )
    parser.add_argument("run_ids", nargs="*", metavar="RUN_ID", help="a run id, or its beginning")
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
    options = parser.parse_args(arguments)
    if not options.run_ids and not options.sweep:
        raise UserError("verify: allowed: a RUN_ID, or --sweep ID")
    if options.epochs is not None and options.epochs < 1:
        raise UserError(f"--epochs {options.epochs}: allowed: at least 1")
    if options.tolerance is not None and not 0 <= options.tolerance < 1:
        raise UserError(f"--tolerance {options.tolerance}: allowed: 0 <= T < 1")
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
            print(f"{_title(run)}: DIFFERS: {_changed(record)}")
            print(f"  it cannot be trained again: {printable(str(error))}")
    _warn(found)
    compile_ahead([recorded.config for _, recorded in found], print)
    good = 0
    for run, recorded in found:
        record = checked[str(run.info.run_id)]
        verdict = verify(
            store, run, recorded, record, epochs=options.epochs, tolerance=options.tolerance
        )
        good += verdict.verified
        _say(verdict, _title(run), options.tolerance)
    if len(runs) > 1:
        print(f"{good} of {len(runs)} runs verified")
    return 0 if good == len(runs) else 1


def _warn(found: Sequence[tuple[Run, Recorded]]) -> None:
    """Say before training what source the runs were trained with, if it is not this one."""
    notes: dict[str, int] = {}
    for run, recorded in found:
        if note := source_change(recorded.environment, run.data.tags):
            notes[note] = notes.get(note, 0) + 1
    for note, count in notes.items():
        print(f"{count} of {len(found)} runs were trained with another {printable(note)}")


def _title(run: Run) -> str:
    return printable(f"{run.info.run_id[:8]} {run.info.run_name or ''}".strip())


def _changed(record: Checked) -> str:
    return f"the record is not what was recorded: {printable(', '.join(record.differences))}"


def _say(verdict: Verdict, title: str, tolerance: float | None) -> None:
    if verdict.verified:
        how = "identical" if tolerance is None else f"within {tolerance:g}"
        values = f"{verdict.compared - bool(verdict.weights_agree):,} values"
        weights = " and the weights" if verdict.weights_agree else ""
        places = ", recorded on {}, repeated on {}".format(*verdict.places or ("", ""))
        where = printable(places) if verdict.places else ""
        print(f"{title}: {how}: {values}{weights}{where}", flush=True)
        if verdict.farthest is not None:
            print(f"  farthest: {printable(str(verdict.farthest))}", flush=True)
        if not verdict.record.sealed:
            print("  recorded without a digest of the record", flush=True)
        return
    if verdict.record.differences and not verdict.differences:
        again = "" if verdict.weights_agree is False else ", though trained again it is the same"
        print(f"{title}: DIFFERS: {_changed(verdict.record)}{again}", flush=True)
        return
    print(f"{title}: DIFFERS: {len(verdict.differences)} of {verdict.compared} values")
    for number, difference in enumerate(verdict.differences[:SHOWN]):
        print(f"  {'first: ' if number == 0 else ''}{printable(str(difference))}")
    if verdict.weights_agree is False:
        print("  weights: SHA-256 differs")
    if verdict.record.differences:
        print(f"  {_changed(verdict.record)}")
    for change in verdict.surroundings:
        print(f"  changed since: {printable(change)}")
    if not verdict.surroundings:
        print("  nothing in the recorded environment differs from this one")
    sys.stdout.flush()
