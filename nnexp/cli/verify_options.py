"""The options of `verify` with a file, checked before anything is looked at."""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
from collections.abc import Sequence
from pathlib import Path

from nnexp.cli.options import seconds
from nnexp.cli.verification_text import SHOWN
from nnexp.errors import UserError
from nnexp.study.exchange.archive import SUFFIX
from nnexp.study.exchange.manifest import Run
from nnexp.study.exchange.page import PAGE
from nnexp.study.exchange.signature import read_private, read_public

_OPTIONS = ("sample", "budget", "sample_seed", "run", "signer", "source", "badge", "add_to_log",
            "sign")  # fmt: skip
"""What goes with a file only, beside `--with-version`."""


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """The options that `verify` takes with a file."""
    parser.add_argument(
        "--sample", type=int, metavar="N", help="of a file: only N runs of it, drawn by lot"
    )
    parser.add_argument(
        "--budget", metavar="TIME", help="of a file: as many runs as end in TIME, such as 10min"
    )
    parser.add_argument(
        "--sample-seed", type=int, metavar="SEED", help="draws the same runs as another verify did"
    )
    parser.add_argument("--run", metavar="ID", help="of a file: only this run")
    parser.add_argument(
        "--signer", metavar="FILE.pub", help="the file must be signed with this public key"
    )
    parser.add_argument(
        "--with-version",
        action="store_true",
        help="of a file: train what another version of this program made with that version, in an "
        "environment of its own (kept in ~/.cache/nnexp/versions)",
    )
    parser.add_argument(
        "--source",
        metavar="DIR",
        help="with --with-version: a git clone that has the version's commit (default: the one "
        "this program runs in), or the word index: the package index that pip is set up for",
    )
    parser.add_argument(
        "--add-to-log", metavar="NAME", help="note in the file that NAME has verified it"
    )
    parser.add_argument(
        "--sign", metavar="KEYFILE", help="with --add-to-log: sign the note with this Ed25519 key"
    )
    parser.add_argument(
        "--badge", metavar="FILE.svg", help="of a file: write what came of it as an image"
    )


def is_file(text: str) -> bool:
    """Whether an argument of `verify` names a file rather than a run."""
    return text.endswith((SUFFIX, *PAGE)) or "/" in text or Path(text).is_file()


def refuse_file_options(options: argparse.Namespace) -> None:
    """Refuse the options of files where there is none.

    Raises:
        UserError: one was given.
    """
    for name in (*_OPTIONS, "with_version"):
        if getattr(options, name) not in (None, False):
            raise UserError(f"--{name.replace('_', '-')}: allowed with a FILE")


def check_file_options(options: argparse.Namespace) -> None:
    """Check the options of a file, and put what they say in place of what was typed.

    `budget` in seconds, `signer` and `sign` as keys.

    Raises:
        UserError: options that do not go together.
    """
    if len(options.run_ids) != 1:
        raise UserError(f"{shlex.join(options.run_ids)}: allowed: one FILE at a time")
    for name in ("sweep", "epochs", "tolerance"):
        if getattr(options, name) is not None:
            raise UserError(f"--{name}: allowed with a RUN_ID, not with a FILE")
    if options.sample is not None and options.sample < 1:
        raise UserError(f"--sample {options.sample}: allowed: at least 1")
    drawn = options.sample is not None or options.budget is not None
    if options.run is not None and drawn:
        raise UserError(f"--run {options.run}: allowed without --sample and --budget")
    seed = options.sample_seed
    if seed is not None and (seed < 0 or not drawn):
        raise UserError(f"--sample-seed {seed}: allowed: 0 and more, with --sample or --budget")
    if options.source is not None and not options.with_version:
        raise UserError(f"--source {options.source}: allowed with --with-version")
    _check_log(options)
    if options.badge is not None:
        check_writable("--badge", Path(options.badge))
    options.budget = _budget(options.budget)
    # A lot that whoever made the file can foresee would be none.
    options.sample_seed = secrets.randbelow(2**32) if seed is None else seed
    options.signer = read_public(Path(options.signer)) if options.signer is not None else None
    options.sign = read_private(Path(options.sign)) if options.sign is not None else None


def _check_log(options: argparse.Namespace) -> None:
    """Refuse a note that cannot be made."""
    who, path = options.add_to_log, options.run_ids[0]
    if options.sign is not None and who is None:
        raise UserError("--sign: allowed with --add-to-log NAME")
    if who is not None and not (who.strip() and who.isprintable() and len(who) <= 250):
        raise UserError(f"--add-to-log {who[:80]!r}: allowed: a name on one line")
    if who is not None and path.endswith(PAGE):
        raise UserError(f"--add-to-log: {path}: a page has no log; allowed: a FILE{SUFFIX}")
    folder = Path(path).absolute().parent
    if who is not None and folder.is_dir() and not os.access(folder, os.W_OK):
        raise UserError(f"--add-to-log: {path}: allowed: a file in a writable folder")


def _budget(text: str | None) -> float | None:
    if text is None:
        return None
    if (found := seconds(text.strip())) is None:
        raise UserError(f"--budget {text}: allowed: a time such as 90s, 10min or 2h")
    return found


def run_named(runs: Sequence[Run], prefix: str) -> Run:
    """The run of a file with an id that begins so.

    Raises:
        UserError: there is none, or there are several.
    """
    found = [run for run in runs if run.id.startswith(prefix.lower())] if prefix else []
    if len(found) != 1:
        how = "several runs" if found else "no run"
        there = ", ".join(run.id[:8] for run in runs[:SHOWN])
        raise UserError(f"--run {prefix}: {how} of the file; allowed: one of {there}")
    return found[0]


def check_writable(option: str, path: Path) -> None:
    """Refuse a file that cannot be written before an hour is spent.

    Raises:
        UserError: its folder is not there.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UserError(f"{option} {path}: allowed: a file in a folder that is there")
