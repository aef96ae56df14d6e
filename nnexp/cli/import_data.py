"""`python -m nnexp import-data SOURCE --out DIR`: data of one's own, for `data=idx`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nnexp.cli.formats import add_format, done, said_beside
from nnexp.cli.options import Parser
from nnexp.config.arguments import printable
from nnexp.config.plurals import some
from nnexp.errors import UserError
from nnexp.study.own_data import ALLOWED, OwnData, read_own, write_idx
from nnexp.terminal import new_console


def main(arguments: Sequence[str]) -> int:
    """Write four IDX files, and say what trains on them."""
    parser = Parser(
        "import-data",
        "Write data of your own as the four IDX files that data=idx reads. "
        f"{ALLOWED[0].upper()}{ALLOWED[1:]}. A folder with train and test in it keeps its parts.",
        "python -m nnexp import-data pictures --out pictures-idx",
    )
    parser.add_argument("source", metavar="SOURCE", help="a folder, or a .csv, .npz or .npy file")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to write into")
    parser.add_argument(
        "--test", type=float, default=0.2, metavar="P", help="fraction for testing (default 0.2)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="which ones are drawn for testing"
    )
    add_format(parser)
    options = parser.parse_args(arguments)
    if not 0 < options.test < 1:
        raise UserError(f"--test {options.test}: allowed: 0 < P < 1")
    if options.seed < 0:
        raise UserError(f"--seed {options.seed}: allowed: at least 0")
    out = Path(options.out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {printable(options.out)}: is there already; allowed: a new folder")
    data = read_own(Path(options.source), test=options.test, seed=options.seed)
    try:
        write_idx(out, data)
    except OSError as error:
        raise UserError(f"--out {printable(options.out)}: cannot be written: {error}") from error
    with said_beside(options.format):
        _say(options.out, data)
    return done(options.format, files=sorted(map(str, out.iterdir())))


def _say(out: str, data: OwnData) -> None:
    """What was written, and what trains on it."""
    n = len(data.labels) - data.n_test
    height, width = data.images.shape[1:]
    console = new_console()
    counts = np.bincount(data.labels, minlength=len(data.classes))
    said = ", ".join(f"{name} ({count})" for name, count in zip(data.classes, counts, strict=True))
    console.say(
        f"{some(n, 'training image')} and {some(data.n_test, 'test image')}, {height} x {width}; "
        f"{data.scaling}"
    )
    console.say(f"{len(data.classes)} classes: {said}")
    held = max(1, n // 6)
    root = shlex.quote(out)
    typed = f"data=idx data.root={root} size={n - held} data.n_validation={held}"
    console.say(f"written    {out}")
    console.say(f"train      python -m nnexp {typed}")
