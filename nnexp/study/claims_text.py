"""Judged claims in words: their bounds, what was measured, how many hold; as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nnexp.config.plurals import some
from nnexp.study.bootstrap import Interval
from nnexp.study.claims import OUTCOMES, Claim
from nnexp.study.claims_judged import Judged
from nnexp.study.text_table import TextTable

_COUNTED = {
    "holds": ("holds", "hold"),
    "does not hold": ("does not hold", "do not hold"),
    "not resolved": ("is not resolved", "are not resolved"),
    "not recorded": ("is not recorded", "are not recorded"),
}


def bound_text(claim: Claim) -> str:
    """`at least 10 points`, `within 0.5 of 2.53 points`."""
    metric = claim.metric.metric
    difference = claim.against is not None or len(claim.metric.terms) > 1
    unit = metric.difference_unit if difference else metric.unit
    around = f" of {metric.scale * claim.about:.6g}" if claim.about else ""
    return f"{claim.sense.replace('_', ' ')} {metric.scale * claim.bound:.6g}{around}{unit}"


def measured_text(j: Judged) -> str:
    """`14.85 (14.25 to 15.42)`: the mean and its interval, as far as there are any."""
    metric = j.claim.metric.metric
    if not math.isfinite(j.mean):
        return ""
    if j.n == 1:
        return metric.text(j.mean)
    return metric.with_interval(j.mean, Interval(j.low, j.high))


def count_text(judged: Sequence[Judged]) -> str:
    """`12 claims: 10 hold, 2 are not recorded; all that are recorded are as expected`."""
    counts = [(outcome, sum(j.outcome == outcome for j in judged)) for outcome in OUTCOMES]
    words = [f"{n} {_COUNTED[outcome][n > 1]}" for outcome, n in counts if n]
    other = sum(not j.as_expected for j in judged)
    tail = f"; {other} not as expected" if other else "; all that are recorded are as expected"
    if all(j.outcome == "not recorded" for j in judged):
        tail = ""
    return f"{some(len(judged), 'claim')}: {', '.join(words)}{tail}"


def claims_table(judged: Sequence[Judged], command: str) -> TextTable:
    """Claims with what was measured."""
    rows = [
        (j.claim.claim, j.outcome, bound_text(j.claim), measured_text(j), str(j.n or ""))
        for j in judged
    ]
    note = (
        "what the bound is of: the mean over seeds of the metric, or of its difference from the "
        "other setting, with its interval; p corrected over these claims (Holm); docs/claims.md"
    )
    head = ("claim", "verdict", "bound", "measured", "n")
    return TextTable("Claims", head, tuple(rows), note, command, texts=2)
