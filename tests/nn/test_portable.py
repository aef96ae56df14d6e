"""The portable logarithm and normal quantile: against higher precision, and frozen to the bit."""

from __future__ import annotations

import math
from decimal import Context, Decimal
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nnexp.nn.draws import log
from nnexp.nn.portable import cosine, normal_quantile

PRECISE = Context(prec=40)


def exact_log(x: float) -> Decimal:
    return PRECISE.ln(Decimal(x))


@given(x=st.floats(5e-324, 1.7e308, exclude_min=False) | st.floats(0.5, 2.0))
def test_log_is_within_one_unit_in_the_last_place(x: float) -> None:
    ours, exact = float(log(np.array([x]))[0]), exact_log(x)
    assert abs(Decimal(ours) - exact) <= Decimal(math.ulp(ours))
    assert abs(Decimal(ours) - exact) <= Decimal("2.3e-16") * abs(exact)


def test_log_agrees_with_the_c_library_on_many_points() -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate([np.exp(rng.uniform(-740, 709, 100_000)), rng.uniform(0.4, 2.5, 200_000)])
    expected = np.array([math.log(value) for value in x])
    np.testing.assert_allclose(log(x), expected, rtol=4e-16, atol=0)


def test_log_of_special_values() -> None:
    powers = np.array([2.0**e for e in (-1074, -1022, -52, -1, 1, 1023)])
    np.testing.assert_allclose(log(powers), [math.log(p) for p in powers], rtol=4e-16)
    assert log(np.array([1.0]))[0] == 0.0
    assert log(np.ones((2, 3))).shape == (2, 3)


def test_cosine_is_within_1e_15_and_exact_where_it_must_be() -> None:
    for t in np.linspace(0.0, 1.0, 10_001):
        exact = math.sin(math.pi * (0.5 - t)) if 0.25 < t < 0.75 else math.cos(math.pi * t)
        assert abs(cosine(float(t)) - exact) < 1e-15
    assert (cosine(0.0), cosine(1.0)) == (1.0, -1.0)
    assert cosine(1 / 3).hex() == "0x1.0000000000001p-1"


LOGS = {
    "0x0.0000000000001p-1022": "-0x1.74385446d71c3p+9",
    "0x1.0000000000001p+0": "0x1.fffffffffffffp-53",
    "0x1.6a09e667f3bccp-1": "-0x1.62e42fefa39f1p-2",
    "0x1.6a09e667f3bcdp-1": "-0x1.62e42fefa39eep-2",
    "0x1.999999999999ap-4": "-0x1.26bb1bbb55515p+1",
    "0x1.8p+1": "0x1.193ea7aad030ap+0",
    "0x1.fffffffffffffp+1023": "0x1.62e42fefa39efp+9",
}


@pytest.mark.parametrize("x", LOGS)
def test_log_is_frozen(x: str) -> None:
    assert float(log(np.array([float.fromhex(x)]))[0]).hex() == LOGS[x]


def test_quantile_agrees_with_two_others() -> None:
    q = np.concatenate([np.linspace(-0.4999, 0.4999, 5001), [-0.425, 0.425]])
    np.testing.assert_allclose(normal_quantile(q), stats.norm.ppf(0.5 + q), rtol=1e-12, atol=1e-15)
    # The same algorithm in the standard library, which is given p: exact in the lower tail only.
    p = 2.0 ** -np.arange(2.0, 55.0)
    stdlib = [NormalDist().inv_cdf(value) for value in p]
    np.testing.assert_allclose(normal_quantile(p - 0.5)[:40], stdlib[:40], rtol=1e-15)
    np.testing.assert_allclose(stats.norm.cdf(normal_quantile(p - 0.5)), p, rtol=3e-14)


@given(q=st.floats(0.0, 0.5, exclude_max=True))
def test_quantile_is_odd(q: float) -> None:
    below, above = normal_quantile(np.array([-q, q]))
    assert below == -above
    assert above >= 0.0


def test_quantile_grows_across_the_borders_of_its_three_ranges() -> None:
    for border in (0.425, 0.5 - math.exp(-25.0)):
        q = (
            border + np.arange(-50, 51) * 1e-13
            if border < 0.45
            else border + np.arange(-9, 10) * 1e-14
        )
        assert (np.diff(normal_quantile(q)) > 0).all()


QUANTILES = {
    "0x1p-54": "0x1.40d931ff62707p-53",
    "0x1.999999999999ap-3": "0x1.0c7e39582c5fap-1",
    "-0x1.b333333333333p-2": "-0x1.7085226d3e523p+0",
    "0x1.b333333333334p-2": "0x1.7085226d3e524p+0",
    "0x1.fff2e48e8a71ep-2": "0x1.f1feea391d181p+1",
    "-0x1.fffffffffffffp-2": "-0x1.095b059d67c4cp+3",
}


@pytest.mark.parametrize("q", QUANTILES)
def test_quantile_is_frozen(q: str) -> None:
    assert float(normal_quantile(np.array([float.fromhex(q)]))[0]).hex() == QUANTILES[q]
