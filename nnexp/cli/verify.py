"""`python -m nnexp verify RUN_ID …|FILE`: train again what is recorded, or what a file claims."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from nnexp.cli.bisect import add_bisect_options, bisect, check_bisect_options
from nnexp.cli.file_verdict import Verification
from nnexp.cli.formats import add_format, print_json, said_beside
from nnexp.cli.import_file import tell_problems
from nnexp.cli.options import Parser
from nnexp.cli.verification_text import (
    changed,
    introduce,
    plain,
    say,
    tell_conclusions,
    tell_log,
    warn_of_source,
)
from nnexp.cli.verify_options import (
    add_file_options,
    check_file_options,
    is_file,
    refuse_file_options,
    run_named,
)
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.check_seals import Checked, check_records
from nnexp.record.seal import TAG
from nnexp.record.store import open_store
from nnexp.source import source_sha256
from nnexp.study.environment_differences import source_change
from nnexp.study.exchange.archive import write_asked
from nnexp.study.exchange.conclusions import all_problems
from nnexp.study.exchange.log import add_entry
from nnexp.study.exchange.manifest import Run
from nnexp.study.exchange.other_version import Made, overrides_in, program_of, reproduce_with
from nnexp.study.exchange.page import PAGE, results_in_page
from nnexp.study.exchange.reproduce import Claim, claims_of, reproduce, sampled
from nnexp.study.exchange.results import Results, open_results
from nnexp.study.exchange.signature import signature_problem, signer_of
from nnexp.study.lookup import find_run
from nnexp.study.recorded import recorded_data
from nnexp.study.sweep_runs import runs_of_sweep
from nnexp.study.verification import Verdict
from nnexp.study.verify import recorded_as, verify
from nnexp.terminal import new_console
from nnexp.train.engines import compile_ahead

if TYPE_CHECKING:
    from mlflow.entities import Run as Recorded


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
    said, good, parted = [], 0, {}
    for run, recorded in found:
        record = checked[str(run.info.run_id)]
        verdict = verify(
            store, run, recorded, record, epochs=options.epochs, tolerance=options.tolerance
        )
        said.append(plain(verdict, str(run.info.run_name or "")))
        good += verdict.verified
        say(verdict, _title(run), options.tolerance)
        if options.bisect:
            if len(recorded.stages) > 1:
                raise UserError("--bisect: allowed for runs that are no fork")
            data = recorded_data(run, recorded.config)
            parted = bisect(options, options.run_ids, recorded.config, data, verdict.differences)
    if len(runs) > 1:
        print(f"{good} of {len(runs)} runs verified")
    bisected = {"bisected": parted} if parted else {}
    return {"verified": good == len(runs), "runs": said, "file": None, **bisected}


def _title(run: Recorded) -> str:
    return printable(f"{run.info.run_id[:8]} {run.info.run_name or ''}".strip())


def verify_file(options: argparse.Namespace) -> int:
    """Verify one file; 0 if all that was trained again agrees, 1 if not."""
    check_file_options(options)
    path = Path(options.run_ids[0])
    if path.name.endswith(PAGE):
        results, whole = results_in_page(path)
        wrong = [] if whole else ["the page around the results that it carries"]
        return _answer(results, options, wrong)
    with open_results(path) as results:
        return _answer(results, options, [])


def _answer(results: Results, options: argparse.Namespace, wrong: list[str]) -> int:
    """Verify, and tell the terminal, a program, the file's log and a badge of it."""
    with said_beside(options.format):
        found, parted = _verify_file(results, options, wrong)
        if options.add_to_log is not None and found.verdicts:
            entry = found.entry(options.add_to_log, options.sign)
            add_entry(results.archive, Path(options.run_ids[0]), entry)
            print(f"added to the log of the file, whose digest stays: {entry}")
        if options.badge is not None:
            write_asked(Path(options.badge), found.badge(), "--badge")
            print(printable(f"written  {options.badge}"))
    if options.format == "json":
        print_json({**found.plain(), **({"bisected": parted} if parted else {})})
    return 0 if found.outcome == "reproduced" else 1


