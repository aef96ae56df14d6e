"""`python -m nnexp experiments`: what is recorded, by MLflow experiment."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

import pandas as pd

from nnexp.cli.formats import TABLES, add_format, print_json
from nnexp.cli.options import Parser
from nnexp.record.clock import shown_time
from nnexp.record.store import Store, open_store
from nnexp.study.frames import starts_of_kind
from nnexp.study.lookup import all_experiments
from nnexp.terminal import new_console, plain_table, safe

COUNTED = (("runs", "run"), ("sweeps", "sweep"), ("forks", "fork"), ("published", "published"))
"""Columns, and the kinds of runs that they count."""


def main(arguments: Sequence[str]) -> int:
    """List the recorded experiments."""
    parser = Parser(
        "experiments",
        "The recorded MLflow experiments: how many runs and sweeps each holds, and its last run.",
        "python -m nnexp experiments --format csv",
    )
    add_format(parser, TABLES)
    options = parser.parse_args(arguments)
    found = _experiments(open_store(options.tracking_uri, reading=True))
    if options.format == "csv":
        found.to_csv(sys.stdout, index=False, lineterminator="\n")
    elif options.format == "json":
        print_json(found.to_dict("records"))
    else:
        _print(found)
    return 0


def _experiments(store: Store) -> pd.DataFrame:
    """One row an experiment, the one with the latest run first; those without any run are none."""
    rows: list[tuple[int, dict[str, object]]] = []
    names = all_experiments(store)
    found = {title: starts_of_kind(store, names, kind) for title, kind in COUNTED}
    for number, name in names.items():
        latest = max((start for kind in found.values() for start in kind[number]), default=None)
        if latest is not None:
            counts = {title: len(kind[number]) for title, kind in found.items()}
            rows.append((latest, {"experiment": name, **counts, "last": shown_time(latest)}))
    rows.sort(key=lambda row: -row[0])
    return pd.DataFrame(
        [row for _, row in rows], columns=["experiment", *(title for title, _ in COUNTED), "last"]
    )


def _print(found: pd.DataFrame) -> None:
    console = new_console()
    if found.empty:
        console.say("nothing is recorded here; python -m nnexp trains and records a run")
        return
    table = plain_table()
    shown = [c for c in found if c in ("experiment", "runs", "last") or found[c].any()]
    for title in shown:
        justify = "left" if title in ("experiment", "last") else "right"
        heading = "last run (UTC)" if title == "last" else title
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for row in found[shown].itertuples(index=False):
        table.add_row(*(safe(str(cell)) for cell in row))
    console.print(table)
    name = found["experiment"].iloc[0]
    typed = shlex.join(["python", "-m", "nnexp", "runs", "--experiment", str(name)])
    console.say(f"{typed} lists its runs")
