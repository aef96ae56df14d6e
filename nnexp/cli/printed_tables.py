"""Tables as commands print them: on the screen, as Markdown or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich.markup import escape

from nnexp.cli.formats import print_json
from nnexp.config.rounding import settled
from nnexp.study.metric import Metric
from nnexp.study.statistics import Summary, summarize
from nnexp.study.text_table import TextTable
from nnexp.terminal import new_console, plain_table

FORMS = ("table", "markdown", "json")


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
