"""`python -m nnexp runs`: the recorded runs as a table."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import Any

import pandas as pd
from rich.table import Table

from nnexp.commands.options import Parser, add_selection, experiments, filters, selected
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
        "python -m nnexp runs --where 'params.`reg.name` = \"l2\"' --format csv",
    )
    add_selection(parser)
    options = parser.parse_args(arguments)
    frame = selected(options)
    if options.format == "csv":
        frame.to_csv(sys.stdout, index=False)
    elif options.format == "json":
        records = [{k: _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]
        json.dump(records, sys.stdout, indent=1, ensure_ascii=False, allow_nan=False)
        print()
    else:
        _print(frame, ", ".join(experiments(options)), filters(options))
    return 0


def _plain(value: Any) -> Any:
    """A value as JSON knows it, every digit kept: what is missing or not finite is null."""
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return None if value is pd.NA or value is pd.NaT else value


def _print(frame: pd.DataFrame, experiment: str, where: str | None) -> None:
    console = new_console()
    if frame.empty:
        which = f"match --where {where}" if where else "are recorded"
        text = f"no runs of experiment {experiment} {which}"
        console.print(safe(text), highlight=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    shown = [(key, title) for key, title in COLUMNS if key in frame]
    for key, title in shown:
        justify = "left" if key in ("run_id", "name", "status") else "right"
        # An id cut short is of no use; on a narrow terminal names are.
        width = {"run_id": 8, "name": 12}.get(key)
        # Names are broken over lines before numbers are cut.
        table.add_column(title or key, justify=justify, no_wrap=key != "name", min_width=width)  # type: ignore[arg-type]
    for _, row in frame.iterrows():
        table.add_row(*(_cell(key, row[key]) for key, _ in shown))
    console.print(table)
    failed = frame[frame["status"] == "FAILED"]
    for _, row in failed.iterrows():
        console.print(safe(f"failed: {row['run_id'][:8]} {row['name']}: {row['reason']}"))
    count = "1 run" if len(frame) == 1 else f"{len(frame)} runs"
    console.print(f"{count}; python -m nnexp show RUN_ID tells more", highlight=False)


def _cell(key: str, value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if key == "run_id":
        return str(value)[:8]
    if isinstance(value, float):
        return f"{value:.1f}" if key.startswith("time/") else f"{value:.2%}"
    return safe(str(value))
