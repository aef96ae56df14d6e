"""The first sentence of a comparison, what is printed below it, and what Python gives."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nnexp.cli.comparison_text import show
from nnexp.errors import UserError
from nnexp.study.compare import Comparison, compare
from nnexp.study.comparison_text import answer
from nnexp.study.effect_rows import chosen
from nnexp.study.metric import Metric, plain_zero
from nnexp.study.multiple_comparisons import holm
from nnexp.study.setting import open_text
from nnexp.study.statistics import summarize
from nnexp.study.tables import Compared

METRIC = "test/accuracy"
ROOT = Path(__file__).resolve().parents[2]


def runs(
    cells: Mapping[tuple[tuple[str, Any], ...], float],
    *,
    n: int = 6,
    sd: float = 0.002,
    metric: str = METRIC,
    seed: int = 0,
) -> pd.DataFrame:
    """Runs of settings, given by keys and values, around their means."""
    rng = np.random.default_rng(seed)
    rows = []
    for keys, mean in cells.items():
        drawn = rng.standard_normal(n)
        drawn = (drawn - drawn.mean()) / drawn.std(ddof=1)
        for s in range(n):
            value = mean + sd * drawn[s]
            rows.append({"status": "FINISHED", "seed": s, **dict(keys), metric: value})
    return pd.DataFrame(rows)


def crossed(means: Mapping[tuple[Any, Any], float], first: str, second: str) -> Any:
    return {((first, a), (second, b)): mean for (a, b), mean in means.items()}


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which a table needs no second line."""
    monkeypatch.setenv("COLUMNS", "200")


def printed(found: Comparison, capsys: pytest.CaptureFixture[str], *, pairs: bool = False) -> str:
    show(found, pairs=pairs)
    return capsys.readouterr().out


REG_SIZE = crossed(
    {("none", 1000): 0.80, ("l2", 1000): 0.86, ("none", 50000): 0.95, ("l2", 50000): 0.96},
    "reg.name",
    "data.n_train",
)


def test_the_best_setting_comes_first_with_what_it_is_better_than() -> None:
    frame = runs({((k, v),): m for ((k, v), (_, n)), m in REG_SIZE.items() if n == 50000})
    (first,) = answer(compare(frame, ["reg"], METRIC))
    assert first.startswith("Highest test/accuracy: reg=l2 (96.00 %, 95 % interval 95.")
    assert first.endswith("than the next, reg=none." if "next" in first else "than reg=none.")
    _, first = answer(compare(runs(REG_SIZE), ["reg", "size"], METRIC))
    assert first.startswith("Highest test/accuracy: reg=l2 size=50000 (96.00 %, 95 % interval 95.")
    assert "higher by 1.00 points" in first
    assert first.endswith("than the next, reg=none size=50000.")
    assert "corrected for 6" in first


def test_of_two_keys_the_first_sentence_says_what_is_best_with_each_value() -> None:
    first, *_ = answer(compare(runs(REG_SIZE), ["reg", "size"], METRIC))
    assert first == (
        "Highest test/accuracy: reg=l2 with size=1000 (86.00 %; resolved from the other by 6.00 "
        "points), reg=l2 with size=50000 (96.00 %; resolved from the other by 1.00 points); the "
        "effect of reg depends on size, its best does not."
    )
    rates = {("0", "none"): 0.90, ("0.1", "none"): 0.93, ("0.3", "none"): 0.91}
    rates |= {("0", "l2"): 0.92, ("0.1", "l2"): 0.92, ("0.3", "l2"): 0.95}
    frame = runs(crossed(rates, "dropout.hidden", "reg.name"))
    first, *_ = answer(compare(frame, ["dropout.hidden", "reg"], METRIC))
    assert first.startswith("Highest test/accuracy: dropout.hidden=0.1 with reg=none (93.00 %; ")
    assert "dropout.hidden=0.3 with reg=l2 (95.00 %; resolved from the other 2 by at" in first
    assert first.endswith("; the effect of dropout.hidden depends on reg.")
    frame = runs(crossed(rates, "dropout.hidden", "reg.name"), sd=0.2)
    first, *_ = answer(compare(frame, ["dropout.hidden", "reg"], METRIC))
    assert "not resolved from 2 of 2 others" in first
    assert first.endswith("whether the effect of dropout.hidden depends on reg is not resolved.")


def test_costs_are_best_when_lowest_and_what_is_open_is_named() -> None:
    cells = {(("reg.name", r),): m for r, m in {"none": 0.31, "l1": 0.302, "l2": 0.3}.items()}
    frame = runs(cells, sd=0.004, metric="test/cost")
    found = compare(frame, ["reg"], "test/cost")
    (first,) = answer(found)
    assert [s.name for s in found.ranked] == ["l2", "l1", "none"]
    assert first.startswith("Lowest test/cost: reg=l2 (0.3, 95 % interval")
    assert re.search(r"not resolved from it: reg=l1 \(at most [\d.]+ higher\)", first)


