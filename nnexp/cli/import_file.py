"""`python -m nnexp import FILE`: results from a file into a store."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnexp.cli.formats import add_format, print_json, said_beside
from nnexp.cli.options import Parser
from nnexp.cli.verification_text import log_lines, tell_conclusions, tell_log
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.store import Store, open_store
from nnexp.runner.run_text import option_of
from nnexp.study.exchange.conclusions import all_problems
from nnexp.study.exchange.page import PAGE
from nnexp.study.exchange.recording import Imported, record_results
from nnexp.study.exchange.results import Results, absent, open_results
from nnexp.study.exchange.signature import read_public

SHOWN = 20
"""Changes that are named one by one."""


def main(arguments: Sequence[str]) -> int:
    """Record what a file holds; 1 if it is not what was exported, and then nothing is recorded."""
    parser = Parser(
        "import",
        "Record the runs of a file that export has written, as runs like any other: compare, show, "
        "report and verify take them. A run that is recorded here already is left alone. A file "
        "that was changed on the way is refused, and what was changed is named; to train again "
        "what it claims: python -m nnexp verify FILE.",
        "python -m nnexp import overfitting.nnexp",
    )
    parser.add_argument("file", metavar="FILE.nnexp")
    parser.add_argument(
        "--experiment", metavar="NAME", help="record all in this experiment (default: as it was)"
    )
    parser.add_argument(
        "--signer", metavar="FILE.pub", help="the file must be signed with this public key"
    )
    add_format(parser)
    options = parser.parse_args(arguments)
    if options.experiment == "":
        raise UserError("--experiment '': allowed: a name, or leave it out")
    if options.file.endswith(PAGE):
        raise UserError(
            f"{options.file}: a page of a report; allowed: a file that python -m nnexp export has "
            "written (verify takes pages too)"
        )
    expected = read_public(Path(options.signer)) if options.signer is not None else None
    with open_results(Path(options.file)) as results:
        with said_beside(options.format):
            found = all_problems(results, expected, lambda text: print(text, flush=True))
            recorded: list[Imported] = []
            if found:
                tell_problems(results.shown, found)
                print("nothing was recorded", file=sys.stderr)
            else:
                store = open_store(options.tracking_uri, trains=False)
                recorded = _record(results, store, options.experiment)
        if options.format == "json":
            print_json(_plain(results, found, recorded))
        return 1 if found or any(one.differs for one in recorded) else 0


def _plain(results: Results, found: Sequence[str], recorded: Sequence[Imported]) -> dict[str, Any]:
    """For a program: docs/schemas/import.json."""
    return {
        "file": results.shown,
        "digest": results.digest,
        "changed": list(found),
        "log": log_lines(results, found),
        "not_in_the_file": list(absent(results.manifest)),
        "runs": [
            {
                "run_id": one.run_id,
                "name": one.run.name,
                "id_in_the_file": one.run.id,
                "recorded": one.new,
                "differs": one.differs or None,
            }
            for one in recorded
        ],
    }


def _record(results: Results, store: Store, experiment: str | None) -> list[Imported]:
    recorded = []
    tell_log(results)
    tell_conclusions(results.manifest)
    for one in record_results(results, store, experiment):
        recorded.append(one)
        name = f"{one.run_id[:8]} {one.run.name}"
        if one.differs:
            print(printable(f"DIFFERS: {name} is recorded here, left alone; {one.differs}"))
        else:
            print(printable(f"{'recorded' if one.new else 'there already'}: {name}"), flush=True)
    for line in absent(results.manifest):
        print(printable(line))
    count, new = len(results.manifest.runs), sum(one.new for one in recorded)
    print(f"{new} of {count} runs recorded, {count - new} there already; digest {results.digest}")
    names = [experiment] if experiment else [run.experiment for run in results.manifest.runs]
    where = "".join(f" --experiment {shlex.quote(name)}" for name in dict.fromkeys(names))
    look = f"python -m nnexp runs{where}{option_of(store)}"
    print(printable(f"look     {look}"))
    return recorded


def tell_problems(shown: str, found: Sequence[str]) -> None:
    """Name on standard error what was changed on the way."""
    for line in found[:SHOWN]:
        print(printable(f"{shown}: CHANGED: {line}"), file=sys.stderr)
    if len(found) > SHOWN:
        print(printable(f"{shown}: CHANGED: {len(found) - SHOWN} more"), file=sys.stderr)
