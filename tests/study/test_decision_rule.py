"""Verdicts by rule: equivalence within a margin, families, and what is said of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nnexp.cli.comparison_data import everything
from nnexp.cli.comparison_text import show
from nnexp.cli.formats import print_json
from nnexp.study.compare import Comparison, compare
from nnexp.study.comparison_text import answer
from nnexp.study.decision_rule import FIXED, Judged, Rule, judge
from nnexp.study.difference import paired_difference
from nnexp.study.improvement import Probability
from nnexp.study.multiple_comparisons import holm
from nnexp.study.rounds import next_round, undecided
from nnexp.study.sequential import confidence_sequence, e_value
from nnexp.study.setting import Setting
from nnexp.study.statistics import summarize
from nnexp.study.ttest import moments

METRIC = "test/accuracy"
RNG = np.random.default_rng(5)
SHARED = 0.005 * RNG.standard_normal(12)


def recorded(shifts: dict[str, float], sd: float = 0.001, n: int = 12, **more: Any) -> pd.DataFrame:
    """Runs that share most of their spread with those of the same seed."""
    rng = np.random.default_rng(1)
    rows = []
    for name, shift in shifts.items():
        own = rng.standard_normal(n)
        own = sd * (own - own.mean()) / own.std(ddof=1)
        for s in range(n):
            value = 0.95 + shift + SHARED[s] + own[s]
            rows.append({"status": "FINISHED", "seed": s, "reg.name": name, METRIC: value, **more})
    return pd.DataFrame(rows)


def test_equivalence_is_two_one_sided_t_tests() -> None:
    z = np.random.default_rng(3).normal(0.1, 1.0, 9)
    found = moments([z])
    lower = stats.ttest_1samp(z, -0.8, alternative="greater").pvalue
    upper = stats.ttest_1samp(z, 0.8, alternative="less").pvalue
    assert found.p_within(0.8) == pytest.approx(max(lower, upper))
    a, b = z, np.random.default_rng(4).normal(0.0, 2.0, 6)
    welch = moments([a, -b])
    lower = stats.ttest_ind(a + 0.5, b, equal_var=False, alternative="greater").pvalue
    upper = stats.ttest_ind(a - 0.5, b, equal_var=False, alternative="less").pvalue
    assert welch.p_within(0.5) == pytest.approx(max(lower, upper))
    assert moments([np.full(3, 0.1)]).p_within(0.2) == 0.0
    assert moments([np.full(3, 0.2)]).p_within(0.2) == 1.0
    assert np.isnan(moments([np.ones(1)]).p_within(0.2))


def test_there_are_three_verdicts_each_corrected_for_the_family() -> None:
    frame = recorded({"none": 0.0, "l1": 0.0001, "l2": 0.01})
    found = compare(frame, ["reg"], METRIC, rule=Rule(within=0.002))
    verdicts = {(p.a, p.b): p.verdict for p in found.pairs}
    assert verdicts[("none", "l1")] == "equivalent"
    assert {verdicts[("none", "l2")], verdicts[("l1", "l2")]} == {"lower"}
    within = [p.difference.moments.p_within(0.002) for p in found.pairs]
    assert [p.p_within for p in found.pairs] == holm(within)
    assert "better than the other 2" not in answer(found)[0]
    first = answer(compare(frame[frame["reg.name"] != "l2"], ["reg"], METRIC, rule=found.rule))[0]
    assert "equivalent to it within 0.2 points: reg=none." in first


def test_without_a_margin_nothing_is_equivalent() -> None:
    found = compare(recorded({"none": 0.0, "l1": 0.0}), ["reg"], METRIC)
    assert [p.verdict for p in found.pairs] == ["not resolved"]
    assert not found.pairs[0].equivalent


def test_a_difference_may_be_resolved_and_too_small_to_matter(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = compare(recorded({"none": 0.0, "l2": 0.004}), ["reg"], METRIC, rule=Rule(within=0.008))
    (pair,) = found.pairs
    assert pair.resolved
    assert pair.equivalent
    assert pair.verdict == "lower"
    show(found, pairs=False)
    text = capsys.readouterr().out
    assert "none is lower than l2 by 0.40 points, and equivalent within 0.8 points" in text
    assert "two one-sided t tests" in text


def test_costs_have_margins_in_their_own_unit(capsys: pytest.CaptureFixture[str]) -> None:
    frame = recorded({"none": 0.0, "l2": 0.0}).rename(columns={METRIC: "test/cost"})
    found = compare(frame, ["reg"], "test/cost", rule=Rule(within=0.03))
    assert "equivalent to it within 0.03: " in answer(found)[0]


def anytime(**more: Any) -> Comparison:
    shifts = {"none": 0.0, "l1": 0.0002, "l2": 0.01}
    return compare(recorded(shifts), ["reg"], METRIC, rule=Rule(anytime=True, **more))


def test_the_anytime_rule_judges_by_e_and_its_own_interval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = anytime()
    for pair in found.pairs:
        z = pair.evidence.paired
        assert z is not None
        assert pair.e == e_value(z)
        assert (pair.low, pair.high) == confidence_sequence(z, 0.05)
        assert pair.resolved == (pair.p <= 0.05)
    assert [p.p for p in found.pairs] == holm([min(1.0, 1.0 / (p.e or 1.0)) for p in found.pairs])
    show(found, pairs=True)
    text = capsys.readouterr().out
    assert "95 % anytime interval" in text
    assert "E: evidence against no difference" in text
    assert "exact p" not in text
    print_json(everything(found))
    told = json.loads(capsys.readouterr().out)
    assert told["anytime"]
    assert {p["verdict"] for p in told["pairs"]} == {"lower", "not resolved"}
    assert all(p["p_t"] is None and p["e"] > 0.0 for p in told["pairs"])


def test_unpaired_runs_are_not_judged_at_any_time() -> None:
    frame = recorded({"none": 0.0, "l2": 0.01})
    frame.loc[frame["reg.name"] == "l2", "seed"] += 100
    found = compare(frame, ["reg"], METRIC, rule=Rule(anytime=True, within=0.5))
    assert [p.verdict for p in found.pairs] == ["not resolved"]
    assert found.pairs[0].e is None
    assert answer(found)[0].endswith("not resolved from it: reg=none.")


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.52, 0.9, True), (0.52, 0.7, False), (0.48, 0.9, False), (0.1, 0.45, True)],
)
def test_meaningful_is_bouthilliers_rule(low: float, high: float, said: bool) -> None:
    assert Probability((low + high) / 2, low, high).meaningful is said


def test_open_are_the_comparisons_with_the_best_or_the_baseline() -> None:
    found = anytime()
    assert undecided(found) == []  # l2 is best by far; which of the others is better is not asked
    assert [{a.name, b.name} for a, b in undecided(found, every=True)] == [{"none", "l1"}]
    frame = recorded({"none": 0.0, "l1": 0.0002, "l2": 0.01})
    based = compare(frame, ["reg"], METRIC, rule=Rule(anytime=True), against="none")
    assert [(a.name, b.name) for a, b in undecided(based)] == [("l1", "none")]


def test_of_two_experiments_the_one_against_the_other_is_asked() -> None:
    frames = [
        recorded({"none": 0.02, "l2": 0.0}, n=n, experiment=name)
        for name, n in (("one", 8), ("two", 12))
    ]

    def compared(shift: float) -> Comparison:
        moved = frames[1].assign(**{METRIC: frames[1][METRIC] + shift})
        both = pd.concat([frames[0], moved], ignore_index=True)
        return compare(both, ["experiment", "reg"], METRIC, rule=Rule(anytime=True))

    found = compared(0.0001)
    assert found.central is not None
    assert found.central.verdict == "not resolved"
    cells = {frozenset((a.name, b.name)) for a, b in undecided(found)}
    assert cells == {frozenset((f"one, {r}", f"two, {r}")) for r in ("none", "l2")}
    assert undecided(compared(0.03)) == []


def settings_with(*seeds: range) -> list[Setting]:
    values = [dict.fromkeys(map(int, mine), 0.5) for mine in seeds]
    return [Setting(f"s{k}", summarize([0.5]), 0, v) for k, v in enumerate(values)]


def test_rounds_are_whole_seeds_as_wide_as_the_cores() -> None:
    a, b, c = settings_with(range(5), range(5), range(5))
    assert next_round([(a, b)], {}, width=2, most=60) == [("s0", 5), ("s1", 5)]
    four = next_round([(a, b)], {}, width=4, most=60)
    assert four == [("s0", 5), ("s1", 5), ("s0", 6), ("s1", 6)]
    assert next_round([(a, b)], {}, width=4, most=3) == four[:2]
    assert next_round([(a, b)], {}, width=2, most=1) == []
    assert next_round([(a, c), (b, c)], {}, width=2, most=60) == [("s0", 5), ("s2", 5), ("s1", 5)]
    assert next_round([], {}, width=2, most=60) == []


def test_rounds_complete_seeds_first_and_leave_out_what_failed() -> None:
    a, b = settings_with(range(5), range(3, 8))
    found = next_round([(a, b)], {"s0": {6}, "s1": {1}}, width=6, most=60)
    assert found == [("s1", 0), ("s1", 2), ("s0", 5), ("s0", 7), ("s0", 8), ("s1", 8)]
    assert next_round([(a, b)], {"s0": {8}}, width=99, most=9)[-2:] == [("s0", 9), ("s1", 9)]


def test_of_several_differences_the_interval_alone_resolves_none() -> None:
    spread = np.random.default_rng(3).standard_normal(12)
    spread = (spread - spread.mean()) / spread.std(ddof=1)
    shift = float(stats.t.isf(0.02, 11)) / 12**0.5  # A two-sided p of 0.04.
    up = paired_difference(spread + shift, np.zeros(12))
    down = paired_difference(np.zeros(12), spread + shift)
    (alone,) = (Judged(*one) for one in judge([up], FIXED))
    assert alone.resolved
    assert not alone.tempting
    family = [Judged(*one) for one in judge([up, down], FIXED)]
    assert [one.p for one in family] == pytest.approx([0.08, 0.08])
    assert not any(one.resolved for one in family)
    assert all(one.tempting for one in family)
    assert [one.bound for one in family] == [family[0].high, -family[1].low]
