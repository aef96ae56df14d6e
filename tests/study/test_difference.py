"""Two settings against each other: published worked examples, and what must hold for any data."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from nnexp.errors import UserError
from nnexp.study.difference import paired_difference, unpaired_difference
from nnexp.study.improvement import paired_probability, unpaired_probability
from nnexp.study.permutation import sign_flip_p
from tests.study.published import CROSSED, MICE_CONTROL, MICE_TREATED, SELFED

accuracy = st.integers(0, 10_000).map(lambda k: k / 10_000)
pairs = st.lists(st.tuples(accuracy, accuracy), min_size=2, max_size=10)
samples = st.lists(accuracy, min_size=2, max_size=6)


def test_darwins_maize_has_fishers_exact_permutation_p() -> None:
    # The Design of Experiments (1935), section 21: 1,726 of 32,768 sign patterns, 5.27 %.
    found = paired_difference(CROSSED, SELFED)
    assert found.permutation_p == 1726 / 32768
    assert found.n == 15
    assert found.mean == pytest.approx(2.617, abs=5e-4)


def test_darwins_maize_wins_13_in_15_with_the_interval_of_clopper_and_pearson() -> None:
    found = paired_difference(CROSSED, SELFED)
    assert found.probability.value == pytest.approx(13 / 15)
    exact = stats.binomtest(13, 15).proportion_ci(0.95, method="exact")
    assert found.probability[1:] == pytest.approx((exact.low, exact.high))


def test_interval_of_darwins_maize_is_near_students() -> None:
    # Fisher, section 17: t = 2.148 on 14 degrees, standard error 1.218.
    found = paired_difference(CROSSED, SELFED)
    assert found.sd / np.sqrt(15) == pytest.approx(1.218, abs=5e-4)
    assert found.low == pytest.approx(2.617 - 2.145 * 1.218, abs=0.35)
    assert found.high == pytest.approx(2.617 + 2.145 * 1.218, abs=0.35)


def test_treated_mice_have_the_published_permutation_p() -> None:
    # Efron & Tibshirani (1993), section 15.2: one-sided 0.132 from 1,000 random permutations.
    found = unpaired_difference(MICE_TREATED, MICE_CONTROL)
    assert found.mean == pytest.approx(30.63, abs=0.006)
    assert found.permutation_p / 2 == pytest.approx(0.132, abs=0.03)
    assert found.verdict == "not resolved"


def test_mann_whitney_example_of_scipys_documentation() -> None:
    # Ages at diagnosis of diabetes: U = 17 of 20, exact two-sided p = 0.1111.
    found = unpaired_difference([19, 22, 16, 29, 24], [20, 11, 17, 12])
    assert found.probability.value == pytest.approx(17 / 20)


def test_permutation_p_of_few_values_counts_every_split() -> None:
    a, b = [0.91, 0.95, 0.96], [0.90, 0.94, 0.91, 0.92]
    pool = np.rint(np.array(a + b) * 100)
    observed = np.mean(pool[:3]) - np.mean(pool[3:])
    sums = [sum(split) for split in combinations(pool, 3)]
    differences = np.array([s / 3 - (pool.sum() - s) / 4 for s in sums])
    expected = 2 * np.mean(differences >= observed - 1e-9)
    assert unpaired_difference(a, b).permutation_p == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=9))
def test_sign_flip_p_counts_every_pattern(steps: list[int]) -> None:
    sums = [abs(sum(s * x for s, x in zip(signs, steps, strict=True)))
            for signs in product((1, -1), repeat=len(steps))]  # fmt: skip
    expected = np.mean([total >= abs(sum(steps)) for total in sums])
    assert sign_flip_p(np.array(steps, dtype=np.float64)) == expected


def test_random_sign_flips_of_many_pairs_agree_with_all_of_them() -> None:
    # 17 pairs are estimated; the exact p is counted here by doubling.
    steps = np.rint(np.random.default_rng(4).normal(0.4, 1.0, 17) * 1_000)
    sums = np.zeros(1)
    for step in steps:
        sums = np.concatenate([sums + step, sums - step])
    exact = np.mean(np.abs(sums) >= abs(steps.sum()))
    assert 0.01 < exact < 0.5
    assert sign_flip_p(steps) == pytest.approx(exact, abs=0.02)
    assert sign_flip_p(steps, seed=3) == sign_flip_p(steps, seed=3)


def test_rounding_noise_neither_breaks_ties_nor_makes_spread() -> None:
    # In float64, 0.9612 - 0.9600, 0.9512 - 0.9500 and 0.3012 - 0.3000 are three numbers.
    found = paired_difference([0.9612, 0.9512, 0.3012], [0.9600, 0.9500, 0.3000])
    assert (found.sd, found.low, found.high) == (0.0, 0.0012, 0.0012)
    assert found.permutation_p == 2 / 8


def test_pairing_resolves_what_unpaired_values_do_not() -> None:
    common = np.linspace(0.90, 0.96, 8)
    gain = np.array([3, 1, 2, 4, 2, 3, 1, 2]) / 1_000
    assert paired_difference(common + gain, common).verdict == "higher"
    assert paired_difference(common, common + gain).verdict == "lower"
    assert unpaired_difference(common + gain, common).verdict == "not resolved"


def test_ties_count_half_in_the_probability_of_improvement() -> None:
    found = paired_difference([3.0, 2.0, 1.0, 1.0], [1.0, 2.0, 1.0, 2.0])
    assert found.probability.value == 0.5
    a, b = np.array([1.0, 2.0]), np.array([1.0, 3.0])
    assert unpaired_probability(a, b, 0.95).value == pytest.approx((0.5 + 1) / 4)


def test_five_wins_in_five_pairs_leave_the_probability_open() -> None:
    found = paired_probability(5, 0, 5, 0.95)
    assert found == pytest.approx((1.0, 0.025 ** (1 / 5), 1.0))


def test_complete_separation_leaves_the_unpaired_probability_open() -> None:
    found = unpaired_probability(np.arange(5.0) + 10, np.arange(5.0), 0.95)
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.5 < found.low < 0.8


@pytest.mark.parametrize(("size", "shift"), [(5, 0.0), (5, 1.0), (10, 0.5), (30, 1.0)])
def test_unpaired_probability_is_covered_by_its_interval(size: int, shift: float) -> None:
    rng = np.random.default_rng(5)
    truth = stats.norm.cdf(shift / np.sqrt(2))
    hits = 0
    for _ in range(1_000):
        found = unpaired_probability(rng.normal(shift, 1, size), rng.normal(0, 1, size), 0.95)
        hits += found.low <= truth <= found.high
    assert 0.92 <= hits / 1_000 <= 0.985


@settings(max_examples=40, deadline=None)
@given(pairs)
def test_swapping_paired_settings_mirrors_everything(data: list[tuple[float, float]]) -> None:
    a, b = zip(*data, strict=True)
    one, other = paired_difference(a, b), paired_difference(b, a)
    assert other.mean == pytest.approx(-one.mean, abs=1e-12)
    assert other.interval == pytest.approx((-one.high, -one.low), abs=1e-12)
    assert other.sd == pytest.approx(one.sd)
    assert other.permutation_p == one.permutation_p
    value, low, high = one.probability
    assert other.probability == pytest.approx((1 - value, 1 - high, 1 - low))


@settings(max_examples=40, deadline=None)
@given(samples, samples)
def test_swapping_unpaired_settings_mirrors_everything(a: list[float], b: list[float]) -> None:
    one, other = unpaired_difference(a, b), unpaired_difference(b, a)
    assert other.mean == pytest.approx(-one.mean, abs=1e-12)
    width = one.high - one.low
    # Groups with the same deviations share the order of their streams: equal only in distribution.
    near = max(1e-12, 0.05 * width) if np.ptp(a) == np.ptp(b) else 1e-12
    assert other.interval == pytest.approx((-one.high, -one.low), abs=near)
    assert other.permutation_p == pytest.approx(one.permutation_p)
    value, low, high = one.probability
    assert other.probability == pytest.approx((1 - value, 1 - high, 1 - low), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(pairs, st.integers(-3, 3))
def test_paired_difference_moves_with_a_and_ignores_what_both_gain(
    data: list[tuple[float, float]], shift: int
) -> None:
    a, b = (np.asarray(side) for side in zip(*data, strict=True))
    plain = paired_difference(a, b)
    both = paired_difference(a + shift, b + shift)
    moved = paired_difference(a + shift, b)
    assert both.interval == pytest.approx(plain.interval, abs=1e-10)
    assert both.permutation_p == plain.permutation_p
    assert moved.mean == pytest.approx(plain.mean + shift, abs=1e-10)
    assert moved.interval == pytest.approx((plain.low + shift, plain.high + shift), abs=1e-10)


def test_one_pair_says_nothing() -> None:
    found = paired_difference([0.9], [0.8])
    assert found.verdict == "not resolved"
    assert found.permutation_p == 1.0
    assert found.probability == pytest.approx((1.0, 0.025, 1.0))


def test_settings_with_the_same_values_do_not_differ() -> None:
    found = paired_difference([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
    assert (found.mean, found.low, found.high, found.permutation_p) == (0.0, 0.0, 0.0, 1.0)
    assert found.verdict == "not resolved"
    zeros = unpaired_difference([0.0, 0.0], [0.0, 0.0, 0.0])
    assert (zeros.low, zeros.high, zeros.permutation_p) == (0.0, 0.0, 1.0)
    assert zeros.probability.value == 0.5


def test_values_without_partners_are_refused() -> None:
    with pytest.raises(ValueError, match="a has 2 values, b 3"):
        paired_difference([1.0, 2.0], [1.0, 2.0, 3.0])


def test_diverged_runs_are_refused_with_their_side() -> None:
    with pytest.raises(UserError, match="b: 1 of 2 values are not finite"):
        paired_difference([1.0, 2.0], [1.0, float("nan")])


@settings(deadline=None)
@given(pairs)
def test_t_tests_are_scipys(data: list[tuple[float, float]]) -> None:
    a, b = np.array(data).T
    assume(np.ptp(a - b) > 1e-3 and np.ptp(a) > 1e-3 and np.ptp(b) > 1e-3)
    paired = paired_difference(a, b).t_p
    assert paired == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-6, abs=1e-12)
    welch = unpaired_difference(a, b).t_p
    assert welch == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue, rel=1e-6)


def test_t_tests_without_a_spread_say_so() -> None:
    assert np.isnan(paired_difference([0.5], [0.4]).t_p)
    assert paired_difference([0.5, 0.5], [0.5, 0.5]).t_p == 1.0
    assert paired_difference([0.5, 0.5], [0.4, 0.4]).t_p == 0.0
    # Both by 10 points, though the values vary: by chance, as of whole images, and no certainty.
    assert paired_difference([0.5, 0.6], [0.4, 0.5]).t_p == 0.5
    assert paired_difference([0.5, 0.6, 0.7], [0.4, 0.5, 0.6]).t_p == 0.25
