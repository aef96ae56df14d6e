"""The tables of a report: settings with intervals, pairs, published against ours, failed runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from nnexp.record.store import Store
from nnexp.report.labels import Measure
from nnexp.report.pairs import Shown
from nnexp.report.report_data import Material
from nnexp.study.claims import claims_files, read_claims
from nnexp.study.claims_judged import judge
from nnexp.study.claims_text import claims_table
from nnexp.study.setting import open_text
from nnexp.study.statistics import summarize
from nnexp.study.text_table import TextTable

AGAINST = (
    Measure("gap/best", "gap, best training - best test"),
    Measure("gap/final", "gap at the end"),
    Measure("test/accuracy", "test accuracy at the end"),
    Measure("validation/accuracy", "validation accuracy at the end"),
    Measure("train/accuracy", "training accuracy at the end"),
    Measure("test/cost_network2", "test cost at the end"),
    Measure("validation/cost_network2", "validation cost at the end"),
)


_FEW = 7
"""With so few pairs a permutation test cannot say much; the note says so."""


def settings_table(material: Material, command: str = "") -> TextTable:
    """Of each setting n, and of each metric mean and 95 % interval."""
    failed = material.failed["setting"].value_counts() if len(material.failed) else None
    rows = []
    for setting in material.settings:
        group = material.runs[material.runs["setting"] == setting]
        cells = [setting, str(len(group))]
        if failed is not None:
            cells.append(str(failed.get(setting, 0)))
        cells += [_interval(group[m.name], m) for m in material.measures]
        rows.append(tuple(cells))
    titles = [measure.heading for measure in material.measures]
    head = ("setting", "n", *(["failed"] if failed is not None else []), *titles)
    note = "mean over runs with its 95 % interval (docs/statistics.md)"
    return TextTable("Settings", head, tuple(rows), note, command)


def _interval(column: pd.Series[float], measure: Measure) -> str:
    values = column.dropna().to_numpy(float)
    if not len(values):
        return ""
    summary = summarize(values, bounds=measure.bounds)
    return measure.with_interval(summary.mean, summary.interval)


def pairs_table(
    pairs: Sequence[Shown], measure: Measure, corrected: int, command: str
) -> TextTable | None:
    """Paired differences with interval, P(A > B), p by Holm, and what can be said."""
    if not pairs:
        return None
    head = (
        "A against B", "with", "pairs", measure.difference_title, "95 % interval", "P(A > B)", "p",
        "exact p", "verdict",
    )  # fmt: skip
    rows = []
    for shown in pairs:
        d = shown.pair.difference
        rows.append(
            (
                f"{shown.a} against {shown.b}",
                shown.rest,
                str(d.n or "unpaired"),
                measure.text(d.mean, sign=True),
                measure.span(d.interval, sign=True),
                f"{d.probability.value:.2f}",
                f"{shown.pair.p:.2g}",
                f"{d.permutation_p:.2g}",
                verdict(shown, measure),
            )
        )
    note = "runs of the same seed against each other; each interval is of its pair alone; p: t test"
    if corrected > 1:
        note += f", corrected for all {corrected} pairs of settings (Holm), as is the verdict"
    note += "; exact p: permutation test"
    fewest = min(p.pair.difference.n or 2 for p in pairs)
    if fewest <= _FEW:
        note += f", which with {fewest} pairs cannot be below {2.0 ** (1 - fewest):.2g}"
    return TextTable(f"Differences: {measure.title}", head, tuple(rows), note, command, texts=2)


def verdict(shown: Shown, measure: Measure) -> str:
    """`A is higher`, or that it is not resolved, and how many more seeds would help or why none."""
    if shown.pair.resolved:
        return f"A is {shown.pair.verdict}"
    return open_text(shown.pair, measure.difference)


def published_table(material: Material) -> TextTable | None:
    """Published, ours, difference, for every published run of a recorded setting."""
    rows = []
    for known in material.published:
        group = material.runs[material.runs["setting"] == known.setting]
        for measure in AGAINST:
            if measure.name not in group or measure.name not in known.final:
                continue
            ours = group[measure.name].dropna().astype(float)
            if ours.empty:
                continue
            value = known.final[measure.name]
            sd = f" (sd {measure.text(float(ours.std()))})" if len(ours) > 1 else ""
            rows.append(
                (
                    known.setting,
                    measure.heading,
                    measure.text(value),
                    f"{measure.text(float(ours.mean()))}{sd}",
                    measure.text(float(ours.mean()) - value, sign=True),
                )
            )
    if not rows:
        return None
    head = ("setting", "", "published", "ours", "difference")
    return TextTable(
        "Published and ours", head, tuple(rows), "one published run; ours: the mean", texts=2
    )


def failed_table(material: Material) -> TextTable | None:
    """Failed runs and why."""
    if material.failed.empty:
        return None
    rows = tuple(
        (str(row["run_id"])[:8], str(row["name"]), str(row["reason"]))
        for _, row in material.failed.iterrows()
    )
    return TextTable("Failed runs", ("run", "", "reason"), rows, texts=3)


def commands(material: Material) -> Sequence[str]:
    """The command that trains each setting again, one per setting (one of its seeds)."""
    firsts = material.runs.drop_duplicates("setting").set_index("setting")["command"]
    return [str(firsts[setting]) for setting in material.settings]


def claims_tables(store: Store, material: Material) -> list[TextTable]:
    """What the chapter says of a preset, judged from all of its recorded runs."""
    files = claims_files()
    claimed = [name for name in material.names if name in files]
    tables = {
        name: claims_table(
            judge(store, read_claims(files[name])).judged, f"python -m nnexp claims {name}"
        )
        for name in claimed
    }
    if len(tables) == 1:
        return list(tables.values())
    return [replace(table, title=f"{table.title}: {name}") for name, table in tables.items()]
