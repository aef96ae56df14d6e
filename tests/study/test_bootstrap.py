"""Intervals of means: against published numbers, SciPy, and their own promise to cover."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nnexp.errors import UserError
from nnexp.study.bootstrap import (
    Interval,
    mean_interval,
    resampled_means,
    resolved,
    weighted_interval,
)
from tests.study.published import CROSSED, MICE_CONTROL, MICE_TREATED, SELFED

Draw = Callable[[np.random.Generator, int], np.ndarray]

values = st.lists(st.integers(0, 10_000).map(lambda k: k / 10_000), min_size=2, max_size=12)


@pytest.mark.parametrize("n", [5, 10, 30])
@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        (lambda rng, n: rng.normal(size=n), 0.0),
        (lambda rng, n: rng.binomial(10_000, rng.normal(0.955, 0.002, n)) / 10_000, 0.955),
    ],
    ids=["normal", "accuracy"],
)
def test_95_percent_interval_covers_in_93_to_97_percent_of_2000_cases(
    draw: Draw, truth: float, n: int
) -> None:
    rng = np.random.default_rng(20)
    hits = 0
    for _ in range(2_000):
        low, high = mean_interval(draw(rng, n))
        hits += low <= truth <= high
    assert 0.93 <= hits / 2_000 <= 0.97


def test_difference_of_unequal_groups_is_covered_in_93_to_97_percent_of_cases() -> None:
    rng = np.random.default_rng(21)
    hits = 0
    for _ in range(2_000):
        groups = [rng.normal(1.0, 1.0, 10), rng.normal(0.0, 3.0, 5)]
        low, high = weighted_interval(groups, [1.0, -1.0])
        hits += low <= 1.0 <= high
    assert 0.93 <= hits / 2_000 <= 0.97


def test_a_difference_between_groups_does_not_widen_the_interval_of_their_mean() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=10), rng.normal(size=10)
    near, far = (weighted_interval([a, b + shift], [0.5, 0.5]) for shift in (0.0, 100.0))
    assert far.high - far.low == pytest.approx(near.high - near.low, rel=1e-9)
    pooled = mean_interval(np.concatenate([a, b + 100.0]))
    assert pooled.high - pooled.low > 10 * (far.high - far.low)


def test_a_group_of_one_value_leaves_the_interval_undefined() -> None:
    assert np.isnan(weighted_interval([[1.0, 2.0], [3.0]], [0.5, 0.5])).all()


def test_resampled_means_spread_as_in_efron_and_tibshirani() -> None:
    # Table 2.2, infinitely many resamples: 23.36 for the mean of the treated mice.
    mice = np.sort(np.asarray(MICE_TREATED))
    assert np.std(resampled_means(mice, 20_000, 0, 0)) == pytest.approx(23.36, rel=0.01)


def test_interval_is_scipys_percentile_interval_stretched_by_the_two_factors() -> None:
    x = np.asarray(CROSSED) - np.asarray(SELFED)
    percentile = stats.bootstrap(
        (x,), np.mean, n_resamples=100_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    stretch = np.sqrt(15 / 14) * stats.t.ppf(0.975, 14) / stats.norm.ppf(0.975)
    low, high = mean_interval(x, resamples=100_000)
    assert low == pytest.approx(x.mean() + stretch * (percentile.low - x.mean()), abs=0.04)
    assert high == pytest.approx(x.mean() + stretch * (percentile.high - x.mean()), abs=0.04)


def test_interval_of_normal_scores_is_students() -> None:
    x = stats.norm.ppf((np.arange(200) + 0.5) / 200)
    half = stats.t.ppf(0.975, 199) * x.std(ddof=1) / np.sqrt(200)
    low, high = mean_interval(x, resamples=100_000)
    assert (low, high) == pytest.approx((-half, half), rel=0.02)


def test_difference_of_the_mice_is_not_resolved() -> None:
    # Efron & Tibshirani, section 2.1: 30.63 with standard error 28.93, only 1.05 of them.
    interval = weighted_interval([MICE_TREATED, MICE_CONTROL], [1.0, -1.0])
    welch = stats.ttest_ind(MICE_TREATED, MICE_CONTROL, equal_var=False).confidence_interval()
    assert not resolved(interval)
    assert interval.low == pytest.approx(welch.low, rel=0.15)
    assert interval.high == pytest.approx(welch.high, rel=0.15)


def test_many_values_are_resampled_in_blocks_with_the_same_result_in_distribution() -> None:
    x = np.sort(np.random.default_rng(3).normal(size=3_000))
    found = resampled_means(x, 2_000, 0, 0)
    assert found.shape == (4_000,)
    assert np.std(found) == pytest.approx(x.std() / np.sqrt(3_000), rel=0.05)
    assert np.mean(found) == pytest.approx(x.mean(), abs=0.002)


def test_one_value_has_no_interval_and_is_not_resolved() -> None:
    interval = mean_interval([0.9])
    assert np.isnan(interval.low)
    assert np.isnan(interval.high)
    assert not resolved(interval)


def test_equal_values_have_an_interval_of_zero_width_at_their_value() -> None:
    assert mean_interval([0.1, 0.1, 0.1]) == Interval(0.1, 0.1)


def test_two_values_have_a_wide_finite_interval_around_their_mean() -> None:
    low, high = mean_interval([0.90, 0.92])
    assert low < 0.85 < 0.97 < high


@pytest.mark.parametrize(
    ("interval", "expected"),
    [((0.1, 0.2), True), ((-0.2, -0.1), True), ((-0.1, 0.1), False), ((0.0, 0.1), False)],
)
def test_interval_is_resolved_when_it_excludes_zero(
    interval: tuple[float, float], expected: bool
) -> None:
    assert resolved(Interval(*interval)) is expected


@settings(max_examples=40, deadline=None)
@given(values, st.integers(0, 3))
def test_same_seed_gives_the_same_interval_in_any_order_of_the_values(
    x: list[float], seed: int
) -> None:
    shuffled = np.random.default_rng(seed).permutation(x)
    assert mean_interval(x, seed=seed) == pytest.approx(
        mean_interval(shuffled, seed=seed), abs=1e-12
    )


@settings(max_examples=40, deadline=None)
@given(values, st.floats(-100.0, 100.0))
def test_interval_moves_with_the_values(x: list[float], shift: float) -> None:
    low, high = mean_interval(x)
    moved = mean_interval(np.asarray(x) + shift)
    assert moved == pytest.approx((low + shift, high + shift), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(values, st.floats(0.01, 100.0))
def test_interval_scales_and_mirrors_with_the_values(x: list[float], factor: float) -> None:
    low, high = mean_interval(x)
    mirrored = mean_interval(-factor * np.asarray(x))
    assert mirrored == pytest.approx((-factor * high, -factor * low), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(values)
def test_higher_level_gives_a_wider_interval_around_the_mean(x: list[float]) -> None:
    inner, outer = mean_interval(x, level=0.8), mean_interval(x, level=0.99)
    assert outer.low <= inner.low <= np.mean(x) + 1e-12
    assert np.mean(x) - 1e-12 <= inner.high <= outer.high


def test_another_seed_resamples_anew() -> None:
    assert mean_interval(CROSSED, seed=0) != mean_interval(CROSSED, seed=1)


def test_values_that_are_not_finite_are_refused_with_their_number() -> None:
    with pytest.raises(UserError, match="2 of 3 values are not finite"):
        mean_interval([0.9, float("nan"), float("inf")])


@pytest.mark.parametrize(
    "call",
    [
        lambda: mean_interval([]),
        lambda: mean_interval([[1.0, 2.0]]),
        lambda: mean_interval([1.0, 2.0], level=1.0),
        lambda: mean_interval([1.0, 2.0], resamples=1),
        lambda: weighted_interval([[1.0, 2.0]], [1.0, 2.0]),
        lambda: weighted_interval([], []),
    ],
)
def test_calls_out_of_range_are_refused(call: Callable[[], Interval]) -> None:
    with pytest.raises(ValueError, match=r"allowed|shape"):
        call()
