"""How values, intervals and margins of metrics are read and written."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from nnexp.cli.comparison_text import show
from nnexp.cli.printed_tables import mean_with_interval
from nnexp.errors import UserError
from nnexp.report.labels import Measure, number
from nnexp.study.bootstrap import Interval
from nnexp.study.compare import compare
from nnexp.study.comparison_text import answer
from nnexp.study.decision_rule import Rule, margin_of
from nnexp.study.metric import Metric
from nnexp.study.statistics import summarize

METRIC = "test/accuracy"


def test_halves_are_rounded_alike_and_up() -> None:
    """0.98545 and 0.12465 are doubles a little above and a little below; sums of them any way."""
    for value, told in ((0.98545, "98.55"), (0.12465, "12.47"), (-0.12465, "-12.47")):
        for noise in (-2e-16, 0.0, 2e-16):
            assert Metric(METRIC).text(value + noise) == told
            assert number(100 * (value + noise), digits=2) == told.replace("-", "−")
            assert mean_with_interval([value + noise], 100.0, 2) == told
    assert Metric(METRIC).text(0.985449) == "98.54"
    assert [Metric("test/cost").text(x) for x in (0.5, 1234.5, 0.0, math.nan)] == [
        "0.5", "1235", "0", "-",
    ]  # fmt: skip


def test_intervals_without_an_end_are_no_dash(capsys: pytest.CaptureFixture[str]) -> None:
    """While seeds are added, few have none: it was `0 to -`, `- to -`."""
    metric = "test/cost"
    costs = {"none": [0.5, 0.6, 0.55], "l2": [0.5, 0.6, 0.65]}
    rows = [
        {"status": "FINISHED", "seed": seed, "reg.name": reg, metric: cost}
        for reg, values in costs.items()
        for seed, cost in enumerate(values)
    ]
    found = compare(pd.DataFrame(rows), ["reg"], metric, rule=Rule(anytime=True))
    assert answer(found)[0].startswith(
        "Lowest test/cost: reg=none (0.55, 95 % anytime interval 0 or more)"
    )
    show(found, pairs=False)
    assert "- to -" not in (said := capsys.readouterr().out)
    assert "0 to -" not in said
    assert Metric(metric).span(Interval(-math.inf, 0.25), sign=True) == "+0.25 or less"
    assert Metric(METRIC).span(Interval(0.25, 0.5)) == "25.00 to 50.00"
    assert Metric(METRIC).span(Interval(math.nan, math.nan)) == "-"
    # In a report too, which had `- to -`.
    assert Measure(METRIC, "").span(Interval(math.nan, math.nan), sign=True) == "-"


def test_metrics_of_the_best_epoch_are_bounded_and_have_a_better_end() -> None:
    assert Metric("best/test_data_cost").lower_is_better is True
    assert Metric("best/test_correct").lower_is_better is False
    assert summarize([0.0, 1.0, 1.0], bounds=Metric("best/epoch").bounds).low == 0.0


@pytest.mark.parametrize("given", [-1, 0, math.nan, math.inf, "x", True])
def test_a_margin_is_a_number_above_0(given: object) -> None:
    """From Python, -1 and nan were taken, and nothing was ever equivalent."""
    with pytest.raises(UserError, match=f"within={given}: allowed: a number above 0"):
        margin_of(given, Metric(METRIC), "within=")
    assert margin_of(0.5, Metric(METRIC), "within=") == margin_of(
        np.float64(0.5), Metric(METRIC), ""
    )
