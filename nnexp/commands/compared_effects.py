"""The effects of single keys on the screen, and the tables of keys that interact."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nnexp.study.answer import best_of, interacting, interaction_text, means, sides
from nnexp.study.compare import Comparison
from nnexp.study.effects import Effect, Interaction, simple_effect
from nnexp.study.judge import Judged
from nnexp.study.metric import Metric
from nnexp.study.setting import open_text

ALL_LEVELS = 3
"""Of a factor with up to so many values all differences are shown, else those from its best."""

NARROW = 100
"""On terminals of fewer columns, tables of differences do without some."""


def show_effects(console: Console, found: Comparison, metric: Metric, *, every: bool) -> None:
    """Print them; `every`: of keys with many values all differences, not those from the best."""
    shown = found.effects if every else chosen(found)
    console.print()
    console.print(_effects(found, shown, metric, console.width))
    for line in _effect_notes(found, shown):
        console.print(escape(line), highlight=False)
    for test in interacting(found):
        console.print(escape(f"\nwarning: {interaction_text(found, test)}"), highlight=False)
        console.print(_cells(found, test, metric))
    if interacting(found):
        console.print()


def chosen(found: Comparison) -> list[Effect]:
    """The effects that are shown, the better value always as A."""
    kept = []
    for i, factor in enumerate(found.design.factors):
        mine = [e for e in found.effects if e.at == i]
        if len(factor.levels) > ALL_LEVELS:
            best = _best_level(mine, len(factor.levels), Metric(found.metric))
            mine = [e for e in mine if best in (e.u, e.v)]
        kept += mine
    return kept


def _best_level(effects: Sequence[Effect], count: int, metric: Metric) -> int:
    """By the mean difference from the other values."""
    scores = [0.0] * count
    for e in effects:
        scores[e.u] += e.mean
        scores[e.v] -= e.mean
    return scores.index(min(scores) if metric.lower_is_better else max(scores))


def _effects(found: Comparison, effects: Sequence[Effect], metric: Metric, width: int) -> Table:
    """The better value as A. Labels name their key: on a narrow terminal it has no column."""
    narrow = width < NARROW
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("A", "B") if narrow else ("effect of", "A", "B"):
        table.add_column(title)
    unit = metric.difference_unit.strip()
    difference = f"A - B ({unit})" if unit else "A - B"
    counts = () if narrow else ("seeds", "over")
    for title in (*counts, difference, found.rule.interval_name, "p"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("")
    for e in effects:
        turn = (e.mean > 0.0) == bool(metric.lower_is_better)
        mean, low, high = (-e.mean, -e.high, -e.low) if turn else (e.mean, e.low, e.high)
        seeds = str(e.n) if e.paired else f"{e.n}, unpaired"
        over = str(e.cells) if e.cells == e.of_cells else f"{e.cells} of {e.of_cells}"
        table.add_row(
            *(() if narrow else (escape(e.factor),)),
            escape(e.b if turn else e.a),
            escape(e.a if turn else e.b),
            *(() if narrow else (seeds, over)),
            metric.text(mean, sign=True),
            f"{metric.text(low, sign=True)} to {metric.text(high, sign=True)}",
            f"{e.p:.2g}",
            escape(short_verdict(e, metric, swapped=turn)),
        )
    return table


def short_verdict(judged: Judged, metric: Metric, *, swapped: bool = False) -> str:
    """For a column of a table; `swapped` where it is shown as B against A."""
    if judged.resolved:
        higher = (judged.verdict == "higher") != swapped
        told = f"A is {'higher' if higher else 'lower'}"
        return f"{told}, equivalent" if judged.equivalent else told
    if judged.equivalent:
        return "equivalent"
    if judged.tempting:
        return "not resolved among so many"
    told = open_text(judged, metric)
    return told.replace(" would be needed", "").replace("the difference is ", "")


def equivalent_line(found: Comparison, many: str) -> list[str]:
    """What equivalent means, where it is asked for; `many` says for how many it is corrected."""
    within = found.rule.within
    if within is None:
        return []
    test = "the same test" if found.rule.anytime else "two one-sided t tests"
    margin = Metric(found.metric).margin(within)
    return [f"equivalent: the difference is below {margin} either way, by {test}{many}"]


def _effect_notes(found: Comparison, shown: Sequence[Effect]) -> list[str]:
    """How the table of effects is to be read."""
    lines = []
    if len(found.design.factors) > 1:
        lines.append(
            "each effect is the mean over so many combinations of the other keys, paired by seed "
            "and combination"
        )
    count = len(found.effects)
    many = f", corrected for {count} effects (Holm)" if count > 1 else ""
    left = "; of keys with many values those from the best, all with --pairs" * (len(shown) < count)
    test = "1/E of an anytime-valid t test" if found.rule.anytime else "t test"
    lines.append(f"p: {test} over seeds{many}{left}")
    lines += equivalent_line(found, many)
    if found.interactions and not interacting(found):
        lines.append(
            "no interaction is resolved: no effect differs beyond chance from one value of another "
            f"key to the next (differences of differences tested: {len(found.interactions)})"
        )
    out = max((e.left_out for e in found.effects), default=0)
    if out:
        lines.append(
            f"unbalanced: up to {out} seeds of an effect are not used, as not all of its settings "
            "have them"
        )
    return lines


def _cells(found: Comparison, test: Interaction, metric: Metric) -> Table:
    """The means of two factors that interact, averaged over the others; of two columns, A − B."""
    rows, columns = sides(found, test)
    line, column = found.design.factors[rows], found.design.factors[columns]
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    table.add_column(escape(f"mean by {line.name}"))
    for k in range(len(column.levels)):
        table.add_column(escape(column.label(k)), justify="right")
    two = len(column.levels) == 2
    if two:
        table.add_column("difference", justify="right")
        table.add_column("95 % interval", justify="right")
    cells = means(found, rows, columns)
    marked = [best_of(values, metric) for values in zip(*cells, strict=True)]
    many = len(cells) > 2
    for r, values in enumerate(cells):
        texts = [
            metric.text(value) + ((" *" if marked[k] == r else "  ") if many else "")
            for k, value in enumerate(values)
        ]
        if two:
            texts += _simple(found, (columns, rows, r), metric)
        table.add_row(escape(line.label(r)), *texts)
    if many:
        table.caption = f"* {metric.superlative} of its column"
    return table


def _simple(found: Comparison, at: tuple[int, int, int], metric: Metric) -> list[str]:
    """The difference between two columns in one row, with its own interval."""
    z = simple_effect(found.design, *at)
    if z is None:
        return ["-", "-"]
    low, high = z.interval
    return [
        metric.text(z.mean, sign=True),
        f"{metric.text(low, sign=True)} to {metric.text(high, sign=True)}",
    ]
