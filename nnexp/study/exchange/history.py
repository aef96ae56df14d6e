"""`history.csv`: every recorded value of a run, exactly.

Columns `metric`, `step`, `time` (milliseconds since 1970) and `value`, written with as many digits
as lead back to the same float64, in one order only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from nnexp.study.exchange.manifest import key

HEAD = ("metric", "step", "time", "value")

MOST_STEP = 2**53

Value = tuple[str, int, int, float]
"""Metric, step, time and value."""


def write_history(values: Iterable[Value]) -> bytes:
    """Values as CSV, in the order of metric, step, time and value."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(HEAD)
    rows = [(name, step, at, repr(float(value))) for name, step, at, value in values]
    writer.writerows(sorted(set(rows)))
    return buffer.getvalue().encode()


def read_history(content: bytes) -> list[Value]:
    """The inverse of `write_history`.

    Raises:
        ValueError: it was not written so.
    """
    lines = csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
    try:
        rows = list(lines)
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if not rows or tuple(rows[0]) != HEAD:
        raise ValueError(f"its columns are not {', '.join(HEAD)}")
    values = [_value(row) for row in rows[1:]]
    if write_history(values) != content:
        raise ValueError("rows in another order, twice, or with numbers written in another way")
    return values


def _value(row: Sequence[str]) -> Value:
    if len(row) != len(HEAD):
        raise ValueError(f"a row of {len(row)} cells")
    name, step, at, value = row[0], int(row[1]), int(row[2]), float(row[3])
    if key(name) != name or not 0 <= step <= MOST_STEP or not 0 <= at <= MOST_STEP:
        raise ValueError(f"a row {','.join(row)[:80]!r}")
    return name, step, at, value


def by_metric(values: Iterable[Value]) -> dict[str, dict[int, float]]:
    """Values by metric and step; of several at a step, the latest."""
    found: dict[str, dict[int, float]] = {}
    for name, step, _, value in sorted(values, key=lambda v: v[2]):
        found.setdefault(name, {})[step] = value
    return found
