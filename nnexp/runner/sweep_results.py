"""The results of a sweep as a table: a row a setting, mean and standard deviation over its runs."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from nnexp.config.rounding import settled
from nnexp.config.varying_keys import columns_of, distinct_keys, short
from nnexp.terminal import plain_table

SHOWN = (
    ("test/accuracy", "test accuracy"),
    ("best/test_accuracy", "test, best weights"),
    ("best/validation_accuracy", "best validation"),
    ("gap/best", "gap, best"),
    ("gap/final", "gap, final"),
)


def results_table(
    settings: Sequence[Mapping[str, str]], metrics: Sequence[Mapping[str, float] | None]
) -> Table:
    """`results` for the terminal."""
    header, rows = results(settings, metrics)
    table = plain_table()
    numbers = header.index("n")
    for k, title in enumerate(header):
        if k < numbers:
            table.add_column(escape(title))
        else:
            table.add_column(title, justify="right", no_wrap=k > numbers)
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def results(
    settings: Sequence[Mapping[str, str]], metrics: Sequence[Mapping[str, float] | None]
) -> tuple[list[str], list[list[str]]]:
    """Results grouped by what varied beside the seed: keys, n, mean and standard deviation.

    `settings` are the flattened configs, `metrics` the final values, None for a failed run. Returns
    the titles and the rows of a table.
    """
    keys = distinct_keys(columns_of(settings))
    groups: dict[tuple[str, ...], list[Mapping[str, float] | None]] = {}
    for setting, values in zip(settings, metrics, strict=True):
        groups.setdefault(tuple(setting[k] for k in keys), []).append(values)
    finished = [values for values in metrics if values is not None]
    shown = [(name, label) for name, label in SHOWN if any(name in v for v in finished)]
    if not shown:
        shown = [("train/cost", "training cost")]
    rows = []
    for group, found in groups.items():
        there = [values for values in found if values is not None]
        failed = len(found) - len(there)
        count = str(len(there)) + (f" ({failed} failed)" if failed else "")
        cells = [_cell([v[name] for v in there if name in v], name) for name, _ in shown]
        rows.append([*group, count, *cells])
    return [*map(short, keys), "n", *(label for _, label in shown)], rows


def _cell(values: Sequence[float], name: str) -> str:
    if not values:
        return ""
    form, scale, unit = (".3g", 1.0, "") if name == "train/cost" else (".2f", 100.0, " %")
    mean = format(settled(scale * statistics.fmean(values)), form)
    if len(values) == 1:
        return f"{mean}{unit}"
    return f"{mean} ± {format(scale * statistics.stdev(values), form)}{unit}"
