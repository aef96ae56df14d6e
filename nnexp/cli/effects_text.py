"""The effects of single keys on the screen, and the tables of keys that interact."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nnexp.study.compare import Comparison
from nnexp.study.effect_rows import chosen, effect_notes, effect_row
from nnexp.study.effects import Effect, Interaction, simple_effect
from nnexp.study.metric import Metric
from nnexp.study.two_keys import best_of, interacting, interaction_text, means, sides
from nnexp.terminal import plain_table

NARROW = 100
"""On terminals of fewer columns, tables of differences do without some."""


def show_effects(console: Console, comparison: Comparison, metric: Metric, *, every: bool) -> None:
    """Print them; `every`: of keys with many values all differences, not those from the best."""
    shown = comparison.effects if every else chosen(comparison)
    console.print()
    console.print(_effects(comparison, shown, metric, console.width))
    for line in effect_notes(comparison, len(shown), rest=", all with --pairs"):
        console.print(escape(line), highlight=False)
    for test in interacting(comparison):
        console.print(escape(f"\nwarning: {interaction_text(comparison, test)}"), highlight=False)
        console.print(_cells(comparison, test, metric))
    if interacting(comparison):
        console.print()


def _effects(
    comparison: Comparison, effects: Sequence[Effect], metric: Metric, width: int
) -> Table:
    """The better value as A. Labels name their key: on a narrow terminal it has no column."""
    narrow = width < NARROW
    table = plain_table()
    for title in ("A", "B") if narrow else ("effect of", "A", "B"):
        table.add_column(title)
    unit = metric.difference_unit.strip()
    difference = f"A - B ({unit})" if unit else "A - B"
    counts = () if narrow else ("seeds", "over")
    for title in (*counts, difference, comparison.rule.interval_name, "p"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("")
    for e in effects:
        row, factor = effect_row(e, metric), comparison.design.factors[e.at]
        table.add_row(
            *(() if narrow else (escape(e.factor),)),
            escape(factor.label(row.a)),
            escape(factor.label(row.b)),
            *(() if narrow else (row.seeds, row.over)),
            metric.text(row.mean, sign=True),
            f"{metric.text(row.low, sign=True)} to {metric.text(row.high, sign=True)}",
            f"{e.p:.2g}",
            escape(row.verdict),
        )
    return table


def _cells(comparison: Comparison, test: Interaction, metric: Metric) -> Table:
    """The means of two factors that interact, averaged over the others; of two columns, A − B."""
    rows, columns = sides(comparison, test)
    line, column = comparison.design.factors[rows], comparison.design.factors[columns]
    table = plain_table(caption_justify="left")
    table.add_column(escape(f"mean by {line.name}"))
    for k in range(len(column.levels)):
        table.add_column(escape(column.label(k)), justify="right")
    two = len(column.levels) == 2
    if two:
        table.add_column("difference", justify="right")
        table.add_column("95 % interval", justify="right")
    cells = means(comparison, rows, columns)
    marked = [best_of(values, metric) for values in zip(*cells, strict=True)]
    many = len(cells) > 2
    for r, values in enumerate(cells):
        texts = [
            metric.text(value) + ((" *" if marked[k] == r else "  ") if many else "")
            for k, value in enumerate(values)
        ]
        if two:
            texts += _simple(comparison, (columns, rows, r), metric)
        table.add_row(escape(line.label(r)), *texts)
    if many:
        table.caption = f"* {metric.superlative} of its column"
    return table


def _simple(comparison: Comparison, at: tuple[int, int, int], metric: Metric) -> list[str]:
    """The difference between two columns in one row, with its own interval."""
    z = simple_effect(comparison.design, *at)
    if z is None:
        return ["-", "-"]
    low, high = z.interval
    return [
        metric.text(z.mean, sign=True),
        f"{metric.text(low, sign=True)} to {metric.text(high, sign=True)}",
    ]
