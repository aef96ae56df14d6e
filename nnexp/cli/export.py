"""`python -m nnexp export`: recorded results as one file that anyone can check."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnexp.cli.formats import add_format, print_json, said_beside
from nnexp.cli.options import Parser
from nnexp.config.arguments import printable
from nnexp.config.plurals import some
from nnexp.config.suggest import suggestion
from nnexp.errors import UserError
from nnexp.record.mlflow_settings import wait_for_answers
from nnexp.record.store import Store, open_store
from nnexp.study.claims import claims_file, claims_files, read_claims
from nnexp.study.compare import compare
from nnexp.study.exchange.archive import SIGNATURE, SUFFIX, archived, write_asked
from nnexp.study.exchange.conclusions import concluded
from nnexp.study.exchange.gather import Gathered, gather, parquet, sweeps_of
from nnexp.study.exchange.manifest import Chosen
from nnexp.study.exchange.paper import GREY, badge, bibtex, figure, latex
from nnexp.study.exchange.signature import key_digest, make_key, read_private, signed
from nnexp.study.frames import runs_of_ids, select
from nnexp.study.grouping import varied
from nnexp.study.lookup import find_run, find_sweep
from nnexp.study.sweep_runs import runs_asked_for

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from mlflow.entities import Run

METRIC = "test/accuracy"


def main(arguments: Sequence[str]) -> int:
    """Write a file of results."""
    options = _parser().parse_args(arguments)
    if options.make_key is not None:
        return _make_key(Path(options.make_key))
    _check(options)
    key = read_private(Path(options.sign)) if options.sign is not None else None
    out = Path(options.out)
    if out.suffix != SUFFIX or out.name == SUFFIX:
        raise UserError(f"--out {out}: allowed: a name that ends in {SUFFIX}")
    store = open_store(options.tracking_uri, reading=True)
    runs, sweeps, chosen = _chosen(store, options)
    claims = _claims(options)
    with said_beside(options.format):
        gathered = gather(store, runs, sweeps, chosen, weights=options.weights)
        if claims or options.by:
            print(f"drawing conclusions from {len(gathered.manifest.runs):,} runs", flush=True)
        gathered = concluded(gathered, claims, _by(options), options.metric or METRIC)
        # Conclusions are drawn in a store of their own, which is written to.
        wait_for_answers()
        counts = _counts(gathered)
        beside = _written(store, options, gathered, counts, key)
    if options.format == "json":
        print_json(_plain(out, gathered, counts[0], beside))
    return 0


def _written(
    store: Store, options: argparse.Namespace, gathered: Gathered, counts: tuple[int, int],
    key: Ed25519PrivateKey | None,
) -> list[Path]:  # fmt: skip
    """Write the file, and what goes beside it; the latter."""
    out = Path(options.out)
    members = dict(gathered.members)
    if key is not None:
        members[SIGNATURE] = signed(gathered.digest, key, options.signed_by or "")
    write_asked(out, archived(members), "--out")
    _say(out, gathered, counts)
    beside = []
    for suffix, written in _beside(store, options, gathered).items():
        beside.append(out.with_suffix(suffix))
        write_asked(beside[-1], written, "--out")
        print(printable(f"beside   {beside[-1]}"))
    return beside


def _plain(out: Path, gathered: Gathered, values: int, beside: Sequence[Path]) -> dict[str, Any]:
    """For a program: docs/schemas/export.json."""
    manifest = gathered.manifest
    return {
        "file": str(out),
        "digest": gathered.digest,
        "bytes": out.stat().st_size,
        "runs": [run.id for run in manifest.runs],
        "values": values,
        "claims": [
            {"name": j.name, "outcome": j.outcome} for c in manifest.claims for j in c.judged
        ],
        "beside": [str(path) for path in beside],
    }


def _counts(gathered: Gathered) -> tuple[int, int]:
    """How many values a file holds that `verify` compares, and how many times, which it cannot."""
    histories = [text for name, text in gathered.members.items() if name.endswith("/history.csv")]
    times = sum(text.count(b"\ntime/") for text in histories)
    return sum(run.values for run in gathered.manifest.runs) - times, times


def _by(options: argparse.Namespace) -> list[str]:
    return options.by.split(",") if options.by else []


def _claims(options: argparse.Namespace) -> dict[str, str]:
    """The texts of the files of claims that go with the runs, by name.

    Raises:
        UserError: there are no such claims.
    """
    known = claims_files()
    own = [name for name in options.experiment or () if name in known]
    found = {}
    for name in dict.fromkeys([*own, *options.claims]):
        path = claims_file(name)
        if path is None:
            near = suggestion(name, known)
            raise UserError(f"--claims {name}: allowed: {', '.join(known)}, or a YAML file{near}")
        read_claims(path)  # What is wrong with it is said before anything else is done.
        found[path.stem] = path.read_text("utf-8")
    return found


def _parser() -> argparse.ArgumentParser:
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
    parser.add_argument(
        "--experiment",
        action="append",
        metavar="NAME",
        help="all finished runs of an experiment; may be given several times",
    )
    parser.add_argument(
        "--where", metavar="FILTER", help="with --experiment: only these, in MLflow's filter syntax"
    )
    parser.add_argument("--out", metavar="FILE.nnexp", help="the file to write")
    parser.add_argument("--weights", action="store_true", help="the networks' weights too")
    parser.add_argument(
        "--parquet", action="store_true", help="all values beside it as a Parquet table"
    )
    parser.add_argument(
        "--by", metavar="KEY,KEY", help="a comparison too: its settings, as in compare"
    )
    parser.add_argument("--metric", metavar="NAME", help=f"with --by or --latex (default {METRIC})")
    parser.add_argument(
        "--claims",
        action="append",
        default=[],
        metavar="NAME|FILE.yaml",
        help="claims too, judged from its runs (of an experiment NAME that has claims: those)",
    )
    parser.add_argument(
        "--latex", action="store_true", help="a table and a figure of its settings beside it"
    )
    parser.add_argument("--badge", action="store_true", help="an SVG image for a page beside it")
    parser.add_argument("--bibtex", action="store_true", help="an entry to cite it by beside it")
    parser.add_argument("--sign", metavar="KEYFILE", help="sign it with this Ed25519 key")
    parser.add_argument("--signed-by", metavar="NAME", help="with --sign: who exports it")
    parser.add_argument(
        "--make-key", metavar="KEYFILE", help="only make a key to sign with, and its public half"
    )
    add_format(parser)
    return parser


def _check(options: argparse.Namespace) -> None:
    """Refuse what does not go together."""
    if options.out is None:
        raise UserError(f"export: --out is missing; allowed: --out FILE{SUFFIX}")
    if options.signed_by is not None and options.sign is None:
        raise UserError("--signed-by: allowed with --sign KEYFILE")
    if options.metric is not None and not (options.latex or options.by):
        raise UserError("--metric: allowed with --by or --latex")
    ids, experiments = options.run_ids, options.experiment
    given = [
        *([f"RUN_ID {' '.join(ids)}"] if ids else []),
        *([f"--sweep {options.sweep}"] if options.sweep is not None else []),
        *([f"--experiment {' '.join(experiments)}"] if experiments is not None else []),
    ]
    if len(given) != 1:
        said = f"{' with '.join(given)}: " if given else ""
        raise UserError(f"export: {said}allowed: one of RUN_ID, --sweep ID and --experiment NAME")
    if options.where and options.experiment is None:
        raise UserError("--where: allowed with --experiment NAME")


def _chosen(
    store: Store, options: argparse.Namespace
) -> tuple[Sequence[Run], Sequence[Run], Chosen]:
    """Runs, the sweeps they make up, and in what words they were chosen."""
    if options.sweep is not None:
        parent = find_sweep(store, options.sweep)
        name = str(parent.info.run_name or "")
        chosen = Chosen(kind="sweep", names=(name,), where=None)
        return runs_asked_for(store, parent), [parent], chosen
    if options.experiment is not None:
        names, where = tuple(dict.fromkeys(options.experiment)), options.where
        finished = "attributes.status = 'FINISHED'" + (f" and {where}" if where else "")
        runs = []
        for name in names:
            found = select(store, name, finished)
            if not found:
                narrowed = f" that --where {where} lets through" if where else ""
                raise UserError(
                    f"--experiment {name}: no finished runs{narrowed} are recorded in it"
                )
            runs += found
        return runs, sweeps_of(store, runs), Chosen(kind="experiment", names=names, where=where)
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
        compared = compare(frame, _by(options) or varied(frame), options.metric or METRIC)
        found[".pdf"] = figure(compared)
        picture = Path(name).with_suffix(".pdf").name
        found[".tex"] = latex(compared, name, gathered.digest, picture).encode()
    if options.badge:
        text = f"{some(len(gathered.manifest.runs), 'run')}, digest {gathered.digest[:8]}"
        found[".svg"] = badge("results", text, GREY)
    if options.bibtex:
        author = options.signed_by or ""
        found[".bib"] = bibtex(gathered.manifest, name, gathered.digest, author).encode()
    return found


def _say(out: Path, gathered: Gathered, counts: tuple[int, int]) -> None:
    runs = gathered.manifest.runs
    values, times = counts
    what = f"{some(len(runs), 'run')}, {values:,} values and {times:,} times"
    print(printable(f"written  {out} ({out.stat().st_size:,} bytes): {what}"))
    print(f"digest   {gathered.digest}")
    print(f"check    python -m nnexp verify {shlex.quote(str(out))}")
