"""The forms of a command's output: text for people; JSON and CSV for programs, by themselves."""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

TABLES = ("table", "csv", "json")
"""The forms of a command that lists something."""


def add_format(parser: argparse.ArgumentParser, forms: Sequence[str] = ("text", "json")) -> None:
    """`--format`, by default the first; of a command that does something what came of it."""
    parser.add_argument("--format", choices=forms, default=forms[0], help="form of the output")


@contextmanager
def said_beside(form: str) -> Iterator[None]:
    """With json, let what is said within go to standard error: output holds nothing else."""
    if form == "json":
        with redirect_stdout(sys.stderr):
            yield
    else:
        yield


def print_json(content: Any) -> None:
    """Print for a program; NaN and infinity, which JSON does not know, as null."""
    json.dump(_finite(content), sys.stdout, indent=1, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")


def print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print for a program; a row without a name of another leaves its cell empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def done(form: str, *, runs: Sequence[str] = (), files: Sequence[str] = ()) -> int:
    """With json, print what a command has recorded, changed or written; exit code 0."""
    if form == "json":
        print_json({"runs": list(runs), "files": list(files)})
    return 0


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
