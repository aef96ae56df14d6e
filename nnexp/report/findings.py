"""What a page opens with: the answer in words, made from the runs by one rule for all.

The metric is the first of `labels.MEASURES` that all runs have: the gap where the test data was
watched, the test accuracy elsewhere. Settings are named with their means where there are few, else
the extremes; then what the key that is asked about changes, as `compare` finds it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from nnexp.config.plurals import some
from nnexp.report.effects import asked_effects, effect_sentence
from nnexp.report.labels import Measure, capital
from nnexp.report.neuron import is_neuron, neuron_answers
from nnexp.report.pairs import Shown
from nnexp.report.report_data import Material
from nnexp.report.tables import verdict
from nnexp.study.compare import Comparison, Setting
from nnexp.study.effects import Interaction
from nnexp.study.two_keys import interacting, sides

BESIDES = {"stop.name": "epochs", "train.eta": "train/cost"}
"""By the key that is asked about, a metric beside the one of the page: what stopping early saves,
how far a learning rate brings the cost."""
FEW = 4
_SAID = 6
"""So many differences are said in words; the table holds all."""
_PAIRS = 2
"""Of more differences of the key that is asked about, their mean is said."""
_EFFECTS = 2


def answers(
    material: Material, measure: Measure, comparison: Comparison | None, pairs: Sequence[Shown]
) -> list[str]:
    """Sentences, the most important first."""
    sentences = [_means(material, measure, comparison)]
    if is_neuron(material):
        return [*neuron_answers(material), *sentences]
    asked = [p for p in pairs if p.key == material.keys[-1]] if material.keys else []
    effects = asked_effects(comparison, material) if comparison is not None else []
    if len(asked) > _PAIRS and comparison is not None and effects:
        sentences += [effect_sentence(e, comparison, material, measure) for e in effects[:_EFFECTS]]
        sentences += [f"{_interaction(comparison, test)}." for test in interacting(comparison)[:1]]
    elif any(p.pair.paired for p in asked):
        sentences += [_difference(p, measure) for p in asked[:_SAID]]
    return [*sentences, *_besides(material)]


def _interaction(comparison: Comparison, test: Interaction) -> str:
    """That the mean is not all there is to say, and where the rest is."""
    rows, columns = sides(comparison, test)
    names = [comparison.design.factors[k].name for k in (rows, columns)]
    return (
        f"{' and '.join(names)} interact: how much one changes depends on the other (table below)"
    )


def _besides(material: Material) -> list[str]:
    """The means of another metric that the key in question is about."""
    wanted = BESIDES.get(material.keys[-1]) if material.keys else None
    measure = next((m for m in material.measures if m.name == wanted), None)
    if measure is None or len(material.settings) > _SAID:
        return []
    means = material.runs.groupby("setting")[measure.name].mean()
    parts = [f"{measure.text(means[setting])} for {setting}" for setting in material.settings]
    return [f"{measure.title}: {'; '.join(parts)}."]


def warnings(material: Material, comparison: Comparison | None) -> list[str]:
    """What `compare` warns of; a list of many settings with few runs is only counted."""
    if comparison is None or is_neuron(material):
        return []
    few = [s for s in comparison.settings if s.summary.n < 5]
    kept = [told for told in comparison.warnings if not told.startswith("fewer than 5 runs")]
    if not few:
        return kept
    every = len(few) == len(comparison.settings)
    if every or len(few) > FEW:
        count = {1: "this setting", 2: "both settings"}.get(len(few), f"all {len(few)} settings")
        where = f"in {count}" if every else f"in {len(few)} settings"
    else:
        where = f"of {' and of '.join(s.name for s in few)}"
    return [*kept, f"fewer than 5 runs {where}; intervals of so few are rough"]


def _means(material: Material, measure: Measure, comparison: Comparison | None) -> str:
    if comparison is None:
        means = material.runs.groupby("setting")[measure.name].mean().sort_values()
        best, worst = means.index[-1], means.index[0]
        if best == worst:
            n = some(int(material.runs[measure.name].notna().sum()), "run")
            spread = material.runs[measure.name].std()
            sd = f" (sd {measure.text(float(spread))})" if math.isfinite(spread) else ""
            values = material.printed(str(best), measure.name)[:1]
            printed = "".join(f"; published {measure.text(value)}" for value in values)
            return (
                f"{measure.title}: {measure.text(means.iloc[0])}{measure.unit}{sd}, {n}{printed}."
            )
        return (
            f"{measure.title}: from {measure.text(means.iloc[0])}{measure.unit} ({worst}) to "
            f"{measure.text(means.iloc[-1])}{measure.unit} ({best})."
        )
    ranked = sorted(comparison.settings, key=lambda s: -s.summary.mean)
    if len(ranked) <= FEW:
        parts = [_mean(setting, measure, interval=len(ranked) == 2) for setting in ranked]
        # Names of several values have commas of their own.
        mark = "; " if any(", " in setting.name for setting in ranked) else ", "
        others = f"{mark}against {mark.join(parts[1:])}" if len(parts) > 1 else ""
        return f"{measure.title}: about {parts[0]}{others}."
    return (
        f"{measure.title}: highest, {_mean(ranked[0], measure)}; "
        f"lowest, {_mean(ranked[-1], measure)}."
    )


def _mean(setting: Setting, measure: Measure, *, interval: bool = True) -> str:
    m = setting.summary
    notes = []
    if interval and math.isfinite(m.low):
        notes.append(f"95 % interval {measure.text(m.low)} to {measure.text(m.high)}, n = {m.n}")
    if setting.published is not None:
        notes.append(f"published {measure.text(setting.published)}")
    note = f" ({'; '.join(notes)})" if notes else ""
    return f"{measure.text(m.mean)}{measure.unit} for {setting.name}{note}"


def _difference(shown: Shown, measure: Measure) -> str:
    d = shown.pair.difference
    where = f" ({shown.rest})" if shown.rest else ""
    told = f"{measure.change(d.mean)} (95 % interval {measure.span(d.interval, sign=True)})"
    tail = "" if shown.pair.resolved else f": {verdict(shown, measure)}"
    return f"{capital(shown.a)} against {shown.b}{where}: {told}{tail}."
