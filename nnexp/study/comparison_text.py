"""A comparison in a sentence or two: which setting is best, by how much, how sure, what is open.

The best setting is chosen from the same runs that it is judged by. That is paid for: "resolved" is
meant among all pairs of settings (Holm), of which "the best against each other one" are some,
whichever the best turns out to be. Against a baseline that is named beforehand there are k − 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from nnexp.study.compare import Comparison
from nnexp.study.effects import Effect, cells_of
from nnexp.study.metric import Metric
from nnexp.study.setting import Pair, Setting
from nnexp.study.two_keys import behind_and_ahead, best_each, depends_on, p_text

FEW = 3
"""So many settings are named; more are counted."""


def answer(comparison: Comparison) -> tuple[str, ...]:
    """Sentences, the most important first."""
    if comparison.mixed:
        mixed = ", ".join(comparison.mixed)
        return (f"No answer: runs of one setting differ in {mixed} too (see the first note).",)
    metric = Metric(comparison.metric)
    if len(comparison.settings) == 1:
        (only,) = comparison.settings
        mean = _mean(only, comparison)
        return (f"{comparison.metric} of the one setting, {only.label}: {mean}.",)
    if comparison.against is not None:
        return (_baseline(comparison, metric),)
    each = best_each(comparison, metric)
    depends = () if each else depends_on(comparison, metric)
    return (*_of_experiments(comparison, metric), *each, *_best(comparison, metric), *depends)


def _best(comparison: Comparison, metric: Metric) -> list[str]:
    """The best setting, what is not resolved from it, how far the next one is."""
    first, *others = comparison.ranked
    what, mean = f"{metric.superlative.capitalize()} {comparison.metric}", _mean(first, comparison)
    head = f"{what}: {first.label} ({mean})"
    judged = [(s, comparison.pair(first, s)) for s in others]
    behind, ahead = behind_and_ahead(comparison, first, others)
    equal = [(s, p) for s, p in judged if p is not None and p.verdict == "equivalent"]
    open_ones = [(s, p) for s, p in judged if p is None or p.verdict == "not resolved"]
    if len(behind) == len(judged):
        next_one = behind[0]
        pair = comparison.pair(first, next_one)
        assert pair is not None
        small = f", equivalent within {_margin(comparison, metric)}" if pair.equivalent else ""
        the = "the next, " if len(behind) > 1 else ""
        return [f"{head}, {_by(pair, metric, comparison)} than {the}{next_one.label}{small}."]
    parts = [head, *(_but(comparison, first, other, metric) for other in ahead[:FEW])]
    if equal:
        named = _named(equal, first, metric, told=False)
        parts.append(f"equivalent to it within {_margin(comparison, metric)}: {named}")
    if open_ones:
        parts.append(f"not resolved from it: {_named(open_ones, first, metric)}")
    if behind:
        which = behind[0].label if len(behind) == 1 else f"the other {len(behind)}"
        least = "" if len(behind) == 1 else "at least "
        better = "better" if metric.lower_is_better is not None else _direction(metric)
        pairs = [comparison.pair(first, other) for other in behind]
        size = min(abs(p.mean) for p in pairs if p is not None)
        parts.append(f"{better} than {which} by {least}{metric.difference(size)}")
    return [f"{'; '.join(parts)}."]


def _but(comparison: Comparison, first: Setting, other: Setting, metric: Metric) -> str:
    """That a setting with a worse mean is better where both have a run."""
    pair = comparison.pair(first, other)
    assert pair is not None
    where = f"the {pair.some_seeds}" if pair.some_seeds else "the seeds"
    return (
        f"but on {where} that both have {other.label} is {_direction(metric)} by "
        f"{_size(pair, metric)}"
    )


def _baseline(comparison: Comparison, metric: Metric) -> str:
    """How the other settings stand to the one that is asked about."""
    base = comparison.against
    assert base is not None
    names = {s.name: s for s in comparison.settings}
    parts = []
    for verdict in ("higher", "lower", "equivalent", "not resolved"):
        pairs = [p for p in comparison.pairs if p.verdict == verdict]
        pairs.sort(key=lambda p: -abs(p.mean))
        if not pairs:
            continue
        named = [p.label_a + (f" by {_size(p, metric)}" if p.resolved else "") for p in pairs[:FEW]]
        more = f" and {len(pairs) - FEW} more" if len(pairs) > FEW else ""
        within = f" within {_margin(comparison, metric)}" if verdict == "equivalent" else ""
        parts.append(f"{verdict}{within}: {', '.join(named)}{more}")
    without = len(names) - 1 - len(comparison.pairs)
    if without:
        parts.append(f"too few runs: {without}")
    return (
        f"{comparison.metric} against {base.label} ({_mean(base, comparison)}): {'; '.join(parts)}."
    )


def _of_experiments(comparison: Comparison, metric: Metric) -> list[str]:
    """Two experiments against each other over what else varies: the question of two presets."""
    effect = comparison.central
    if effect is None:
        return []
    rest = ", ".join(f.name for i, f in enumerate(comparison.design.factors) if i != effect.at)
    told = effect_text(effect, metric, len(comparison.effects))
    text = f"{comparison.metric}, mean over {rest}: {told}"
    each = []
    for cell, setting, other in cells_of(comparison.design, effect.at, effect.u, effect.v):
        pair = comparison.pair(setting, other)
        if pair is not None:
            where = " ".join(
                f.label(cell[i]) for i, f in enumerate(comparison.design.factors) if i != effect.at
            )
            each.append(f"{_in_cell(effect, pair, setting, metric)} with {where}")
    cells = f"; {', '.join(each)}" if 1 < len(each) <= FEW + 1 else ""
    return [f"{text}{cells}."]


def _in_cell(effect: Effect, pair: Pair, setting: Setting, metric: Metric) -> str:
    """The difference in one combination: its size, with its sign where that is not plain."""
    mean = pair.seen_from(setting)
    tail = "" if pair.resolved else " (not resolved)"
    if not effect.resolved:
        return f"{metric.change(mean)}{tail}"
    if mean * effect.mean < 0.0 and metric.difference(abs(mean)) != metric.difference(0.0):
        other = "higher" if metric.lower_is_better else "lower"
        return f"but {other} by {_size(pair, metric)}{tail}"
    return f"{_size(pair, metric)}{tail}"


def effect_text(effect: Effect, metric: Metric, family: int) -> str:
    """`reg=l2 is lower than reg=none by 3.32 points (95 % interval 3.0 to 3.6, p = 0.001)`."""
    low, high = sorted((abs(effect.low), abs(effect.high)))
    name = effect.rule.interval_name
    if not effect.resolved:
        span = metric.span(effect.interval, sign=True)
        interval = f"{name} {span}" if span != "-" else "too few seeds for an interval"
        verdict: str = effect.verdict
        if effect.equivalent and effect.rule.within is not None:
            verdict += f" within {metric.margin(effect.rule.within)}"
        return (
            f"{effect.a} against {effect.b}: {verdict}, {metric.change(effect.mean)} "
            f"({interval}, {p_text(effect.p, family)})"
        )
    # The setting that is better is the subject, whichever way the difference was taken.
    lower = bool(metric.lower_is_better)
    swap = (effect.mean > 0.0) == lower
    a, b = (effect.b, effect.a) if swap else (effect.a, effect.b)
    return (
        f"{a} is {'lower' if lower else 'higher'} than {b} by "
        f"{metric.difference(abs(effect.mean))} ({name} {metric.text(low)} to {metric.text(high)}, "
        f"{p_text(effect.p, family)})"
    )


def _mean(setting: Setting, comparison: Comparison) -> str:
    m, metric = setting.summary, Metric(comparison.metric)
    text = f"{metric.text(m.mean)}{metric.unit}"
    if m.n == 1:
        return f"{text}, one run"
    span = metric.span(m.interval)
    return f"{text}, {comparison.rule.interval_name} {span}" if span != "-" else text


def _size(pair: Pair, metric: Metric) -> str:
    return metric.difference(abs(pair.mean))


def _direction(metric: Metric) -> str:
    return "lower" if metric.lower_is_better else "higher"


def _by(pair: Pair, metric: Metric, comparison: Comparison) -> str:
    """`lower by 1.6 points (95 % interval 1.4 to 1.8, p = 0.002 corrected for 3)`."""
    low, high = sorted((abs(pair.low), abs(pair.high)))
    seeds = f"; on the {pair.some_seeds} that both have" if pair.some_seeds else ""
    return (
        f"{_direction(metric)} by {_size(pair, metric)} ({comparison.rule.interval_name} "
        f"{metric.text(low)} to {metric.text(high)}, {p_text(pair.p, len(comparison.pairs))}"
        f"{seeds})"
    )


def _margin(comparison: Comparison, metric: Metric) -> str:
    """How small a difference was said not to matter."""
    assert comparison.rule.within is not None
    return metric.margin(comparison.rule.within)


def _named(
    judged: Sequence[tuple[Setting, Pair | None]],
    first: Setting,
    metric: Metric,
    *,
    told: bool = True,
) -> str:
    """Some settings; with `told`, how much worse each can be at most."""
    named, worse = [], "higher" if metric.lower_is_better else "lower"
    for setting, pair in judged[:FEW]:
        if pair is None:
            named.append(f"{setting.label} (too few runs)")
            continue
        most = _most(pair, first, metric)
        tail = f" (at most {metric.difference(most)} {worse})" if isfinite(most) else ""
        if pair.alike:
            d = pair.seen_from(setting)
            far = f"{metric.difference(abs(d))} {'higher' if d > 0.0 else 'lower'}"
            tail = f" ({far if d else 'the same'} in all {pair.alike} seeds)"
        named.append(setting.label + (tail if told else ""))
    more = f" and {len(judged) - FEW} more" if len(judged) > FEW else ""
    return f"{', '.join(named)}{more}"


def _most(pair: Pair, first: Setting, metric: Metric) -> float:
    """How much worse than the first the other of two settings can be; NaN without interval."""
    low, high = (pair.low, pair.high) if pair.a == first.name else (-pair.high, -pair.low)
    most = -low if metric.lower_is_better else high
    return 0.0 if most < 0.0 else most
