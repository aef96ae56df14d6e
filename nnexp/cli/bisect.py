"""`verify --bisect`: the first epoch, mini-batch and operation that came out otherwise."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnexp.cli.verify_options import check_writable
from nnexp.config.arguments import printable
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.study.bisect import check_epoch, parting, read_trace, trace, write_trace
from nnexp.study.verification import Difference

_ONLY = ("epoch", "trace", "against")


def add_bisect_options(parser: argparse.ArgumentParser) -> None:
    """The options of `--bisect`."""
    parser.add_argument(
        "--bisect",
        action="store_true",
        help="where a run differs: the first epoch; with --against also mini-batch and operation",
    )
    parser.add_argument(
        "--epoch", type=int, metavar="N", help="with --bisect: look into this epoch (the first)"
    )
    parser.add_argument(
        "--trace", metavar="FILE.json", help="with --bisect: write what each operation gave here"
    )  # fmt: skip
    parser.add_argument(
        "--against", metavar="FILE.json", help="with --bisect: the trace of another machine"
    )


def check_bisect_options(options: argparse.Namespace) -> None:
    """Refuse options that do not go together, and files that cannot be read or written.

    Raises:
        UserError: there are such.
    """
    for name in _ONLY:
        if getattr(options, name) is not None and not options.bisect:
            raise UserError(f"--{name}: allowed with --bisect")
    if options.epoch is not None and options.epoch < 1:
        raise UserError(f"--epoch {options.epoch}: allowed: at least 1")
    if options.against is not None and options.epoch is not None:
        raise UserError("--epoch: allowed without --against, whose file says it")
    if options.trace is not None:
        check_writable("--trace", Path(options.trace))
    if options.against is not None and not Path(options.against).is_file():
        raise UserError(f"--against {options.against}: no such file; allowed: a file of --trace")


def bisect(
    options: argparse.Namespace,
    which: Sequence[str],
    config: Config,
    dataset: Dataset,
    differences: Sequence[Difference],
) -> dict[str, Any]:
    """Say where a run parts from its record, or from another machine's trace; as JSON too.

    `which` are the words that name the run to `verify`.

    Raises:
        UserError: an epoch that the run does not have, or a file that is no trace of it.
    """
    if options.epoch is not None:
        check_epoch(config, options.epoch)
    first = min((difference.step for difference in differences), default=None)
    epoch = options.epoch or first or 1
    said: dict[str, Any] = {"first_epoch_that_differs": first, "parting": None}
    if differences:
        where = f"in epoch {first}, or where nothing was measured since the last"
        if not first:
            where = "before the first epoch: what measures rounds otherwise, or the initial weights"
        print(f"the recorded values part {where}")
    elif options.trace is None and options.against is None:
        print("no recorded value came out otherwise: there is nothing to look for")
    if options.against is not None:
        theirs = read_trace(Path(options.against), config, dataset)
        ours = trace(config, dataset, theirs.epoch)
        if theirs.operations != ours.operations:
            raise UserError(f"--against {options.against}: is of another version of this program")
        found = parting(theirs, ours)
        print(printable(f"there: {theirs.where}; here:  {ours.where}"))
        print(f"the traces part {found}" if found else "the traces are the same, bit for bit")
        if found is not None:
            said["parting"] = {
                "epoch": found.epoch,
                "mini_batch": found.batch,
                "operation": found.operation or None,
            }
            if found.batch is None and found.epoch:
                typed = shlex.join([*which, "--bisect", "--epoch", str(found.epoch)])
                print(f"look   there: python -m nnexp verify {typed} --trace FILE.json; then here")
    elif options.trace is None and differences:
        line = f"python -m nnexp verify {shlex.join([*which, '--bisect'])}"
        print(f"look   there: {line} --epoch {epoch} --trace there.json")
        print(f"       here:  {line} --against there.json")
    if options.trace is not None:
        ours = trace(config, dataset, epoch)
        write_trace(Path(options.trace), ours)
        count = f"{len(ours.batches)} mini-batches"
        print(printable(f"written  {options.trace}: epoch {ours.epoch}, {count}"))
    return said
