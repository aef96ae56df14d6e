"""A comparison on the screen: the answer, the settings, effects or pairs, what is to be known."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nnexp.study.answer import answer, best_of, interacting, interaction_text, means, sides
from nnexp.study.compare import Comparison
from nnexp.study.effects import Effect, Interaction, simple_effect
from nnexp.study.metric import Metric
from nnexp.study.setting import Pair, more_seeds_text, settling
from nnexp.terminal import console as new_console

ALL_LEVELS = 3
"""Of a factor with up to so many values all differences are shown, else those from its best."""


def show(found: Comparison, *, pairs: bool) -> None:
    """Print it all; `pairs`: every pair of settings too."""
    console, metric = new_console(), Metric(found.metric)
    for sentence in answer(found):
        console.print(escape(sentence), highlight=False)
    what = f"{found.metric} in {metric.unit.strip().replace('%', 'percent')}"
    what = (what if metric.unit else found.metric) + f", by {', '.join(found.by)}"
    console.print(escape(f"\n{what}\n"), highlight=False)
    console.print(_settings(found, metric))
    two = len(found.settings) == 2
    if found.effects and not two and found.against is None:
        _show_effects(console, found, metric, every=pairs)
    if found.pairs and (two or pairs or found.against is not None):
        _show_pairs(console, found, metric)
    if found.mixed and found.pairs:
        console.print("not judged: the settings are mixed, as the first note says")
    if found.binomial is not None:
        console.print(
            f"beside the spread over seeds: an accuracy measured on 10,000 images has a standard "
            f"error of {100 * found.binomial:.2f} points",
            highlight=False,
        )
    for warning in found.warnings:
        console.print(escape(f"note: {warning}"), highlight=False)


def _settings(found: Comparison, metric: Metric) -> Table:
    """The best first; a single key heads the column of its values, of several each has its name."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(found.head)
    printed = any(s.published is not None for s in found.settings)
    titles = ["n", "failed", "mean", "95 % interval", "sd", "interquartile mean"]
    for title in [*titles, *(["published"] if printed else [])]:
        table.add_column(title, justify="right", no_wrap=True)
    for s in found.ranked:
        m = s.summary
        cells = [
            str(m.n),
            str(s.failed),
            metric.text(m.mean),
            f"{metric.text(m.low)} to {metric.text(m.high)}",
            metric.text(m.sd),
            metric.text(m.interquartile_mean),
        ]
        if printed:
            cells.append("" if s.published is None else metric.text(s.published))
        table.add_row(escape(found.named(s)), *cells)
    return table


def _show_pairs(console: Console, found: Comparison, metric: Metric) -> None:
    console.print()
    console.print(_pairs(found, metric))
    if len(found.pairs) == 1 and found.against is None and not found.mixed:
        console.print(escape(_verdict(found, found.pairs[0], metric)), highlight=False)
    for line in _tests(found):
        console.print(escape(line), highlight=False)


def _pairs(found: Comparison, metric: Metric) -> Table:
    """All pairs, A against B; or the others against a baseline, which the head names."""
    base = found.against
    told = not found.mixed and (len(found.pairs) > 1 or base is not None)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("A" if base is None else f"A, against B: {escape(base.label)}")
    if base is None:
        table.add_column("B")
    unit = metric.difference_unit.strip()
    difference = f"A - B ({unit})" if unit else "A - B"
    titles = ("pairs", difference, "95 % interval", "P(A > B)", "its interval", "p", "exact p")
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    if told:
        table.add_column("")
    for pair in _by_difference(found, metric) if base is not None else found.pairs:
        d = pair.difference
        table.add_row(
            *map(escape, _names(found, pair)[: 1 if base is not None else 2]),
            str(getattr(d, "n", "unpaired")),
            metric.text(d.mean, sign=True),
            f"{metric.text(d.low, sign=True)} to {metric.text(d.high, sign=True)}",
            f"{d.probability.value:.2f}",
            f"{d.probability.low:.2f} to {d.probability.high:.2f}",
            f"{pair.p:.2g}",
            f"{d.permutation_p:.2g}",
            *([_short_verdict(pair, metric)] if told else []),
        )
    return table


