"""A comparison in a sentence or two: which setting is best, by how much, how sure, what is open.

The best setting is chosen from the same runs that it is judged by. That is paid for: "resolved" is
meant among all pairs of settings (Holm), of which "the best against each other one" are some,
whichever the best turns out to be. Against a baseline that is named beforehand there are k − 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isnan

from nnexp.study.compare import Comparison
from nnexp.study.effects import Effect, Interaction, cells_of
from nnexp.study.metric import Metric
from nnexp.study.setting import Pair, Setting

FEW = 3
"""So many settings are named; more are counted."""

_CELLS = 8
"""Of so many values it is told in a sentence which is best with each."""


def answer(found: Comparison) -> tuple[str, ...]:
    """Sentences, the most important first."""
    if found.mixed:
        mixed = ", ".join(found.mixed)
        return (f"No answer: runs of one setting differ in {mixed} too (see the first note).",)
    metric = Metric(found.metric)
    if len(found.settings) == 1:
        (only,) = found.settings
        return (f"{found.metric} of the one setting, {only.label}: {_mean(only, found)}.",)
    if found.against is not None:
        return (_baseline(found, metric),)
    return (*_of_experiments(found, metric), *_best(found, metric), *_depends(found, metric))


def interacting(found: Comparison) -> list[Interaction]:
    """Of each two factors that interact, the difference of differences that shows it best."""
    best: dict[tuple[int, int], Interaction] = {}
    for test in found.interactions:
        if test.resolved and test.t_p < getattr(best.get((test.at, test.by)), "t_p", 2.0):
            best[test.at, test.by] = test
    return list(best.values())


def interaction_text(found: Comparison, test: Interaction) -> str:
    """`reg and size interact: reg=l2 against reg=none is another by 3.4 points with size=1000 …`"""
    metric = Metric(found.metric)
    size = f"{metric.difference(abs(test.mean))}"
    # The difference of differences is the same taken along the other factor.
    first, _ = asked(found, test)
    pair, ends = (test.a, test.b), (test.there, test.here)
    if first != test.at:
        pair, ends = ends[::-1], pair[::-1]
    return (
        f"{test.factor} and {test.other} interact: the difference between {pair[0]} and {pair[1]} "
        f"changes by {size} from {ends[0]} to {ends[1]} ({_p(test.p, len(found.interactions))}): "
        "read the table of both, not the mean effect of either"
    )


def _best(found: Comparison, metric: Metric) -> list[str]:
    """The best setting, what is not resolved from it, how far the next one is."""
    first, *others = found.ranked
    head = (
        f"{metric.superlative.capitalize()} {found.metric}: {first.label} ({_mean(first, found)})"
    )
    judged = [(s, found.pair(first, s)) for s in others]
    behind = [(s, p) for s, p in judged if p is not None and p.resolved]
    equal = [(s, p) for s, p in judged if p is not None and p.verdict == "equivalent"]
    open_ones = [(s, p) for s, p in judged if p is None or p.verdict == "not resolved"]
    if len(behind) == len(judged):
        next_one, pair = behind[0]
        small = f", equivalent within {_margin(found, metric)}" if pair.equivalent else ""
        return [f"{head}, {_by(pair, metric, found)} than {_next(behind)}{next_one.label}{small}."]
    parts = [head]
    if equal:
        named = _named(equal, first, metric, told=False)
        parts.append(f"equivalent to it within {_margin(found, metric)}: {named}")
    if open_ones:
        parts.append(f"not resolved from it: {_named(open_ones, first, metric)}")
    if behind:
        which = behind[0][0].label if len(behind) == 1 else f"the other {len(behind)}"
        least = "" if len(behind) == 1 else "at least "
        better = "better" if metric.lower_is_better is not None else _direction(metric)
        parts.append(f"{better} than {which} by {least}{_size(behind[0][1], metric)}")
    return [f"{'; '.join(parts)}."]


def _next(behind: Sequence[tuple[Setting, Pair]]) -> str:
    return "the next, " if len(behind) > 1 else ""


def _baseline(found: Comparison, metric: Metric) -> str:
    """How the other settings stand to the one that is asked about."""
    base = found.against
    assert base is not None
    names = {s.name: s for s in found.settings}
    parts = []
    for verdict in ("higher", "lower", "equivalent", "not resolved"):
        pairs = [p for p in found.pairs if p.verdict == verdict]
        pairs.sort(key=lambda p: -abs(p.mean))
        if not pairs:
            continue
        named = [p.label_a + (f" by {_size(p, metric)}" if p.resolved else "") for p in pairs[:FEW]]
        more = f" and {len(pairs) - FEW} more" if len(pairs) > FEW else ""
        within = f" within {_margin(found, metric)}" if verdict == "equivalent" else ""
        parts.append(f"{verdict}{within}: {', '.join(named)}{more}")
    without = len(names) - 1 - len(found.pairs)
    if without:
        parts.append(f"too few runs: {without}")
    return f"{found.metric} against {base.label} ({_mean(base, found)}): {'; '.join(parts)}."


def _of_experiments(found: Comparison, metric: Metric) -> list[str]:
    """Two experiments against each other over what else varies: the question of two presets."""
    effect = found.central
    if effect is None:
        return []
    rest = ", ".join(f.name for i, f in enumerate(found.design.factors) if i != effect.at)
    text = f"{found.metric}, mean over {rest}: {effect_text(effect, metric, len(found.effects))}"
    each = []
    for cell, setting, other in cells_of(found.design, effect):
        pair = found.pair(setting, other)
        if pair is not None:
            where = " ".join(
                f.label(cell[i]) for i, f in enumerate(found.design.factors) if i != effect.at
            )
            each.append(f"{_signed(pair, metric)} with {where}")
    cells = f"; {', '.join(each)}" if 1 < len(each) <= FEW + 1 else ""
    return [f"{text}{cells}."]


def effect_text(effect: Effect, metric: Metric, family: int) -> str:
    """`reg=l2 is lower than reg=none by 3.32 points (95 % interval 3.0 to 3.6, p = 0.001)`."""
    low, high = sorted((abs(effect.low), abs(effect.high)))
    name = effect.rule.interval_name
    if not effect.resolved:
        interval = f"{metric.text(effect.low, sign=True)} to {metric.text(effect.high, sign=True)}"
        verdict: str = effect.verdict
        if effect.equivalent and effect.rule.within is not None:
            verdict += f" within {metric.margin(effect.rule.within)}"
        return (
            f"{effect.a} against {effect.b}: {verdict}, {metric.text(effect.mean, sign=True)}"
            f"{metric.difference_unit} ({name} {interval}, {_p(effect.p, family)})"
        )
    # The setting that is better is the subject, whichever way the difference was taken.
    lower = bool(metric.lower_is_better)
    swap = (effect.mean > 0.0) == lower
    a, b = (effect.b, effect.a) if swap else (effect.a, effect.b)
    return (
        f"{a} is {'lower' if lower else 'higher'} than {b} by {metric.text(abs(effect.mean))}"
        f"{metric.difference_unit} ({name} {metric.text(low)} to {metric.text(high)}, "
        f"{_p(effect.p, family)})"
    )


def _depends(found: Comparison, metric: Metric) -> list[str]:
    """Where factors interact: which value of one is best at each value of the other."""
    sentences = []
    for test in interacting(found):
        chosen, at = asked(found, test)
        best = [best_of(column, metric) for column in zip(*means(found, chosen, at), strict=True)]
        factor, other = found.design.factors[chosen], found.design.factors[at]
        if None in best or len(best) > _CELLS:
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


def asked(found: Comparison, test: Interaction) -> tuple[int, int]:
    """Of two factors that interact, the one whose values are chosen between, and the other.

    Nobody chooses the number of images; else it is the factor of more values, or the first.
    """
    lengths = {k: len(found.design.factors[k].levels) for k in (test.at, test.by)}
    sized = {k for k in lengths if "size" in found.design.factors[k].keys}
    first = min(lengths, key=lambda k: (k in sized, -lengths[k], k))
    return first, (test.by if first == test.at else test.at)


def sides(found: Comparison, test: Interaction) -> tuple[int, int]:
    """Of two factors that interact, the one of rows and the one of columns: the shorter."""
    chosen, other = asked(found, test)
    lengths = [len(found.design.factors[k].levels) for k in (chosen, other)]
    return (chosen, other) if lengths[1] < lengths[0] else (other, chosen)


def means(found: Comparison, rows: int, columns: int) -> list[list[float]]:
    """The table of cells of two factors, averaged over the combinations of the others.

    Only over those combinations that all of its cells have; without any, a cell is NaN.
    """
    factors, cells = found.design.factors, found.design.cells

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


def _mean(setting: Setting, found: Comparison) -> str:
    m, metric = setting.summary, Metric(found.metric)
    text = f"{metric.text(m.mean)}{metric.unit}"
    if m.n == 1:
        return f"{text}, one run"
    return f"{text}, {found.rule.interval_name} {metric.text(m.low)} to {metric.text(m.high)}"


def _size(pair: Pair, metric: Metric) -> str:
    return f"{metric.difference(abs(pair.mean))}"


def _direction(metric: Metric) -> str:
    return "lower" if metric.lower_is_better else "higher"


def _by(pair: Pair, metric: Metric, found: Comparison) -> str:
    """`lower by 1.6 points (95 % interval 1.4 to 1.8, p = 0.002 corrected for 3)`."""
    low, high = sorted((abs(pair.low), abs(pair.high)))
    return (
        f"{_direction(metric)} by {_size(pair, metric)} ({found.rule.interval_name} "
        f"{metric.text(low)} to {metric.text(high)}, {_p(pair.p, len(found.pairs))})"
    )


def _margin(found: Comparison, metric: Metric) -> str:
    """How small a difference was said not to matter."""
    assert found.rule.within is not None
    return metric.margin(found.rule.within)


def _signed(pair: Pair, metric: Metric) -> str:
    open_one = "" if pair.resolved else " (not resolved)"
    return f"{_size(pair, metric)}{open_one}"


def _p(p: float, family: int) -> str:
    number = "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"
    return f"{number} corrected for {family}" if family > 1 else number


def _named(
    judged: Sequence[tuple[Setting, Pair | None]],
    first: Setting,
    metric: Metric,
    *,
    told: bool = True,
) -> str:
    """Some settings; with `told`, how much worse each can be at most."""
    named = []
    for setting, pair in judged[:FEW]:
        if pair is None:
            named.append(f"{setting.label} (too few runs)")
            continue
        ends = (pair.low, pair.high) if pair.a == first.name else (-pair.high, -pair.low)
        most = -ends[0] if metric.lower_is_better else ends[1]
        tail = f" (at most {metric.difference(max(0.0, most))} {_worse(metric)})"
        named.append(setting.label + (tail if told and isfinite(most) else ""))
    more = f" and {len(judged) - FEW} more" if len(judged) > FEW else ""
    return f"{', '.join(named)}{more}"


def _worse(metric: Metric) -> str:
    return "higher" if metric.lower_is_better else "lower"