def test_two_experiments_over_sizes_are_answered_in_the_first_sentence() -> None:
    cells = crossed(
        {("a", 1000): 0.17, ("b", 1000): 0.12, ("a", 50000): 0.025, ("b", 50000): 0.01},
        "experiment",
        "data.n_train",
    )
    frame = runs(cells, metric="gap/best")
    frame["reg.name"] = np.where(frame["experiment"] == "a", "none", "l2")
    found = compare(frame, ["experiment", "size"], "gap/best")
    first, best, both = answer(found)
    assert first.startswith(
        "gap/best, mean over size: experiment=b is lower than experiment=a by 3.25 points (95 %"
    )
    assert first.endswith("; 5.00 points with size=1000, 1.50 points with size=50000.")
    assert best.startswith("Lowest gap/best: experiment=b size=50000 (1.00 points")
    assert both.startswith("experiment and size interact, but experiment=b has the lowest mean")
    assert any("reg.name too, which follows experiment" in text for text in found.warnings)


def test_the_same_config_in_two_experiments_counts_in_both() -> None:
    frame = runs({(("experiment", "a"),): 0.9, (("experiment", "b"),): 0.9})
    found = compare(frame.assign(data="d"), ["experiment"], METRIC)
    assert [s.summary.n for s in found.settings] == [6, 6]


def test_settings_are_printed_best_first_with_labels_and_effects(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(compare(runs(REG_SIZE), ["reg", "size"], METRIC), capsys)
    lines = text.splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("setting "))
    labels = [" ".join(line.split()[:2]) for line in lines[at + 1 : at + 5]]
    sizes = ("50000", "1000")
    assert labels == [f"reg={r} size={s}" for s in sizes for r in ("l2", "none")]
    assert re.search(r"reg +reg=l2 +reg=none +6 +2 +\+3\.50 .*A is higher", text)
    assert re.search(r"size +size=50000 +size=1000 +6 +2 +\+12\.50 ", text)
    assert "warning: reg and size interact" in text
    assert re.search(r"size=1000 +80\.00 +86\.00 +-6\.00 ", text) or re.search(
        r"size=1000 +86\.00 +80\.00 +\+6\.00 ", text
    )
    assert "P(A > B)" not in text
    assert text.count("A is ") == 2
    assert "P(A > B)" in printed(
        compare(runs(REG_SIZE), ["reg", "size"], METRIC), capsys, pairs=True
    )