def _verify_file(
    results: Results, options: argparse.Namespace, wrong: list[str]
) -> tuple[Verification, dict[str, object]]:
    """Verify results of which some things may be known to be wrong already."""
    changed = [
        *wrong,
        *all_problems(results, options.signer, lambda text: print(text, flush=True)),
    ]
    signed = not signature_problem(results, options.signer)
    signer = signer_of(results) if signed else None
    introduce(results, signer, signed=signed)
    if changed:
        tell_problems(results.shown, changed)
        print(f"NOT verified: {results.shown} is not what was exported; nothing was trained")
        return Verification(results, signer, changed), {}
    tell_log(results)
    tell_conclusions(results.manifest)
    chosen = _chosen(results, options)
    anew = chosen if options.with_version else []
    other = [run for run in anew if run.tag("source") != source_sha256()]
    made = dict.fromkeys(Made.of(results.environment(run)) for run in other)
    claims = claims_of(results, [run for run in chosen if run not in other], options.data_root)
    warn_of_source([_source_change(results, claim.run) for claim in claims])
    verdicts = _said(results, options, claims, other)
    found = Verification(results, signer, (), verdicts, [f"with {m}" for m in made])
    found.conclude()
    parted = _bisected(options, claims, verdicts) if options.bisect else {}
    return found, parted


def _chosen(results: Results, options: argparse.Namespace) -> list[Run]:
    """The runs that are trained again."""
    everything = list(results.manifest.runs)
    if options.run is not None:
        return [run_named(everything, options.run)]
    if options.sample is None and options.budget is None:
        return everything
    chosen = sampled(everything, options.sample, options.sample_seed)
    print(
        f"{len(chosen)} of {len(everything)} runs, drawn with --sample-seed {options.sample_seed}"
    )
    return chosen


def _said(
    results: Results, options: argparse.Namespace, claims: Sequence[Claim], other: Sequence[Run]
) -> list[Verdict]:
    """Train all, and say of each run what came of it."""
    runs = {run.id: run for run in [*(claim.run for claim in claims), *other]}
    verdicts = []
    for verdict in _trained(results, options, claims, other):
        run = runs[verdict.run_id]
        verdict = replace(verdict, record=Checked(sealed=TAG in run.tags), places=None)
        verdicts.append(verdict)
        count = f"[{len(verdicts)}/{len(runs)}] " if len(runs) > 1 else ""
        say(verdict, printable(f"{count}{run.id[:8]} {run.name}"))
    return verdicts


def _trained(
    results: Results, options: argparse.Namespace, claims: Sequence[Claim], other: Sequence[Run]
) -> Iterator[Verdict]:
    """By this program what it has made, by others what they have."""
    until = None if options.budget is None else monotonic() + options.budget
    for run in other:  # All are looked at before any is trained.
        overrides_in(run)
    if claims:
        yield from reproduce(results, claims, options.budget, new_console())
    programs = {}
    for run in other:
        if until is not None and monotonic() > until:
            return
        made = Made.of(results.environment(run))
        if made not in programs:
            programs[made] = program_of(made, options.source, print)
        yield reproduce_with(programs[made], results, run, options.data_root)


def _bisected(
    options: argparse.Namespace, claims: Sequence[Claim], verdicts: Sequence[Verdict]
) -> dict[str, object]:
    """Of the first run that differs, or else of the first."""
    known = {claim.run.id: claim for claim in claims}
    mine = [verdict for verdict in verdicts if verdict.run_id in known]
    if not mine:
        raise UserError("--bisect: allowed for runs of this version of the program")
    verdict = min(mine, key=lambda v: v.verified)
    claim, differences = known[verdict.run_id], verdict.differences
    which = [options.run_ids[0], "--run", claim.run.id[:8]]
    print(printable(f"{claim.run.id[:8]} {claim.run.name}:"))
    return bisect(options, which, claim.config, claim.dataset, differences)


def _source_change(results: Results, run: Run) -> str:
    """What source a run was trained with and how to train with it; empty if it is this one."""
    environment = results.environment(run)
    change = source_change(environment, run.tags)
    advice = f"; made by {Made.of(environment)}; --with-version trains with that"
    return change + advice if change else ""
