"""The anytime-valid t test: its formula by integration, its interval, families, equivalence."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from nnexp.study.bootstrap import Interval
from nnexp.study.improvement import anytime_probability
from nnexp.study.sequential import (
    confidence_sequence,
    e_value,
    e_value_within,
    log_e,
)

samples = st.lists(st.floats(-10, 10), min_size=2, max_size=30).map(np.array)


@pytest.mark.parametrize(("t", "n"), [(0.0, 5), (0.7, 2), (2.5, 8), (-3.0, 12), (6.0, 30)])
@pytest.mark.parametrize("g", [0.3, 1.0, 4.0])
def test_e_is_the_ratio_of_t_densities_averaged_over_effect_sizes(
    t: float, n: int, g: float
) -> None:
    """The right-Haar mixture: noncentral t with the effect size drawn from N(0, g)."""

    def weighted(effect: float) -> float:
        density = stats.nct.pdf(t, n - 1, sqrt(n) * effect)
        return float(density * stats.norm.pdf(effect, scale=sqrt(g)))

    mixture, _ = integrate.quad(weighted, -12 * sqrt(g), 12 * sqrt(g), limit=200, points=[0.0])
    assert log_e(t, n, g) == pytest.approx(log(mixture / stats.t.pdf(t, n - 1)), abs=1e-6)


def test_log_e_is_as_it_is_printed_in_the_docs() -> None:
    t, n, g = 2.7, 9, 1.0
    nu = n - 1
    printed = -0.5 * log(1 + n * g) + (nu + 1) / 2 * (
        log(1 + t**2 / nu) - log(1 + t**2 / (nu * (1 + n * g)))
    )
    assert log_e(t, n, g) == pytest.approx(printed, rel=1e-12)
    assert log_e(np.inf, n) == pytest.approx(nu / 2 * log(1 + n), rel=1e-12)


def test_few_or_equal_values_have_a_finite_e() -> None:
    assert e_value(np.array([3.0])) == 1.0
    assert e_value(np.zeros(4)) == pytest.approx(5.0**-0.5)
    assert e_value(np.full(5, 0.1)) == pytest.approx(36.0)  # six times six: the most of five
    assert confidence_sequence(np.arange(4.0), 0.05) == Interval(-np.inf, np.inf)
    assert confidence_sequence(np.array([1.0]), 0.05) == Interval(-np.inf, np.inf)


@settings(deadline=None)
@given(samples, st.sampled_from([0.01, 0.05, 0.2]))
def test_the_interval_ends_where_e_reaches_its_threshold(
    z: np.ndarray[tuple[int], np.dtype[np.float64]], alpha: float
) -> None:
    assume(np.ptp(z) > 1e-3)
    low, high = confidence_sequence(z, alpha)
    if np.isfinite(low):
        assert e_value(z, low) == pytest.approx(1 / alpha, rel=1e-6)
        assert e_value(z, high) == pytest.approx(1 / alpha, rel=1e-6)
    assert (e_value(z) >= 1 / alpha) == (not low <= 0.0 <= high) or np.isclose(
        e_value(z), 1 / alpha
    )


@settings(deadline=None)
@given(samples, st.floats(0.1, 20))
def test_equivalent_is_an_interval_inside_the_margin(
    z: np.ndarray[tuple[int], np.dtype[np.float64]], margin: float
) -> None:
    assume(np.ptp(z) > 1e-3)
    low, high = confidence_sequence(z, 0.05)
    e = e_value_within(z, margin)
    assume(abs(log(e * 0.05)) > 1e-6)
    assert (e >= 20.0) == (-margin < low and high < margin)


def test_the_anytime_interval_of_a_probability_is_wider_and_holds_at_all_n() -> None:
    assert anytime_probability(0, 0, 6, 0.05).low == 0.0
    ahead = anytime_probability(12, 0, 12, 0.05)
    # The uniform mixture of twelve wins: θ^12 = 0.05/13.
    assert ahead == pytest.approx((1.0, (0.05 / 13) ** (1 / 12), 1.0))
    mirrored = anytime_probability(3, 1, 12, 0.05)
    back = anytime_probability(8, 1, 12, 0.05)
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - back.high, 1 - back.low))
    rng, out = np.random.default_rng(2), 0
    for wins in np.cumsum(rng.random((300, 40)) < 0.7, axis=1):
        found = [anytime_probability(int(w), 0, n, 0.05) for n, w in enumerate(wins, 1)]
        out += any(not p.low <= 0.7 <= p.high for p in found)
    assert out / 300 <= 0.05
