"""`python -m nnexp runs`: the recorded runs as a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pandas as pd
from rich.table import Table

from nnexp.commands.options import Parser, add_selection
from nnexp.study.frames import runs
from nnexp.terminal import console as new_console
from nnexp.terminal import safe

COLUMNS = (
    ("run_id", "run"),
    ("name", ""),
    ("status", ""),
    ("best/validation_accuracy", "best validation"),
    ("test/accuracy", "test"),
    ("gap/final", "gap"),
    ("time/train_seconds", "training s"),
)


def main(arguments: Sequence[str]) -> int:
    """Print the recorded runs."""
    parser = Parser(
        "runs",
        "The recorded runs of an experiment, the latest first. csv and json hold every parameter "
        "and metric.",
        "python -m nnexp runs --where \"params.`reg.name` = 'l2'\" --format csv",
    )
    add_selection(parser)
    options = parser.parse_args(arguments)
    frame = runs(options.tracking_uri, options.experiment, options.where)
    if options.format == "csv":
        frame.to_csv(sys.stdout, index=False)
    elif options.format == "json":
        sys.stdout.write(frame.to_json(orient="records", date_format="iso", indent=1) + "\n")
    else:
        _print(frame, options.experiment)
    return 0


def _print(frame: pd.DataFrame, experiment: str) -> None:
    console = new_console()
    if frame.empty:
        console.print(f"no runs are recorded in experiment {safe(experiment)}")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    shown = [(key, title) for key, title in COLUMNS if key in frame]
    for key, title in shown:
        justify = "left" if key in ("run_id", "name", "status") else "right"
        table.add_column(title or key, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for _, row in frame.iterrows():
        table.add_row(*(_cell(key, row[key]) for key, _ in shown))
    console.print(table)
    failed = frame[frame["status"] == "FAILED"]
    for _, row in failed.iterrows():
        console.print(safe(f"failed: {row['run_id'][:8]} {row['name']}: {row['reason']}"))
    console.print(f"{len(frame)} runs; python -m nnexp show RUN_ID tells more", highlight=False)


def _cell(key: str, value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if key == "run_id":
        return str(value)[:8]
    if isinstance(value, float):
        return f"{value:.1f}" if key.startswith("time/") else f"{value:.2%}"
    return safe(str(value))
