"""Commands about recorded networks: which ones, and tables of what they do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Literal

from rich.markup import escape

from nnexp.cli.formats import add_format, print_json
from nnexp.config.rounding import settled
from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.study.members import Members, members
from nnexp.study.metric import Metric
from nnexp.study.statistics import Summary, summarize
from nnexp.study.text_table import TextTable
from nnexp.terminal import new_console, plain_table

FORMS = ("table", "markdown", "json")


def add_networks(parser: argparse.ArgumentParser) -> None:
    """The options that choose networks and the form of the output."""
    parser.add_argument("sweep", nargs="?", metavar="SWEEP_ID", help="the runs of this sweep")
    parser.add_argument(
        "--experiment", default="nnexp", metavar="NAME", help="MLflow experiment (default nnexp)"
    )
    parser.add_argument(
        "--where", metavar="FILTER", help="only these runs, in MLflow's filter syntax"
    )
    add_format(parser, FORMS)


def networks(store: Store, options: argparse.Namespace) -> list[Members]:
    """The settings that the options of `add_networks` choose.

    Raises:
        UserError: a sweep and a filter at once, or what `members` refuses.
    """
    if options.sweep and options.where:
        raise UserError("--where: allowed without SWEEP_ID")
    return members(store, sweep=options.sweep, experiment=options.experiment, where=options.where)


def print_tables(tables: Sequence[TextTable], form: str) -> None:
    """Print tables in one of `FORMS`."""
    if form == "markdown":
        print("\n\n".join(markdown(table) for table in tables))
    elif form == "json":
        print_json([_plain(table) for table in tables])
    else:
        for table in tables:
            _print(table)


def markdown(table: TextTable) -> str:
    """A table as Markdown, and the command that makes it."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (table.head, *table.rows)]
    head, *rows = ["| " + " | ".join(row) + " |" for row in cells]
    text = [i < table.texts or title == "verdict" for i, title in enumerate(table.head)]
    line = "|" + "".join("---|" if left else "--:|" for left in text)
    ticks = "``" if "`" in table.command else "`"
    notes = [table.note, f"made by {ticks}{table.command}{ticks}" if table.command else ""]
    return "\n".join(
        [f"### {table.title}", "", head, line, *rows, "", "; ".join(filter(None, notes)), ""]
    )


def mean_with_interval(values: Summary | Sequence[float], scale: float, digits: int) -> str:
    """`96.03 (95.86 to 96.19)`: the mean and its 95 % interval; of one value the mean alone."""
    # What commands show so are shares in percent, and costs.
    bounds = Metric("accuracy" if scale == 100.0 else "cost").bounds
    s = values if isinstance(values, Summary) else summarize(values, bounds=bounds)
    mean, low, high = (f"{settled(scale * v):.{digits}f}" for v in (s.mean, s.low, s.high))
    return mean if s.n < 2 else f"{mean} ({low} to {high})"


def _plain(table: TextTable) -> dict[str, object]:
    rows = [dict(zip(table.head, row, strict=True)) for row in table.rows]
    return {"title": table.title, "rows": rows, "note": table.note, "command": table.command}


def _print(table: TextTable) -> None:
    console = new_console()
    console.print(escape(table.title), style="bold", highlight=False)
    drawn = plain_table()
    for i, title in enumerate(table.head):
        left = i < table.texts
        # On a narrow terminal titles are broken over lines, numbers never.
        widest = 0 if left else max((len(row[i]) for row in table.rows), default=0)
        justify: Literal["left", "right"] = "left" if left else "right"
        drawn.add_column(escape(title), justify=justify, min_width=widest, overflow="fold")
    for row in table.rows:
        drawn.add_row(*map(escape, row))
    console.print(drawn)
    made_by = f"this table: {table.command}" if table.command else ""
    console.say(*filter(None, (table.note, made_by)), "")
