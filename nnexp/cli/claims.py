"""`python -m nnexp claims`: what a chapter says, judged from the record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from nnexp.cli.formats import TABLES, add_format, print_csv, print_json
from nnexp.cli.options import Parser, command
from nnexp.config.suggest import suggestion
from nnexp.errors import UserError
from nnexp.record.store import open_store
from nnexp.study.claims import Claim, claims_file, claims_files, read_claims
from nnexp.study.claims_judged import Judged, Verdicts, judge
from nnexp.study.claims_text import bound_text, count_text, measured_text
from nnexp.terminal import new_console, plain_table

_STYLES = {"holds": "green", "does not hold": "red", "not resolved": "yellow"}


def main(arguments: Sequence[str]) -> int:
    """Judge claims; 1 where one comes out otherwise than its file expects."""
    parser = Parser(
        "claims",
        "What chapter 3 says, one claim a line, judged from recorded runs: holds, does not hold, "
        "not resolved, or\nnot recorded, and then the command that records it. Exit code 1 where "
        "one comes out otherwise than its file\nexpects. A file of your own claims is judged "
        "alike; docs/claims.md says what is in it.",
        "python -m nnexp claims\n  python -m nnexp claims slowdown dropout\n  "
        "python -m nnexp claims --file my_claims.yaml --strict --format json",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="a preset's claims, a single claim, or a file (all that come with nnexp)",
    )
    parser.add_argument(
        "--file", action="append", default=[], metavar="FILE", help="claims of your own"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit code 1 also where one is not recorded"
    )
    add_format(parser, TABLES)
    options = parser.parse_args(arguments)
    chosen, wanted = _chosen(options.names, options.file)
    store = open_store(options.tracking_uri, reading=True)
    found = [judge(store, claims) for claims in chosen]
    shown = [j for v in found for j in v.judged if wanted is None or j.claim in wanted]
    warnings = list(dict.fromkeys(text for v in found for text in v.warnings))
    if options.format == "json":
        print_json({"claims": [_plain(j) for j in shown], "warnings": warnings})
    elif options.format == "csv":
        print_csv([_plain(j) for j in shown])
    else:
        _show(Verdicts(tuple(shown), tuple(warnings)), command("claims", arguments))
    missing = options.strict and any(j.outcome == "not recorded" for j in shown)
    return int(missing or not all(j.as_expected for j in shown))


def _chosen(
    names: Sequence[str], paths: Sequence[str]
) -> tuple[list[list[Claim]], list[Claim] | None]:
    """Whole files of claims, and those of their claims that are asked for (None: all)."""
    own = claims_files()
    files = [Path(path) for path in paths]
    if not names and not files:
        return [read_claims(path) for path in own.values()], None
    read: dict[Path, list[Claim]] = {path: read_claims(path) for path in files}
    wanted = [claim for claims in read.values() for claim in claims]
    single = {c.name: (path, c) for path in own.values() for c in read_claims(path)}
    for name in names:
        path = claims_file(name)
        if path is not None:
            read.setdefault(path, read_claims(path))
            wanted += read[path]
        elif name in single:
            path, claim = single[name]
            read.setdefault(path, read_claims(path))
            wanted.append(claim)
        else:
            near = suggestion(name, [*own, *single])
            raise UserError(
                f"claims {name}: no such claims; allowed: {', '.join(own)}, the name of one of "
                f"their claims, or a YAML file{near}"
            )
    return list(read.values()), wanted


def _plain(j: Judged) -> dict[str, Any]:
    """For a program: every number in the metric's own unit; what is not known is null."""
    c = j.claim
    numbers = {"mean": j.mean, "low": j.low, "high": j.high, "p": j.p}
    known = {k: v if v is not None and math.isfinite(v) else None for k, v in numbers.items()}
    return {
        **{name: getattr(c, name) for name in ("file", "name", "claim", "place")},
        "experiment": " ".join(c.experiment),
        "metric": c.metric.text,
        **{k: getattr(c, k) for k in ("of", "against", "sense", "bound", "about", "alpha")},
        "n": j.n,
        **known,
        "outcome": j.outcome,
        "expected": c.expected,
        "as_expected": j.as_expected,
        "why": j.why,
        "command": j.command,
    }


def _show(verdicts: Verdicts, typed: str) -> None:
    console = new_console()
    table = plain_table()
    table.add_column("claim", ratio=3, min_width=24)
    for title in ("bound", "measured"):
        table.add_column(title, justify="right", ratio=1)
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    file = ""
    for j in verdicts.judged:
        if j.claim.file != file:
            file = j.claim.file
            table.add_row(f"[bold]{escape(file)}[/bold]")
        style = _STYLES.get(j.outcome, "dim")
        verdict = f"[{style}]{j.outcome}[/{style}]" + ("" if j.as_expected else " [bold]![/bold]")
        cells = (bound_text(j.claim), measured_text(j), str(j.n) if j.n else "")
        table.add_row(escape(j.claim.claim), *map(escape, cells), verdict)
    console.print(table)
    console.say(*_notes(verdicts), f"this table: {typed}")


def _notes(verdicts: Verdicts) -> list[str]:
    """What was not expected, what is missing, and how many hold."""
    lines = [""]
    for j in verdicts.judged:
        if not j.as_expected:
            why = f" ({j.why})" if j.why else ""
            lines.append(f"! {j.claim.name}: {j.outcome}{why}; expected: {j.claim.expected}")
    lines += [f"{j.claim.name}: {j.why}" for j in verdicts.judged if j.as_expected and _odd(j)]
    commands = [j.command for j in verdicts.judged if j.command]
    lines += [f"to record: {line}" for line in dict.fromkeys(commands)]
    lines += [f"warning: {text}" for text in verdicts.warnings]
    return [*lines, count_text(verdicts.judged)]


def _odd(j: Judged) -> bool:
    """Whether something keeps a claim from being judged that more seeds would not mend."""
    return bool(j.why) and (j.outcome == "not recorded" or not math.isfinite(j.mean))
