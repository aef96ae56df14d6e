"""`python -m nnexp runs`: the recorded runs as a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd
from rich.cells import cell_len

from nnexp.cli.formats import print_json
from nnexp.cli.options import Parser
from nnexp.cli.run_options import add_selection, experiments, filters, selected
from nnexp.config.plurals import some
from nnexp.config.suggest import suggestion
from nnexp.errors import UserError
from nnexp.record.store import open_store
from nnexp.study.metric import Metric
from nnexp.terminal import new_console, plain_table, safe

COLUMNS = (
    ("run_id", "run"),
    ("experiment", "experiment"),
    ("name", ""),
    ("status", ""),
    ("labels", "tags"),
    ("best/validation_accuracy", "best validation"),
    ("test/accuracy", "test"),
    ("gap/final", "gap"),
    ("time/train_seconds", "training s"),
)
"""What the table shows unless columns are chosen: those of them that say something."""

TEXTS = ("run_id", "experiment", "name", "status", "labels", "note", "command", "reason")


def main(arguments: Sequence[str]) -> int:
    """Print the recorded runs."""
    parser = Parser(
        "runs",
        "The recorded runs of an experiment, the latest first. csv and json hold every parameter "
        "and metric.",
        "python -m nnexp runs --where 'params.`reg.name` = \"l2\"' --format csv\n"
        "  python -m nnexp runs --all --sort test/accuracy --reverse --limit 10",
    )
    add_selection(parser)
    parser.add_argument("--all", action="store_true", help="the runs of all experiments")
    parser.add_argument("--sort", metavar="COLUMN", help="by a key, metric or tag, the least first")
    parser.add_argument("--reverse", action="store_true", help="the other way round")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N of them")
    parser.add_argument(
        "--columns", metavar="COLUMN,…", help="what to show: keys, metrics, tags.KEY, note, …"
    )
    options = parser.parse_args(arguments)
    if options.all and (options.experiment or options.sweep):
        raise UserError("--all: allowed without --experiment and --sweep")
    if options.limit is not None and options.limit < 1:
        raise UserError(f"--limit {options.limit}: allowed: at least 1")
    most = _enough(options)
    store = open_store(options.tracking_uri, reading=True)
    everything = selected(store, options, most)
    frame = _arranged(everything, options)
    if options.format == "csv":
        frame.to_csv(sys.stdout, index=False, lineterminator="\n")
    elif options.format == "json":
        print_json([{k: _plain(v) for k, v in row.items()} for row in frame.to_dict("records")])
    elif frame.empty:
        _say_none(", ".join(experiments(store, options)), filters(options))
    else:
        count = _count(len(frame), len(everything), known=most is None)
        _print(frame, count, chosen=options.columns is not None)
    return 0


def _enough(options: argparse.Namespace) -> int | None:
    """How many of the latest runs must be read, one more than are shown: of many a server takes
    minutes to read all.
    """
    if options.limit is None or options.sort or options.reverse or options.sweep:
        return None
    return int(options.limit) + 1


def _arranged(frame: pd.DataFrame, options: argparse.Namespace) -> pd.DataFrame:
    """Sorted, cut to the first rows and to the columns that were asked for."""
    if frame.empty:
        return frame
    typed = options.columns.split(",") if options.columns is not None else []
    columns = list(dict.fromkeys(key.strip() for key in typed))
    for option, key in [("--sort", options.sort), *(("--columns", key) for key in columns)]:
        if key is not None and key not in frame:
            near = suggestion(key, map(str, frame.columns))
            raise UserError(f"{option} {key}: no such column of these runs{near}; csv has them all")
    if options.sort is not None:
        frame = frame.sort_values(
            options.sort, ascending=not options.reverse, kind="stable", na_position="last"
        )
    elif options.reverse:
        frame = frame[::-1]
    frame = frame.head(options.limit) if options.limit is not None else frame
    return frame[columns] if columns else frame


def _plain(value: Any) -> Any:
    """A value as JSON knows it, every digit kept: what is missing is null."""
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return None if value is pd.NA or value is pd.NaT else value


def _say_none(experiment: str, where: str | None) -> None:
    which = f"match --where {where}" if where else "are recorded"
    new_console().say(f"no runs of experiment {experiment} {which}")


def _count(shown: int, read: int, *, known: bool) -> str:
    if shown == read:
        return some(read, "run")
    if known:
        return f"{shown} of {some(read, 'run')}"
    return f"{some(shown, 'run')}, more are recorded"


def _print(frame: pd.DataFrame, count: str, *, chosen: bool) -> None:
    console = new_console()
    table = plain_table()
    frame = frame if chosen else frame.assign(labels=_labels(frame))
    shown = [(str(key), str(key)) for key in frame] if chosen else _telling(frame)
    cells = {key: [_cell(key, value) for value in frame[key]] for key, _ in shown}
    for key, title in shown:
        justify: Literal["left", "right"] = (
            "left" if key in TEXTS or key.startswith("tags.") else "right"
        )
        # On a narrow terminal names and titles are broken over lines: an id or a number that is
        # cut short is of no use.
        wraps = key in ("name", "labels", "note", "command", "reason")
        width = None if wraps else max(map(cell_len, cells[key]), default=0)
        width = 12 if key == "name" else width
        table.add_column(title or key, justify=justify, min_width=width)
    for line in zip(*cells.values(), strict=True):
        table.add_row(*line)
    console.print(table)
    if not chosen:
        for _, row in frame[frame["status"] == "FAILED"].iterrows():
            console.print(safe(f"failed: {row['run_id'][:8]} {row['name']}: {row['reason']}"))
    console.say(f"{count}; python -m nnexp show RUN_ID tells more")


def _telling(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """The columns of `COLUMNS` that say something: no tags where there are none."""
    there = [(key, title) for key, title in COLUMNS if key in frame]
    dull = {"experiment"} if frame["experiment"].nunique() < 2 else set()
    return [pair for pair in there if pair[0] not in dull and frame[pair[0]].astype(bool).any()]


def _labels(frame: pd.DataFrame) -> list[str]:
    """A user's own tags of each run: `done paper=fig3`."""
    keys = [str(key) for key in frame if str(key).startswith("tags.")]
    rows = frame[keys].itertuples(index=False)
    words = [key.removeprefix("tags.") for key in keys]
    return [
        " ".join(f"{k}={v}" for k, v in zip(words, row, strict=True) if isinstance(v, str) and v)
        for row in rows
    ]


def _cell(key: str, value: object) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if key == "run_id":
        return str(value)[:8]
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        if key.startswith("time/") or key == "seconds":
            return f"{value:.1f}"
        return f"{value:.2%}" if Metric(key).scale != 1.0 else f"{value:.4g}"
    return safe(str(value))
