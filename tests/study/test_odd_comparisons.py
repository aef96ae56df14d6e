"""Comparisons of odd records: seeds that do not match, values that do not vary, failed runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nnexp.cli.comparison_data import everything, rows
from nnexp.cli.comparison_text import show
from nnexp.errors import UserError
from nnexp.study.compare import Comparison, compare
from nnexp.study.comparison_text import answer
from nnexp.study.decision_rule import FIXED, Rule
from nnexp.study.effect_rows import short_verdict
from nnexp.study.grouping import varied
from nnexp.study.metric import Metric
from nnexp.study.setting import open_text

METRIC = "test/accuracy"


def frame(
    cells: Sequence[tuple[Mapping[str, Any], Mapping[int, float]]], metric: str = METRIC
) -> pd.DataFrame:
    """Finished runs of settings, each with its values by seed."""
    return pd.DataFrame(
        [
            {"status": "FINISHED", "seed": seed, **setting, metric: value}
            for setting, values in cells
            for seed, value in values.items()
        ]
    )


def by_reg(values: Mapping[str, Mapping[int, float]], **more: Any) -> Comparison:
    return compare(
        frame([({"reg.name": k}, v) for k, v in values.items()]), ["reg"], METRIC, **more
    )


HARD, EASY = {s: 0.80 + 0.001 * s for s in range(4)}, {s: 0.95 + 0.001 * s for s in range(4, 8)}
"""Seeds that all settings do badly with, and seeds that all do well with."""
BOTH = HARD | EASY
BETTER = {s: v + 0.01 + 0.0001 * s for s, v in HARD.items()}


def test_a_worse_mean_may_be_better_on_the_seeds_that_both_have() -> None:
    """L2 has only seeds that all do badly with; it was said that the other is better by 1.02."""
    (first,) = answer(by_reg({"none": BOTH, "l2": BETTER}))
    assert first.startswith("Highest test/accuracy: reg=none (87.85 %")
    assert first.endswith("; but on the 4 seeds that both have reg=l2 is higher by 1.02 points.")
    assert "better than" not in first


def test_of_two_keys_a_worse_mean_may_be_better_on_common_seeds() -> None:
    cells = [
        ({"reg.name": r, "dropout.hidden": d}, values)
        for r, values in {"none": BOTH, "l2": BETTER}.items()
        for d in (0.0, 0.5)
    ]
    first, *_ = answer(compare(frame(cells), ["reg", "dropout"], METRIC))
    assert "resolved from" not in first
    assert "is better on the seeds that both have" in first


def test_which_seeds_a_difference_is_of_is_said_where_settings_have_others() -> None:
    more = {s: v + 0.03 + 0.0001 * s for s, v in EASY.items()}
    (first,) = answer(by_reg({"none": BOTH, "l2": more}))
    assert "; on the 4 seeds that both have) than reg=none." in first
    same = {s: v + 0.03 + 0.0001 * s for s, v in BOTH.items()}
    (first,) = answer(by_reg({"none": BOTH, "l2": same}))
    assert "that both have" not in first


def test_at_least_is_the_smallest_of_the_differences() -> None:
    """The second best by its mean need not have the smallest difference on common seeds."""
    noise = [0.0, 0.001, -0.001, 0.0005, -0.0005, 0.0002]
    base = {s: 0.9 + n for s, n in enumerate(noise)}
    far = {s: v - 0.02 + 0.0001 * s for s, v in list(base.items())[:5]} | {9: 0.93, 10: 0.93}
    near = {s: v - 0.01 + 0.0001 * s for s, v in base.items()}
    wide = {20: 0.85, 21: 0.95}
    found = by_reg({"none": base, "l1": far, "l2": near, "elastic": wide})
    best = found.ranked[0]
    sizes = [
        abs(p.mean) for s in found.settings if (p := found.pair(best, s)) is not None and p.resolved
    ]
    (first,) = answer(found)
    least = re.search(r"by at least ([\d.]+) points", first)
    assert len(sizes) == 2
    assert least is not None
    assert float(least[1]) == pytest.approx(100 * min(sizes), abs=0.0051)


def test_of_two_experiments_a_cell_of_the_other_sign_is_told_so() -> None:
    noise = {s: 0.0001 * (s % 3) for s in range(6)}
    shifts = {("a", 1000): 0.10, ("b", 1000): 0.02, ("a", 50000): 0.010, ("b", 50000): 0.022}
    cells = [
        ({"experiment": e, "data.n_train": n}, {s: m + v * (e == "a") for s, v in noise.items()})
        for (e, n), m in shifts.items()
    ]
    found = compare(frame(cells, "gap/best"), ["experiment", "size"], "gap/best")
    first, *_ = answer(found)
    assert "experiment=b is lower than experiment=a by 3.41 points" in first
    assert first.endswith(
        "; 8.01 points with size=1000, but higher by 1.19 points with size=50000."
    )


def test_of_two_experiments_that_are_not_resolved_cells_have_signs() -> None:
    rng = np.random.default_rng(0)
    cells = [
        ({"experiment": e, "data.n_train": n}, dict(enumerate(0.1 + 0.01 * rng.normal(size=5))))
        for e in "ab"
        for n in (1000, 50000)
    ]
    first, *_ = answer(compare(frame(cells, "gap/best"), ["experiment", "size"], "gap/best"))
    assert re.search(r"; [+-]\d\.\d\d points \(not resolved\) with size=1000, [+-]\d", first)


@pytest.mark.parametrize(("n", "said"), [(2, "not resolved"), (5, "not resolved"), (6, "lower")])
def test_equal_differences_of_few_seeds_are_no_certainty(n: int, said: str) -> None:
    """Accuracies are rounded to whole images: 0.01 points twice was resolved with p = 0."""
    values = {s: 0.9 + 0.013 * s for s in range(n)}
    found = by_reg({"none": values, "l2": {s: v + 0.0001 for s, v in values.items()}})
    (pair,), (effect,) = found.pairs, found.effects
    assert pair.p == effect.p == pair.t_p == 2.0 ** (1 - n)
    assert (pair.verdict, effect.verdict) == (said, said)
    if said == "not resolved":
        told = f"not resolved: the same difference in all {n} seeds"
        assert open_text(pair, Metric(METRIC)) == short_verdict(pair, Metric(METRIC)) == told
        assert pair.more_seeds is None
        (first,) = answer(found)
        assert first.endswith(f"from it: reg=none (0.01 points lower in all {n} seeds).")


def test_where_nothing_is_drawn_any_difference_is_one() -> None:
    found = by_reg({"none": {0: 0.5, 1: 0.5}, "l2": {0: 0.6, 1: 0.6}})
    assert (found.pairs[0].p, found.pairs[0].verdict, found.effects[0].verdict) == (
        0.0, "lower", "lower",
    )  # fmt: skip


def test_settings_with_the_same_values_are_told_so() -> None:
    """It was "not worth resolving: the difference is at most 0.00 points"."""
    values = {s: 0.9 + 0.01 * s for s in range(3)}
    found = by_reg({"none": values, "l2": values})
    assert open_text(found.pairs[0], Metric(METRIC)) == "not resolved: the same in all 3 seeds"
    assert answer(found)[0].endswith("from it: reg=l2 (the same in all 3 seeds).")
    assert by_reg({"none": values, "l2": values}, rule=Rule(within=0.001)).pairs[0].equivalent


def test_what_is_resolved_has_a_p_of_at_most_alpha() -> None:
    """The interval keeps the asymmetry of the values, p does not; both have to say so."""
    rng, between = np.random.default_rng(1), 0
    for _ in range(400):
        d = rng.exponential(size=5) * 0.01 - 0.001
        found = by_reg({"none": dict(enumerate(0.5 + d)), "l2": dict.fromkeys(range(5), 0.5)})
        (pair,) = found.pairs
        assert pair.resolved == (pair.p <= 0.05 and pair.low * pair.high > 0.0)
        if pair.tempting:
            between += 1
            told = open_text(pair, Metric(METRIC))
            assert told == "not resolved, though its own interval excludes zero"
    assert between


def test_settings_of_which_all_runs_failed_are_named() -> None:
    """They were counted as failed runs of the one setting that was left."""
    good = frame([({"train.eta": 0.5, "reg.name": "none"}, {0: 0.9, 1: 0.91})])
    bad = good.assign(status="FAILED", **{"train.eta": 1e20, METRIC: np.nan})
    runs = pd.concat([good, bad], ignore_index=True)
    assert varied(runs) == ["train.eta"]
    found = compare(runs, varied(runs), METRIC)
    assert [(s.summary.n, s.failed) for s in found.settings] == [(2, 0)]
    assert "train.eta=1e+20: no finished runs (2 failed)" in found.warnings
    assert "there is one setting, train.eta=0.5: nothing to compare it with" in found.warnings


def test_runs_without_the_metric_are_counted() -> None:
    runs = frame([({"reg.name": r}, {s: 0.9 + 0.01 * s for s in range(6)}) for r in ("none", "l2")])
    runs.loc[runs["seed"] > 3, METRIC] = np.nan
    assert "4 runs without test/accuracy left out" in compare(runs, ["reg"], METRIC).warnings
    runs.loc[runs["reg.name"] == "l2", METRIC] = np.inf
    found = compare(runs, ["reg"], METRIC)
    assert "reg=l2: no run has test/accuracy" in found.warnings


def test_programs_are_not_told_a_verdict_on_mixed_settings() -> None:
    runs = frame([({"reg.name": r}, {s: 0.9 + m for s, m in enumerate(v)}) for r, v in (
        ("none", (0.0, 0.001, 0.002)), ("l2", (0.05, 0.052, 0.053)))])  # fmt: skip
    runs["train.epochs"] = np.where(runs["seed"] < 1, 30, 100)
    found = compare(runs, ["reg"], METRIC)
    assert found.mixed == ("train.epochs",)
    (pair,) = everything(found)["pairs"]
    assert (pair["verdict"], pair["resolved"]) == ("not judged", None)
    assert [r["verdict"] for r in rows(found) if r["kind"] == "pair"] == ["not judged"]


def test_a_seed_is_no_metric() -> None:
    """Its mean was compared: "Highest seed: …"."""
    runs = frame([({"reg.name": r}, {s: 0.9 + 0.01 * s for s in range(3)}) for r in ("none", "l2")])
    with pytest.raises(UserError, match=r"--metric seed: no run has it; recorded: test/accuracy"):
        compare(runs, ["reg"], "seed")


def test_runs_that_are_not_paired_are_not_said_to_be_of_other_settings() -> None:
    runs = frame([({"reg.name": r}, {s: 0.9 + 0.01 * s for s in range(3)}) for r in ("none", "l2")])
    found = compare(runs.assign(**{"train.eta": 0.5}), ["reg"], METRIC, pair="train.eta")
    told = [text for text in found.warnings if "several runs with train.eta 0.5" in text]
    assert len(told) == 2
    assert all(text.endswith("so that none are paired") for text in told)
    assert not found.pairs[0].paired


def interacting(capsys: pytest.CaptureFixture[str], seeds: int, rule: Rule = FIXED) -> str:
    """What is printed of L2 that helps with little data only; the last setting has fewer seeds."""
    rng = np.random.default_rng(2)
    shared = 0.01 * rng.normal(size=12)
    means = {("none", 1000): 0.80, ("l2", 1000): 0.90, ("none", 50000): 0.95, ("l2", 50000): 0.95}
    cells = [
        (
            {"reg.name": r, "data.n_train": n},
            {s: m + shared[s] + 0.002 * rng.normal() for s in range(seeds if m == 0.90 else 12)},
        )
        for (r, n), m in means.items()
    ]
    show(compare(frame(cells), ["reg", "size"], METRIC, rule=rule), pairs=False)
    return capsys.readouterr().out


def test_intervals_of_cells_are_those_of_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """While seeds were added, the table of cells had intervals of a fixed number of them."""
    fixed, anytime = interacting(capsys, 12), interacting(capsys, 12, Rule(anytime=True))
    assert "reg and size interact" in fixed
    assert "95 % interval" in fixed.partition("warning: ")[2]
    table = anytime.partition("warning: ")[2]
    assert "95 % anytime interval" in table
    assert "95 % interval" not in table
    assert "on the seeds that all" not in fixed + anytime


def test_that_cells_and_their_difference_are_of_other_seeds_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "difference: on the seeds that all of its settings have" in interacting(capsys, 8)


def test_labels_with_commas_are_told_apart() -> None:
    settings = {"l2": "L2, 1,000 images", "none": "no L2"}
    runs = frame([({"reg.name": k, "setting": v}, {0: 0.9, 1: 0.91}) for k, v in settings.items()])
    (told,) = (w for w in compare(runs, ["setting"], METRIC).warnings if "fewer than 5" in w)
    assert told.startswith("fewer than 5 runs: L2, 1,000 images; no L2; intervals")
