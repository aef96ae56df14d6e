"""What each varied key does on its own, and where two of them do not act on their own."""

from __future__ import annotations

from dataclasses import replace

from nnexp.config.varying_keys import short
from nnexp.report.labels import Measure, capital, said
from nnexp.report.report_data import Material
from nnexp.study.compare import Comparison
from nnexp.study.effect_rows import chosen, effect_notes, effect_row
from nnexp.study.effects import Effect, Interaction, design_of, effects_of, interactions_of
from nnexp.study.grouping import levels_of
from nnexp.study.metric import Metric
from nnexp.study.text_table import TextTable
from nnexp.study.two_keys import best_of, interacting, means, sides


def by_keys(comparison: Comparison, material: Material) -> Comparison:
    """A comparison of named settings with the effects of the keys that make them."""
    if comparison.mixed:
        return comparison
    firsts = material.runs.drop_duplicates("setting").iterrows()
    levels = {str(row["setting"]): levels_of(row, material.keys) for _, row in firsts}
    design = design_of([replace(s, levels=levels[s.name]) for s in comparison.settings])
    effects, _ = effects_of(design, comparison.rule)
    tests = interactions_of(design, comparison.rule)
    return replace(comparison, design=design, effects=effects, interactions=tests)


def asked_effects(comparison: Comparison, material: Material) -> list[Effect]:
    """Of the key that is asked about; none where settings differ in nothing else."""
    if len(comparison.design.factors) < 2:
        return []
    wanted = short(material.keys[-1])
    return [e for e in chosen(comparison) if wanted in comparison.design.factors[e.at].keys]


def effect_sentence(
    effect: Effect, comparison: Comparison, material: Material, measure: Measure
) -> str:
    """`L2 against no regularization, mean over 12 settings of the rest: −3.32 points (…).`"""
    row = effect_row(effect, Metric(comparison.metric))
    a, b = (level_said(comparison, material, effect.at, level) for level in (row.a, row.b))
    tail = "" if effect.resolved else f": {row.verdict}"
    span = measure.span(row.interval, sign=True)
    return (
        f"{capital(a)} against {b}, mean over {row.over} combinations of the rest: "
        f"{measure.change(row.mean)} ({comparison.rule.interval_name} {span}){tail}."
    )


def level_said(comparison: Comparison, material: Material, at: int, level: int) -> str:
    """A value of a factor in words."""
    factor = comparison.design.factors[at]
    full = {short(key): key for key in material.keys}
    pairs = zip(factor.keys, factor.levels[level], strict=True)
    return ", ".join(said(full[key], value) for key, value in pairs)


def effects_table(
    comparison: Comparison | None, material: Material, measure: Measure, command: str
) -> TextTable | None:
    """The effect of each key, averaged over all combinations of the others."""
    if comparison is None or len(comparison.design.factors) < 2 or not comparison.effects:
        return None
    shown = chosen(comparison)
    rows = []
    for effect in shown:
        row = effect_row(effect, Metric(comparison.metric))
        a, b = (level_said(comparison, material, effect.at, level) for level in (row.a, row.b))
        rows.append(
            (
                f"{a} against {b}",
                measure.text(row.mean, sign=True),
                measure.span(row.interval, sign=True),
                f"{effect.p:.2g}",
                row.seeds,
                row.over,
                row.verdict,
            )
        )
    head = (
        "A against B", measure.difference_title, comparison.rule.interval_name,
        "p", "seeds", "over", "verdict",
    )  # fmt: skip
    note = "; ".join(effect_notes(comparison, len(shown), rest=""))
    return TextTable(f"Effects of single keys: {measure.title}", head, tuple(rows), note, command)


def interaction_tables(
    comparison: Comparison | None, material: Material, measure: Measure, command: str
) -> list[TextTable]:
    """Of two keys of which one changes what the other does, the means of all their values."""
    if comparison is None:
        return []
    return [
        _cells(comparison, test, material, measure, command) for test in interacting(comparison)
    ]


def _cells(
    comparison: Comparison, test: Interaction, material: Material, measure: Measure, command: str
) -> TextTable:
    rows, columns = sides(comparison, test)
    line, column = comparison.design.factors[rows], comparison.design.factors[columns]
    cells = means(comparison, rows, columns)
    best = [best_of(values, Metric(comparison.metric)) for values in zip(*cells, strict=True)]
    many = len(cells) > 2
    texts = [
        (
            level_said(comparison, material, rows, r),
            *(
                measure.text(value) + (" *" if many and best[k] == r else "")
                for k, value in enumerate(values)
            ),
        )
        for r, values in enumerate(cells)
    ]
    head = ("", *(level_said(comparison, material, columns, k) for k in range(len(column.levels))))
    note = f"{measure.title}, mean over the other keys"
    note += f"; * {Metric(comparison.metric).superlative} of its column" if many else ""
    note += "; the two interact: read these, not the mean effect of either"
    return TextTable(f"{line.name} and {column.name}", head, tuple(texts), note, command)
