"""Two keys together: which value of one is best at each value of the other; do they interact?"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from nnexp.study.compare import Comparison
from nnexp.study.effects import Interaction
from nnexp.study.metric import Metric
from nnexp.study.setting import Setting

CELLS = 8
"""Of so many values it is told in a sentence which is best with each."""


def interacting(comparison: Comparison) -> list[Interaction]:
    """Of each two factors that interact, the difference of differences that shows it best."""
    best: dict[tuple[int, int], Interaction] = {}
    for test in comparison.interactions:
        if test.resolved and test.t_p < getattr(best.get((test.at, test.by)), "t_p", 2.0):
            best[test.at, test.by] = test
    return list(best.values())


def interaction_text(comparison: Comparison, test: Interaction) -> str:
    """`reg and size interact: reg=l2 against reg=none is another by 3.4 points with size=1000 …`"""
    metric = Metric(comparison.metric)
    size = metric.difference(abs(test.mean))
    # The difference of differences is the same taken along the other factor.
    first, _ = _chosen(comparison, test.at, test.by)
    pair, ends = (test.a, test.b), (test.there, test.here)
    if first != test.at:
        pair, ends = ends[::-1], pair[::-1]
    return (
        f"{test.factor} and {test.other} interact: the difference between {pair[0]} and {pair[1]} "
        f"changes by {size} from {ends[0]} to {ends[1]} "
        f"({p_text(test.p, len(comparison.interactions))}): "
        "read the table of both, not the mean effect of either"
    )


def best_each(comparison: Comparison, metric: Metric) -> list[str]:
    """Of two keys, which value of one is best at each value of the other, and whether it depends.

    `Highest test/accuracy: reg.lmbda=0.1 with size=1000 (87.20 %; better than the other 7), …`
    """
    factors, cells = comparison.design.factors, comparison.design.cells
    if len(factors) != 2 or comparison.central is not None:
        return []
    chosen, at = _chosen(comparison, 0, 1)
    factor, other = factors[chosen], factors[at]
    if len(factor.levels) < 2 or len(other.levels) > CELLS:
        return []
    parts, best = [], []
    for level in range(len(other.levels)):
        column = [(cell[chosen], s) for cell, s in cells.items() if cell[at] == level]
        if len(column) < 2:
            return []
        ranked = sorted(column, key=lambda pair: -metric.sign * pair[1].summary.mean)
        (first, setting), *rest = ranked
        best.append(first)
        value = f"{metric.text(setting.summary.mean)}{metric.unit}"
        told = _among(comparison, setting, [s for _, s in rest], metric)
        parts.append(f"{factor.label(first)} with {other.label(level)} ({value}; {told})")
    return [
        f"{metric.superlative.capitalize()} {comparison.metric}: {', '.join(parts)}"
        f"{_whether(comparison, factor.name, other.name, len(set(best)) > 1)}."
    ]


def _among(
    comparison: Comparison, setting: Setting, others: Sequence[Setting], metric: Metric
) -> str:
    """How sure it is that a setting is the best of some."""
    behind, ahead = behind_and_ahead(comparison, setting, others)
    if len(behind) == len(others):
        pairs = [comparison.pair(setting, other) for other in others]
        least = min(abs(p.mean) for p in pairs if p is not None)
        which = f"the other {len(others)} by at least" if len(others) > 1 else "the other by"
        return f"resolved from {which} {metric.difference(least)}"
    but = f"{', '.join(s.label for s in ahead)} is better on the seeds that both have"
    still_open = len(others) - len(behind) - len(ahead)
    if not still_open:
        return f"but {but}"
    which = "the other" if len(others) == 1 else f"{still_open} of {len(others)} others"
    return f"not resolved from {which}{f', and {but}' if ahead else ''}"


def behind_and_ahead(
    comparison: Comparison, setting: Setting, others: Sequence[Setting]
) -> tuple[list[Setting], list[Setting]]:
    """Of some settings those that are resolved to be worse than one, and those to be better.

    A setting with the better mean may be worse on the seeds that both have, where each has others.
    """
    behind: list[Setting] = []
    ahead: list[Setting] = []
    sign = Metric(comparison.metric).sign
    for other in others:
        pair = comparison.pair(setting, other)
        if pair is not None and pair.resolved:
            (behind if sign * pair.seen_from(setting) > 0.0 else ahead).append(other)
    return behind, ahead


def _whether(comparison: Comparison, factor: str, other: str, differs: bool) -> str:
    """Whether what one key does is another at another value of the other key."""
    if not comparison.interactions:
        return ""
    if not interacting(comparison):
        return f"; whether the effect of {factor} depends on {other} is not resolved"
    return f"; the effect of {factor} depends on {other}" + (
        "" if differs else ", its best does not"
    )


def depends_on(comparison: Comparison, metric: Metric) -> list[str]:
    """Where factors interact: which value of one is best at each value of the other."""
    sentences = []
    for test in interacting(comparison):
        chosen, at = _chosen(comparison, test.at, test.by)
        best = [
            best_of(column, metric) for column in zip(*means(comparison, chosen, at), strict=True)
        ]
        factor, other = comparison.design.factors[chosen], comparison.design.factors[at]
        if None in best or len(best) > CELLS:
            continue
        told = [
            f"{factor.label(b)} with {other.label(k)}" for k, b in enumerate(best) if b is not None
        ]
        text = f"{factor.name} and {other.name} interact"
        if len(set(best)) == 1 and best[0] is not None:
            best_one = f"{factor.label(best[0])} has the {metric.superlative} mean"
            text += f", but {best_one} with every {other.name}"
        else:
            text += f"; {metric.superlative} mean: {', '.join(told)}"
        sentences.append(f"{text}.")
    return sentences[:2]


def _chosen(comparison: Comparison, one: int, two: int) -> tuple[int, int]:
    """Of two factors the one whose values are chosen between, and the other.

    Nobody chooses the number of images; else it is the factor of more values, or the first.
    """
    lengths = {k: len(comparison.design.factors[k].levels) for k in (one, two)}
    sized = {k for k in lengths if "size" in comparison.design.factors[k].keys}
    first = min(lengths, key=lambda k: (k in sized, -lengths[k], k))
    return first, (two if first == one else one)


def sides(comparison: Comparison, test: Interaction) -> tuple[int, int]:
    """Of two factors that interact, the one of rows and the one of columns: the shorter."""
    chosen, other = _chosen(comparison, test.at, test.by)
    lengths = [len(comparison.design.factors[k].levels) for k in (chosen, other)]
    return (chosen, other) if lengths[1] < lengths[0] else (other, chosen)


def means(comparison: Comparison, rows: int, columns: int) -> list[list[float]]:
    """The table of cells of two factors, averaged over the combinations of the others.

    Only over those combinations that all of its cells have; without any, a cell is NaN.
    """
    factors, cells = comparison.design.factors, comparison.design.cells

    def rest(cell: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(v for k, v in enumerate(cell) if k not in (rows, columns))

    here: dict[tuple[int, int], dict[tuple[int, ...], float]] = {}
    for cell, setting in cells.items():
        here.setdefault((cell[rows], cell[columns]), {})[rest(cell)] = setting.summary.mean
    common = set.intersection(*(set(v) for v in here.values()))
    nothing = float("nan")
    return [
        [
            sum(here[r, c][x] for x in common) / len(common)
            if (r, c) in here and common
            else nothing
            for c in range(len(factors[columns].levels))
        ]
        for r in range(len(factors[rows].levels))
    ]


def best_of(column: Sequence[float], metric: Metric) -> int | None:
    """The place of the best of some means."""
    there = [(v if metric.lower_is_better else -v, k) for k, v in enumerate(column) if not isnan(v)]
    return min(there)[1] if there else None


def p_text(p: float, family: int) -> str:
    """`p = 0.02 corrected for 3`."""
    number = "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"
    return f"{number} corrected for {family}" if family > 1 else number