@pytest.mark.parametrize("columns", [80, 100, 130])
def test_a_narrow_terminal_cuts_no_effect(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    means = crossed({(r, d): 0.9 + d / 50 for r in ("none", "l2") for d in (0.0, 0.5)}, "reg.name",
                    "dropout.hidden")  # fmt: skip
    text = printed(compare(runs(means), ["reg", "dropout"], METRIC), capsys)
    rows = text.partition("A - B (points)")[2].splitlines()
    (row,) = (row for row in rows if "dropout.hidden=" in row)
    assert re.search(r"dropout\.hidden=0\.5  (dropout\.hidden=)?0 ", row)
    assert "+1.00" in row
    assert "…" not in "".join(rows[:4])


def test_of_two_settings_the_pair_is_shown_with_its_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cells = {(("reg.name", "none"),): 0.9, (("reg.name", "l2"),): 0.95}
    text = printed(compare(runs(cells), ["reg"], METRIC), capsys)
    assert "P(A > B)" in text
    assert "none is lower than l2 by 5.00 points" in text


def test_of_a_key_with_many_values_differences_from_the_best_are_shown() -> None:
    cells = {(("reg.lmbda", x),): 0.9 + 0.01 * k for k, x in enumerate((0.0, 0.1, 1.0, 5.0, 10.0))}
    found = compare(runs(cells), ["reg.lmbda"], METRIC)
    assert len(found.effects) == 10
    assert [e.b for e in chosen(found)] == ["reg.lmbda=10"] * 4


def test_against_a_baseline_p_is_corrected_for_so_many(
    capsys: pytest.CaptureFixture[str],
) -> None:
    frame = runs(REG_SIZE)
    for typed in ("reg=none size=1k", "size=1000,reg=none", "none, 1000"):
        found = compare(frame, ["reg", "size"], METRIC, against=typed)
        assert {p.b for p in found.pairs} == {"none, 1000"}
        assert [p.p for p in found.pairs] == holm([p.difference.t_p for p in found.pairs])
        assert len(found.pairs) == 3
    text = printed(found, capsys)
    assert text.startswith("test/accuracy against reg=none size=1000 (80.00 %")
    assert "corrected for 3 comparisons with reg=none size=1000 (Holm)" in text
    for typed, said in (("reg=l1", "no setting"), ("reg=none", "several settings")):
        with pytest.raises(UserError, match=f"--against {typed}: {said}"):
            compare(frame, ["reg", "size"], METRIC, against=typed)


def test_python_heeds_the_correction_as_the_command_does() -> None:
    """Pairs whose own interval excludes zero, among many that show nothing."""
    found = compare(
        runs({(("train.eta", x),): 0.9 + x / 1000 for x in range(8)}, sd=0.0015, seed=3),
        ["train.eta"],
        METRIC,
    )
    tempting = [p.difference.resolved and not p.resolved for p in found.pairs]
    assert any(tempting)
    frame = Compared(found).pairs
    assert list(frame["verdict"] == "not resolved") == [not p.resolved for p in found.pairs]
    effects = Compared(found).effects
    assert list(effects["verdict"] == "not resolved") == [not e.resolved for e in found.effects]
    assert list(Compared(found).settings["mean"]) == sorted(
        (s.summary.mean for s in found.settings), reverse=True
    )


def test_mixed_settings_get_no_answer_and_no_effects() -> None:
    frame = runs(REG_SIZE)
    frame["train.epochs"] = np.where(frame["seed"] < 3, 30, 100)
    found = compare(frame, ["reg", "size"], METRIC)
    assert found.effects == ()
    assert answer(found) == (
        "No answer: runs of one setting differ in train.epochs too (see the first note).",
    )


def test_a_design_is_told_from_what_may_be_the_cause() -> None:
    frame = runs(REG_SIZE)
    designed = frame.assign(**{"train.epochs": np.where(frame["data.n_train"] == 1000, 400, 30)})
    found = compare(designed, ["reg", "size"], METRIC)
    (told,) = (text for text in found.warnings if "train.epochs" in text)
    assert "which follows size (400 with 1000, 30 with 50000)" in told
    assert "may be theirs" not in told
    odd = (frame["data.n_train"] == 1000) & (frame["reg.name"] == "l2")
    found = compare(
        frame.assign(**{"train.epochs": np.where(odd, 400, 30)}), ["reg", "size"], METRIC
    )
    assert any("train.epochs too: the difference may be theirs" in text for text in found.warnings)
    both = compare(designed, ["reg", "size", "train.epochs"], METRIC)
    assert [f.name for f in both.design.factors] == ["reg", "size, train.epochs"]
    assert both.mixed == ()


@pytest.mark.parametrize(
    ("metric", "values", "low", "high"),
    [
        ("test/accuracy", [0.999, 1.0, 0.97, 1.0, 1.0], 0.0, 1.0),
        ("time/train_seconds", [0.01, 0.5, 0.02, 0.01, 0.01], 0.0, math.inf),
        ("test/cost", [0.001, 0.5, 0.001, 0.001, 0.001], 0.0, math.inf),
        ("gap/best", [-0.999, -1.0, -0.9, -1.0], -1.0, 1.0),
    ],
)
def test_intervals_stay_within_the_bounds_of_their_metric(
    metric: str, values: list[float], low: float, high: float
) -> None:
    bounds = Metric(metric).bounds
    assert bounds == (low, high)
    free, cut = summarize(values), summarize(values, bounds=bounds)
    assert free.low < low or free.high > high
    assert (cut.low, cut.high) == (max(free.low, low), min(free.high, high))
    assert summarize([-5.0, 1.0, 2.0], bounds=bounds) == summarize([-5.0, 1.0, 2.0])


def test_no_zero_has_a_sign() -> None:
    assert Metric(METRIC).text(-1e-6, sign=True) == "0.00"
    assert Metric(METRIC).text(-1e-6) == "0.00"
    assert Metric(METRIC).text(-1e-3, sign=True) == "-0.10"
    assert Metric(METRIC).text(2e-3, sign=True) == "+0.20"
    assert [plain_zero(t) for t in ("−0.00", "+0", "-0.01", "-")] == ["0.00", "0", "-0.01", "-"]


def test_seeds_that_nobody_trains_are_not_advised() -> None:
    """And "not resolved" is said once."""
    metric = Metric(METRIC)

    def told(shift: float) -> str:
        cells = {(("reg.name", "none"),): 0.9, (("reg.name", "l2"),): 0.9 + shift}
        frame = runs(cells, n=8, sd=0.004)
        (pair,) = compare(frame, ["reg"], METRIC).pairs
        return open_text(pair, metric.difference)

    assert re.fullmatch(r"not resolved: about \d+ more seeds would be needed", told(0.003))
    most = r"not worth resolving: the difference is at most 0\.\d\d points"
    assert re.fullmatch(most, told(1e-5))


def test_answers_have_no_numbers_that_json_does_not_know() -> None:
    one = runs({(("reg.name", "none"),): 0.9, (("reg.name", "l2"),): 0.95}, n=2)
    one = one[one["seed"] == 0].copy()
    one[METRIC] = [0.9, 0.95]
    found = compare(one, ["reg"], METRIC)
    assert "too few runs" in answer(found)[0]
    assert json.dumps(answer(found))
