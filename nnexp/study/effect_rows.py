"""Effects as rows of a table: which of them are shown, which way round, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nnexp.study.bootstrap import Interval
from nnexp.study.compare import Comparison
from nnexp.study.decision_rule import Judged
from nnexp.study.effects import Effect
from nnexp.study.metric import Metric
from nnexp.study.setting import open_text
from nnexp.study.two_keys import interacting

ALL_LEVELS = 3
"""Of a factor with up to so many values all differences are shown, else those from its best."""


@dataclass(frozen=True, eq=False)
class EffectRow:
    """An effect with the better value as A."""

    effect: Effect
    a: int
    """The number of its level in the factor."""
    b: int
    mean: float
    interval: Interval
    verdict: str

    @property
    def seeds(self) -> str:
        """`5`, or `5, unpaired`."""
        return str(self.effect.n) if self.effect.paired else f"{self.effect.n}, unpaired"

    @property
    def over(self) -> str:
        """How many combinations of the other keys it is the mean over."""
        e = self.effect
        return str(e.cells) if e.cells == e.of_cells else f"{e.cells} of {e.of_cells}"


def effect_row(effect: Effect, metric: Metric) -> EffectRow:
    """An effect, turned so that the better value is A."""
    e = effect
    if (e.mean > 0.0) == bool(metric.lower_is_better):
        verdict = short_verdict(e, metric, swapped=True)
        return EffectRow(e, e.v, e.u, -e.mean, Interval(-e.high, -e.low), verdict)
    return EffectRow(e, e.u, e.v, e.mean, e.interval, short_verdict(e, metric))


def chosen(comparison: Comparison) -> list[Effect]:
    """The effects that are shown where not all are."""
    kept = []
    for i, factor in enumerate(comparison.design.factors):
        mine = [e for e in comparison.effects if e.at == i]
        if len(factor.levels) > ALL_LEVELS:
            best = _best_level(mine, len(factor.levels), Metric(comparison.metric))
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


def short_verdict(judged: Judged, metric: Metric, *, swapped: bool = False) -> str:
    """For a column of a table; `swapped` where it is shown as B against A."""
    if judged.resolved:
        higher = (judged.verdict == "higher") != swapped
        told = f"A is {'higher' if higher else 'lower'}"
        return f"{told}, equivalent" if judged.equivalent else told
    if judged.equivalent:
        return "equivalent"
    if judged.tempting and judged.family > 1 and judged.moments.error:
        return "not resolved among so many"
    told = open_text(judged, metric.difference)
    return told.replace(" would be needed", "").replace("the difference is ", "")


def equivalent_line(comparison: Comparison, many: str) -> list[str]:
    """What equivalent means, where it is asked for; `many` says for how many it is corrected."""
    within = comparison.rule.within
    if within is None:
        return []
    test = "the same test" if comparison.rule.anytime else "two one-sided t tests"
    margin = Metric(comparison.metric).margin(within)
    return [f"equivalent: the difference is below {margin} either way, by {test}{many}"]


def effect_notes(comparison: Comparison, shown: int, *, rest: str) -> list[str]:
    """How a table of so many effects is to be read; `rest` says where the others are."""
    lines = []
    if len(comparison.design.factors) > 1:
        lines.append(
            "each effect is the mean over so many combinations of the other keys, paired by seed "
            "and combination"
        )
    count = len(comparison.effects)
    many = f", corrected for {count} effects (Holm)" if count > 1 else ""
    left = f"; of keys with many values those from the best{rest}" * (shown < count)
    test = "1/E of an anytime-valid t test" if comparison.rule.anytime else "t test"
    lines.append(f"p: {test} over seeds{many}{left}")
    lines += equivalent_line(comparison, many)
    if comparison.interactions and not interacting(comparison):
        lines.append(
            "no interaction is resolved: no effect differs beyond chance from one value of another "
            f"key to the next (differences of differences tested: {len(comparison.interactions)})"
        )
    out = max((e.left_out for e in comparison.effects), default=0)
    if out:
        lines.append(
            f"unbalanced: up to {out} seeds of an effect are not used, as not all of its settings "
            "have them"
        )
    return lines
