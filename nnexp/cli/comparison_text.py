"""A comparison on the screen: the answer, settings, effects or pairs, notes; image by image too."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from nnexp.cli.effects_text import NARROW, show_effects
from nnexp.study.bootstrap import Interval
from nnexp.study.compare import Comparison
from nnexp.study.comparison_text import answer
from nnexp.study.effect_rows import equivalent_line, short_verdict
from nnexp.study.images import Images, sentence
from nnexp.study.metric import Metric
from nnexp.study.setting import Pair, open_text
from nnexp.terminal import Console, new_console, plain_table

LEFT_OUT = ("its interval", "exact p")
"""Columns that a narrow terminal does without."""

NAMED = 20
"""So many images are named on the screen; json and csv name all."""


def show(comparison: Comparison, *, pairs: bool) -> None:
    """Print it all; `pairs`: every pair of settings too."""
    console, metric = new_console(), Metric(comparison.metric)
    console.say(*answer(comparison))
    what = f"{comparison.metric} in {metric.unit.strip().replace('%', 'percent')}"
    what = (what if metric.unit else comparison.metric) + f", by {', '.join(comparison.by)}"
    console.say("", what, "")
    console.print(_settings(comparison, metric))
    two = len(comparison.settings) == 2
    if comparison.effects and not two and comparison.against is None:
        show_effects(console, comparison, metric, every=pairs)
    if comparison.pairs and (two or pairs or comparison.against is not None):
        _show_pairs(console, comparison, metric)
    if comparison.mixed and comparison.pairs:
        console.say("not judged: the settings are mixed, as the first note says")
    if comparison.binomial is not None:
        error = f"{100 * comparison.binomial:.2f} points"
        beside = (
            "beside the spread over seeds: an accuracy measured on 10,000 images has a standard"
        )
        console.say(f"{beside} error of {error}")
    console.say(*(f"note: {warning}" for warning in comparison.warnings))


def _settings(comparison: Comparison, metric: Metric) -> Table:
    """The best first; a single key heads the column of its values, of several each has its name."""
    table = plain_table()
    table.add_column(comparison.head)
    printed = any(s.published is not None for s in comparison.settings)
    titles = ["n", "failed", "mean", comparison.rule.interval_name, "sd", "interquartile mean"]
    for title in [*titles, *(["published"] if printed else [])]:
        table.add_column(title, justify="right", no_wrap=True)
    for s in comparison.ranked:
        m = s.summary
        cells = [
            str(m.n),
            str(s.failed),
            metric.text(m.mean),
            metric.span(m.interval),
            metric.text(m.sd),
            metric.text(m.interquartile_mean),
        ]
        if printed:
            cells.append("" if s.published is None else metric.text(s.published))
        table.add_row(escape(comparison.named(s)), *cells)
    return table


def _show_pairs(console: Console, comparison: Comparison, metric: Metric) -> None:
    console.print()
    console.print(_pairs(comparison, metric, console.width))
    if len(comparison.pairs) == 1 and comparison.against is None and not comparison.mixed:
        console.say(_verdict(comparison, comparison.pairs[0], metric))
    if not comparison.mixed:
        console.say(*_tests(comparison))


def _pairs(comparison: Comparison, metric: Metric, width: int) -> Table:
    """All pairs, A against B; or the others against a baseline, which the head names.

    On a narrow terminal the names of settings come before what else is known of a pair.
    """
    base = comparison.against
    pairs = list(comparison.pairs)
    if base is not None:
        pairs.sort(key=lambda p: -metric.sign * p.mean)
    table = plain_table()
    table.add_column("A" if base is None else f"A, against B: {escape(base.label)}")
    if base is None:
        table.add_column("B")
    left_out = LEFT_OUT if width < NARROW else ()
    rows = [
        {
            title: text
            for title, text in _cells(comparison, pair, metric).items()
            if title not in left_out
        }
        for pair in pairs
    ]
    for title in rows[0]:
        table.add_column(title, justify="right", no_wrap=True)
    told = not comparison.mixed and (len(pairs) > 1 or base is not None)
    if told:
        table.add_column("")
    for pair, row in zip(pairs, rows, strict=True):
        names = _names(comparison, pair)[: 1 if base is not None else 2]
        verdict = [short_verdict(pair, metric)] if told else []
        table.add_row(*map(escape, names), *row.values(), *verdict)
    return table


def _cells(comparison: Comparison, pair: Pair, metric: Metric) -> dict[str, str]:
    """The numbers of a pair by the titles of their columns; of mixed settings none to judge by."""
    chance = pair.probability
    cells = {
        "pairs": str(pair.difference.n or "unpaired"),
        metric.difference_title: metric.text(pair.mean, sign=True),
    }
    if comparison.mixed:
        return cells
    cells |= {
        comparison.rule.interval_name: metric.span(pair.interval, sign=True),
        "P(A > B)": f"{chance.value:.2f}{' *' if chance.meaningful else ''}",
        "its interval": f"{chance.low:.2f} to {chance.high:.2f}",
    }
    if comparison.rule.anytime:
        return cells | {"E": "-" if pair.e is None else f"{pair.e:.3g}", "p": f"{pair.p:.2g}"}
    exact = f"{pair.difference.permutation_p:.2g}"
    return cells | {"p": f"{pair.p:.2g}", "exact p": exact}


def _names(comparison: Comparison, pair: Pair) -> tuple[str, str]:
    """The values of a single key, or labels."""
    if len(comparison.keys) > 1:
        return pair.label_a, pair.label_b
    shown = {s.name: comparison.named(s) for s in comparison.settings}
    return shown[pair.a], shown[pair.b]


def _verdict(comparison: Comparison, pair: Pair, metric: Metric) -> str:
    """In a sentence, of the one pair that there is."""
    a, b = _names(comparison, pair)
    within = comparison.rule.within if pair.equivalent else None
    if pair.resolved:
        told = f"{a} is {pair.verdict} than {b} by {metric.difference(abs(pair.mean))}"
        return f"{told}, and equivalent within {metric.margin(within)}" if within else told
    if within:
        return f"{a} and {b} are equivalent within {metric.margin(within)}"
    return f"{a} against {b}: {open_text(pair, metric.difference)}"


def _tests(comparison: Comparison) -> list[str]:
    """What the columns of probabilities are."""
    pairs, rule = comparison.pairs, comparison.rule
    many = ""
    if len(pairs) > 1:
        which = (
            f"comparisons with {comparison.against.label}" if comparison.against else "comparisons"
        )
        many = f", corrected for {len(pairs)} {which} ({'e-Holm' if rule.anytime else 'Holm'})"
    if rule.anytime:
        lines = [
            f"E: evidence against no difference, which holds however often one looks; p: 1/E{many}"
        ]
    else:
        fewest = min(p.difference.n or 99 for p in pairs)
        floor = ""
        if fewest < 6:
            least = 2.0 ** (1 - fewest)
            floor = (
                f"; {fewest} pairs cannot bring it below {least:g}, however clear the difference"
            )
        lines = [
            f"p: t test of the mean difference{many}",
            f"exact p: permutation test, which assumes no distribution{floor}",
        ]
    lines += equivalent_line(comparison, many)
    if any(p.probability.meaningful for p in pairs):
        lines.append(
            "* meaningful: P(A > B) is above 0.5, and by its interval may be above 0.75 (or below "
            "0.5 and 0.25)"
        )
    return lines


def show_images(found: Images) -> None:
    """Print who wins and loses which images, and which are the hardest."""
    console, accuracy = new_console(), Metric(f"{found.set}/accuracy")
    what = f"{found.n:,} {found.set} images, counted from 0; {found.networks} networks"
    console.say("", what)
    base, other = ("B", "A") if found.against else ("A", "B")
    for label in {pair.b if found.against else pair.a for pair in found.pairs}:
        console.say(f"{base}: {label}", "")
    table = plain_table()
    table.add_column(other, overflow="fold", min_width=16)
    titles = ("seeds", "only A", "only B", "McNemar p", "A - B (points)", "95 % interval")
    for title in titles:
        table.add_column(title, justify="right", no_wrap=title != "A - B (points)")
    for pair in found.pairs:
        table.add_row(
            escape(pair.a if found.against else pair.b),
            str(pair.seeds),
            f"{sum(pair.only_a) / pair.seeds:.1f}",
            f"{sum(pair.only_b) / pair.seeds:.1f}",
            f"{pair.p:.2g}" if pair.p else "< 1e-300",
            accuracy.text(pair.mean, sign=True),
            accuracy.span(Interval(pair.low, pair.high), sign=True),
        )
    if found.pairs:
        console.print(table)
        many = f", corrected for {len(found.pairs)} pairs (Holm)" if len(found.pairs) > 1 else ""
        console.say(
            "only A, only B: images that only this one gets right, mean over seeds",
            f"McNemar p: exact, over all seeds, each image once{many}",
            "interval: over other seeds and other images (seed × image bootstrap)",
            "",
        )
    for pair in found.pairs:
        console.say(sentence(pair, found.set))
        for word, images in (("won", pair.won), ("lost", pair.lost)):
            if images:
                console.say(f"  {word}: {_listed(images)}")
    hardest = ", ".join(f"{image} (by {right})" for image, right in found.hardest)
    console.say(f"right by the fewest of {found.networks} networks: {hardest}")
    console.say(f"right by none: {found.none_right}; by all: {found.all_right}")


def _listed(images: Sequence[int]) -> str:
    more = len(images) - NAMED
    tail = f" and {more} more (--format json names all)" if more > 0 else ""
    return ", ".join(map(str, images[:NAMED])) + tail