def _by_difference(found: Comparison, metric: Metric) -> list[Pair]:
    sign = 1.0 if metric.lower_is_better else -1.0
    return sorted(found.pairs, key=lambda p: sign * p.difference.mean)


def _short_verdict(pair: Pair, metric: Metric) -> str:
    if pair.resolved:
        return f"A is {pair.verdict}"
    if pair.difference.resolved:
        return "not resolved among so many"
    return _brief(more_seeds_text(pair, metric).lstrip("; ")) or "not resolved"


def _names(found: Comparison, pair: Pair) -> tuple[str, str]:
    """The values of a single key, or labels."""
    if len(found.keys) == 1:
        return pair.a, pair.b
    return pair.label_a, pair.label_b


def _verdict(found: Comparison, pair: Pair, metric: Metric) -> str:
    d = pair.difference
    a, b = _names(found, pair)
    if pair.resolved:
        size = f"{metric.difference(abs(d.mean))}"
        return f"{a} is {pair.verdict} than {b} by {size}"
    among = " among so many pairs, though its own interval excludes zero" if d.resolved else ""
    return f"{a} against {b}: not resolved{among}{more_seeds_text(pair, metric)}"


def _tests(found: Comparison) -> list[str]:
    """What the two columns of p-values are."""
    pairs = found.pairs
    many = ""
    if len(pairs) > 1:
        which = f"comparisons with {found.against.label}" if found.against else "comparisons"
        many = f", corrected for {len(pairs)} {which} (Holm)"
    fewest = min(getattr(p.difference, "n", 99) for p in pairs)
    floor = ""
    if fewest < 6:
        least = 2.0 ** (1 - fewest)
        floor = f"; {fewest} pairs cannot bring it below {least:g}, however clear the difference"
    return [
        f"p: t test of the mean difference{many}",
        f"exact p: permutation test, which assumes no distribution{floor}",
    ]


def _show_effects(console: Console, found: Comparison, metric: Metric, *, every: bool) -> None:
    shown = found.effects if every else chosen(found)
    console.print()
    console.print(_effects(found, shown, metric))
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


def _effects(found: Comparison, effects: Sequence[Effect], metric: Metric) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("effect of", "A", "B"):
        table.add_column(title)
    unit = metric.difference_unit.strip()
    difference = f"A - B ({unit})" if unit else "A - B"
    for title in ("seeds", "over", difference, "95 % interval", "p"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("")
    for e in effects:
        turn = (e.mean > 0.0) == bool(metric.lower_is_better)
        mean, low, high = (-e.mean, -e.high, -e.low) if turn else (e.mean, e.low, e.high)
        table.add_row(
            escape(e.factor),
            escape(e.b if turn else e.a),
            escape(e.a if turn else e.b),
            str(e.n) if e.paired else f"{e.n}, unpaired",
            str(e.cells) if e.cells == e.of_cells else f"{e.cells} of {e.of_cells}",
            metric.text(mean, sign=True),
            f"{metric.text(low, sign=True)} to {metric.text(high, sign=True)}",
            f"{e.p:.2g}",
            escape(_told(e, metric, mean)),
        )
    return table


def _told(effect: Effect, metric: Metric, mean: float) -> str:
    if effect.resolved:
        return f"A is {'higher' if mean > 0.0 else 'lower'}"
    told = settling(effect.more_seeds, effect.bound, metric) if effect.paired else ""
    return _brief(told) or "not resolved"


def _brief(told: str) -> str:
    """For a column of a table."""
    told = told.replace(" would be needed", "").replace("the difference is ", "")
    return f"not resolved: {told}" if told.startswith("about") else told


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
    lines.append(f"p: t test over seeds{many}{left}")
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
