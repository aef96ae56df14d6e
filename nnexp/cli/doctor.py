"""`python -m nnexp doctor`: send what waits, tidy up, and check every record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnexp.cli.formats import add_format, print_json, said_beside
from nnexp.cli.options import Parser
from nnexp.config.arguments import printable
from nnexp.config.plurals import some
from nnexp.errors import UserError
from nnexp.record.log_folder import RECORDED
from nnexp.record.mlflow_settings import wait_for_answers
from nnexp.record.store import WORK_FOLDER, open_store
from nnexp.record.store_address import resolve_uri, sqlite_path
from nnexp.study.doctor import Doctor
from nnexp.study.lookup import experiment_named


def main(arguments: Sequence[str]) -> int:
    """Look after a store; 0 if all is well or was mended, 1 if something is left."""
    options = _parser().parse_args(arguments)
    uri = resolve_uri(options.tracking_uri)
    if uri.startswith("sqlite:///") and not _is_there(sqlite_path(uri)):
        raise UserError(f"doctor: {sqlite_path(uri)}: no such file; allowed: a store with runs")
    store = open_store(options.tracking_uri, reading=options.dry_run)
    wait_for_answers()
    chosen = [experiment_named(store, name) for name in options.experiment or ()]
    doctor = Doctor(store, chosen, options.dry_run)
    findings = []
    with said_beside(options.format):
        for finding in doctor.findings():
            findings.append(finding)
            print(printable(finding.text), flush=True)
        left = sum(finding.left for finding in findings)
        print(_ending(doctor, left, options.dry_run))
    if options.format == "json":
        print_json(
            {
                "checked": doctor.checked,
                "unsealed": doctor.unsealed,
                "dry_run": options.dry_run,
                "findings": [{"text": f.text, "left": bool(f.left)} for f in findings],
            }
        )
    return 1 if left else 0


def _parser() -> Parser:
    parser = Parser(
        "doctor",
        "Set the record right: send what the store has not received, make again from their logs "
        "the runs that it has lost, mark runs that nobody works on as KILLED, remove what killed "
        "processes left behind; name what the store refused, and every finished run that is not "
        "what was recorded or whose artifacts are missing. Exit code 0 if all is well or was "
        "mended, 1 if something is left.",
        "python -m nnexp doctor --dry-run",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and change nothing"
    )
    parser.add_argument(
        "--experiment",
        action="append",
        metavar="NAME",
        help="only the runs of this MLflow experiment; may be given more than once (default: all)",
    )
    add_format(parser)
    return parser


def _ending(doctor: Doctor, left: int, dry_run: bool) -> str:
    """The last line: how many runs were checked, and whether all is well."""
    unsealed = f", {doctor.unsealed} of them recorded without a digest" if doctor.unsealed else ""
    end = f"{some(left, 'thing')} left to look at" if left else "all is well"
    changed = " (dry run: nothing was changed)" if dry_run else ""
    return f"{some(doctor.checked, 'run')} checked{unsealed}: {end}{changed}"


def _is_there(path: Path) -> bool:
    """Whether there is a store, or what it can be made of again."""
    return path.exists() or (path.parent / WORK_FOLDER / RECORDED).is_dir()
