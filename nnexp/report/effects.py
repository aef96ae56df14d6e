"""What each varied key does on its own, and where two of them do not act on their own."""

from __future__ import annotations

from dataclasses import replace

from nnexp.report.labels import Measure, said
from nnexp.report.report_data import Material
from nnexp.study.compare import Comparison
from nnexp.study.effect_rows import chosen, effect_notes, effect_row
from nnexp.study.effects import Effect, Interaction, design_of, effects_of, interactions_of
from nnexp.study.grouping import levels_of, short
from nnexp.study.metric import Metric
from nnexp.study.text_table import TextTable
from nnexp.study.two_keys import best_of, interacting, means, sides


def by_keys(found: Comparison, material: Material) -> Comparison:
    """A comparison of named settings with the effects of the keys that make them."""
    if found.mixed:
        return found
    firsts = material.runs.drop_duplicates("setting").iterrows()
    levels = {str(row["setting"]): levels_of(row, material.keys) for _, row in firsts}
    design = design_of([replace(s, levels=levels[s.name]) for s in found.settings])
    effects, _ = effects_of(design, found.rule)
    tests = interactions_of(design, found.rule)
    return replace(found, design=design, effects=effects, interactions=tests)


def asked_effects(found: Comparison, material: Material) -> list[Effect]:
    """Of the key that is asked about; none where settings differ in nothing else."""
    if len(found.design.factors) < 2:
        return []
    wanted = short(material.keys[-1])
    return [e for e in chosen(found) if wanted in found.design.factors[e.at].keys]


def effect_sentence(effect: Effect, found: Comparison, material: Material, measure: Measure) -> str:
    """`L2 against no regularization, mean over 12 settings of the rest: −3.32 points (…).`"""
    row = effect_row(effect, Metric(found.metric))
    a, b = (level_said(found, material, effect.at, level) for level in (row.a, row.b))
    interval = f"{measure.text(row.low, sign=True)} to {measure.text(row.high, sign=True)}"
    tail = "" if effect.resolved else f": {row.verdict}"
    change = f"{measure.text(row.mean, sign=True)} {measure.difference_unit}".strip()
    a = a[0].upper() + a[1:] if a[0].isascii() else a
    return (
        f"{a} against {b}, mean over {row.over} combinations of the rest: {change} "
        f"({found.rule.interval_name} {interval}){tail}."
    )


def level_said(found: Comparison, material: Material, at: int, level: int) -> str:
    """A value of a factor in words."""
    factor = found.design.factors[at]
    full = {short(key): key for key in material.keys}
    pairs = zip(factor.keys, factor.levels[level], strict=True)
    return ", ".join(said(full[key], value) for key, value in pairs)


def effects_table(
    found: Comparison | None, material: Material, measure: Measure, command: str
) -> TextTable | None:
    """The effect of each key, averaged over all combinations of the others."""
    if found is None or len(found.design.factors) < 2 or not found.effects:
        return None
    shown = chosen(found)
    rows = []
    for effect in shown:
        row = effect_row(effect, Metric(found.metric))
        a, b = (level_said(found, material, effect.at, level) for level in (row.a, row.b))
        rows.append(
            (
                f"{a} against {b}",
                measure.text(row.mean, sign=True),
                f"{measure.text(row.low, sign=True)} to {measure.text(row.high, sign=True)}",
                f"{effect.p:.2g}",
                row.seeds,
                row.over,
                row.verdict,
            )
        )
    unit = f" ({measure.difference_unit})" if measure.difference_unit else ""
    head = (
        "A against B", f"A - B{unit}", found.rule.interval_name, "p", "seeds", "over", "verdict",
    )  # fmt: skip
    note = "; ".join(effect_notes(found, len(shown), rest=""))
    return TextTable(f"Effects of single keys: {measure.title}", head, tuple(rows), note, command)


def interaction_tables(
    found: Comparison | None, material: Material, measure: Measure, command: str
) -> list[TextTable]:
    """Of two keys of which one changes what the other does, the means of all their values."""
    if found is None:
        return []
    return [_cells(found, test, material, measure, command) for test in interacting(found)]


def _cells(
    found: Comparison, test: Interaction, material: Material, measure: Measure, command: str
) -> TextTable:
    rows, columns = sides(found, test)
    line, column = found.design.factors[rows], found.design.factors[columns]
    cells = means(found, rows, columns)
    best = [best_of(values, Metric(found.metric)) for values in zip(*cells, strict=True)]
    many = len(cells) > 2
    texts = [
        (
            level_said(found, material, rows, r),
            *(
                measure.text(value) + (" *" if many and best[k] == r else "")
                for k, value in enumerate(values)
            ),
        )
        for r, values in enumerate(cells)
    ]
    head = ("", *(level_said(found, material, columns, k) for k in range(len(column.levels))))
    note = f"{measure.title}, mean over the other keys"
    note += f"; * {Metric(found.metric).superlative} of its column" if many else ""
    note += "; the two interact: read these, not the mean effect of either"
    return TextTable(f"{line.name} and {column.name}", head, tuple(texts), note, command)
