"""`python -m nnexp export`: recorded results as one file that anyone can check."""

from __future__ import annotations

import argparse
import os
import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.commands.options import Parser
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.store import Store, open_store
from nnexp.study.compare import compare
from nnexp.study.exchange.archive import SIGNATURE, SUFFIX, archived
from nnexp.study.exchange.gather import Gathered, gather, parquet, runs_asked_for, sweeps_of
from nnexp.study.exchange.manifest import Chosen
from nnexp.study.exchange.paper import bibtex, latex
from nnexp.study.exchange.signature import key_digest, make_key, read_private, signed
from nnexp.study.frames import runs_of_ids, select
from nnexp.study.grouping import varied
from nnexp.study.lookup import find_run

if TYPE_CHECKING:
    from mlflow.entities import Run


def main(arguments: Sequence[str]) -> int:
    """Write a file of results."""
    options = _parsed(arguments)
    if options.make_key is not None:
        return _make_key(Path(options.make_key))
    key = read_private(Path(options.sign)) if options.sign is not None else None
    out = Path(options.out)
    if out.suffix != SUFFIX or out.name == SUFFIX:
        raise UserError(f"--out {out}: allowed: a name that ends in {SUFFIX}")
    store = open_store(options.tracking_uri, reading=True)
    runs, sweeps, chosen = _chosen(store, options)
    gathered = gather(store, runs, sweeps, chosen, weights=options.weights)
    members = dict(gathered.members)
    if key is not None:
        members[SIGNATURE] = signed(gathered.digest, key, options.signed_by or "")
    _write(out, archived(members))
    _say(out, gathered)
    for suffix, written in _beside(store, options, gathered).items():
        path = out.with_suffix(suffix)
        _write(path, written)
        print(printable(f"beside   {path}"))
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "export",
        "Write runs, a sweep or an experiment into one file that proves itself: configs, all "
        "values exactly, digests, environment, what a sweep was asked for; not the data, but "
        "their checksums. Anyone can read it without this program (zip, JSON, CSV), and train "
        "again what it claims: python -m nnexp verify FILE.",
        "python -m nnexp export --sweep 3f2a91c0 --out overfitting.nnexp",
    )
    parser.add_argument("run_ids", nargs="*", metavar="RUN_ID", help="a run id, or its beginning")
    parser.add_argument("--sweep", metavar="ID", help="all runs that a sweep was asked for")
    parser.add_argument("--experiment", metavar="NAME", help="all finished runs of an experiment")
    parser.add_argument(
        "--where", metavar="FILTER", help="with --experiment: only these, in MLflow's filter syntax"
    )
    parser.add_argument("--out", metavar="FILE.nnexp", help="the file to write")
    parser.add_argument("--weights", action="store_true", help="the networks' weights too")
    parser.add_argument(
        "--parquet", action="store_true", help="all values beside it as a Parquet table"
    )
    parser.add_argument("--latex", action="store_true", help="a table of its settings beside it")
    parser.add_argument("--by", metavar="KEY,KEY", help="with --latex: as in compare")
    parser.add_argument("--metric", metavar="NAME", help="with --latex (default test/accuracy)")
    parser.add_argument("--bibtex", action="store_true", help="an entry to cite it by beside it")
    parser.add_argument("--sign", metavar="KEYFILE", help="sign it with this Ed25519 key")
    parser.add_argument("--signed-by", metavar="NAME", help="with --sign: who exports it")
    parser.add_argument(
        "--make-key", metavar="KEYFILE", help="only make a key to sign with, and its public half"
    )
    options = parser.parse_args(arguments)
    if options.make_key is not None:
        return options
    if options.out is None:
        raise UserError(f"export: --out is missing; allowed: --out FILE{SUFFIX}")
    if options.signed_by is not None and options.sign is None:
        raise UserError("--signed-by: allowed with --sign KEYFILE")
    for name in ("by", "metric"):
        if getattr(options, name) is not None and not options.latex:
            raise UserError(f"--{name}: allowed with --latex")
    given = [bool(options.run_ids), options.sweep is not None, options.experiment is not None]
    if sum(given) != 1:
        raise UserError("export: allowed: one of RUN_ID, --sweep ID and --experiment NAME")
    if options.where and options.experiment is None:
        raise UserError("--where: allowed with --experiment NAME")
    return options


def _chosen(
    store: Store, options: argparse.Namespace
) -> tuple[Sequence[Run], Sequence[Run], Chosen]:
    """Runs, the sweeps they make up, and in what words they were chosen."""
    if options.sweep is not None:
        parent = find_run(store, options.sweep)
        if parent.data.tags.get("nnexp.kind") != "sweep":
            raise UserError(
                f"--sweep {options.sweep}: is no sweep; python -m nnexp sweeps lists them"
            )
        name = str(parent.info.run_name or "")
        chosen = Chosen(kind="sweep", names=(name,), where=None)
        return runs_asked_for(store, parent), [parent], chosen
    if options.experiment is not None:
        name, where = options.experiment, options.where
        finished = "attributes.status = 'FINISHED'" + (f" and {where}" if where else "")
        runs = select(store, name, finished)
        if not runs:
            narrowed = f" that --where {where} lets through" if where else ""
            raise UserError(f"--experiment {name}: no finished runs{narrowed} are recorded in it")
        return runs, sweeps_of(store, runs), Chosen(kind="experiment", names=(name,), where=where)
    runs = [find_run(store, run_id) for run_id in options.run_ids]
    names = tuple(str(run.info.run_name or "") for run in runs)
    return runs, [], Chosen(kind="runs", names=names, where=None)


def _make_key(path: Path) -> int:
    key = make_key(path)
    print(printable(f"written  {path} (keep it to yourself), {path}.pub (give it to others)"))
    print(f"key      {key_digest(key)}")
    print(f"sign     python -m nnexp export ... --sign {shlex.quote(str(path))}")
    return 0


def _beside(store: Store, options: argparse.Namespace, gathered: Gathered) -> dict[str, bytes]:
    """What is written beside the file, by suffix."""
    name, found = Path(options.out).name, {}
    if options.parquet:
        found[".parquet"] = parquet(gathered)
    if options.latex:
        frame = runs_of_ids(store, [run.id for run in gathered.manifest.runs])
        by = options.by.split(",") if options.by else varied(frame)
        compared = compare(frame, by, options.metric or "test/accuracy")
        found[".tex"] = latex(compared, name, gathered.digest).encode()
    if options.bibtex:
        author = options.signed_by or ""
        found[".bib"] = bibtex(gathered.manifest, name, gathered.digest, author).encode()
    return found


def _write(path: Path, content: bytes) -> None:
    """Write a file beside its place, then move it there: whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            try:
                file.write(content)
                file.flush()
                os.chmod(file.name, 0o644)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise UserError(
            f"--out {path}: cannot be written ({error.strerror or error}); allowed: a file in a "
            "writable folder"
        ) from error


def _say(out: Path, gathered: Gathered) -> None:
    runs = gathered.manifest.runs
    values = sum(run.values for run in runs)
    count = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    print(printable(f"written  {out} ({out.stat().st_size:,} bytes): {count}, {values:,} values"))
    print(f"digest   {gathered.digest}")
    print(f"check    python -m nnexp verify {shlex.quote(str(out))}")
