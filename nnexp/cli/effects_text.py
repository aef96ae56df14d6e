"""The effects of single keys on the screen, and the tables of keys that interact."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from nnexp.study.compare import Comparison
from nnexp.study.effect_rows import EffectRow, chosen, effect_notes, effect_row
from nnexp.study.effects import Contrast, Interaction, simple_effect
from nnexp.study.metric import Metric
from nnexp.study.two_keys import best_of, interacting, interaction_text, means, sides
from nnexp.terminal import Console, plain_table

NARROW = 100
"""On terminals of fewer columns, tables of differences do without some."""

WIDEST = 1000
"""Columns: more than any table has."""

LABEL = 20
"""Columns that a value with its key has on any terminal."""

VERDICT = 24
"""Into lines of so many columns a verdict may be broken before the table does without others."""


def show_effects(console: Console, comparison: Comparison, metric: Metric, *, every: bool) -> None:
    """Print them; `every`: of keys with many values all differences, not those from the best."""
    shown = comparison.effects if every else chosen(comparison)
    console.print()
    rows = [effect_row(e, metric) for e in shown]
    table = _effects(comparison, rows, metric, narrow=False)
    broken = max((len(row.verdict) - VERDICT for row in rows), default=0)
    wide = console.measure(table, options=console.options.update(max_width=WIDEST)).maximum
    if wide - max(broken, 0) > console.width:
        table = _effects(comparison, rows, metric, narrow=True)
    console.print(table)
    console.say(*effect_notes(comparison, len(shown), rest=", all with --pairs"))
    for test in interacting(comparison):
        console.say("", f"warning: {interaction_text(comparison, test)}")
        console.print(_cells(comparison, test, metric))
    if interacting(comparison):
        console.print()


def _effects(
    comparison: Comparison, rows: Sequence[EffectRow], metric: Metric, *, narrow: bool
) -> Table:
    """The better value as A. Labels name their key: on a narrow terminal once, and in no column."""
    table = plain_table()
    factors = comparison.design.factors
    longest = max((len(factors[row.effect.at].label(row.a)) for row in rows), default=0)
    for title in ("A", "B") if narrow else ("effect of", "A", "B"):
        least = min(LABEL, longest) if title == "A" else None
        table.add_column(title, no_wrap=not narrow, overflow="fold", min_width=least)
    counts = () if narrow else ("seeds", "over")
    for title in (*counts, metric.difference_title, comparison.rule.interval_name, "p"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("")
    for row in rows:
        e, factor = row.effect, factors[row.effect.at]
        b = " ".join(factor.levels[row.b]) if narrow else factor.label(row.b)
        table.add_row(
            *(() if narrow else (escape(e.factor),)),
            escape(factor.label(row.a)),
            escape(b),
            *(() if narrow else (row.seeds, row.over)),
            metric.text(row.mean, sign=True),
            metric.span(row.interval, sign=True),
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
        table.add_column(comparison.rule.interval_name, justify="right")
    cells = means(comparison, rows, columns)
    marked = [best_of(values, metric) for values in zip(*cells, strict=True)]
    many = len(cells) > 2
    differences = [
        simple_effect(comparison.design, columns, rows, r) if two else None
        for r in range(len(cells))
    ]
    for r, values in enumerate(cells):
        texts = [
            metric.text(value) + ((" *" if marked[k] == r else "  ") if many else "")
            for k, value in enumerate(values)
        ]
        if two:
            texts += _simple(differences[r], comparison, metric)
        table.add_row(escape(line.label(r)), *texts)
    captions = [f"* {metric.superlative} of its column"] if many else []
    # They leave out seeds that are in the means beside them.
    if any(z.left_out for z in differences if z is not None):
        captions.append("difference: on the seeds that all of its settings have")
    table.caption = "; ".join(captions) or None
    return table


def _simple(z: Contrast | None, comparison: Comparison, metric: Metric) -> list[str]:
    """The difference between two columns in one row, with its own interval."""
    if z is None:
        return ["-", "-"]
    interval = comparison.rule.interval(z)
    return [metric.text(z.mean, sign=True), metric.span(interval, sign=True)]
