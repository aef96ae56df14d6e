"""Costs: finite wherever z is, never negative, with the output errors of the chapter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.nn.activations import ACTIVATIONS, sigmoid
from nnexp.nn.costs import COSTS, Cost, softmax

DTYPES = (np.float32, np.float64)
EXTREME = st.sampled_from([0.0, -0.0, 1e-30, 17.0, -17.0, 88.0, -89.0, 710.0, -746.0, 1e30, -1e30])
LOGITS = st.lists(st.one_of(EXTREME, st.floats(-1e30, 1e30)), min_size=2, max_size=6)


def column(values: list[float], dtype: Any) -> Any:
    return np.array(values, dtype=dtype)[:, None]


def target(n: int, label: int, dtype: Any) -> Any:
    y = np.zeros((n, 1), dtype)
    y[label % n] = 1.0
    return y


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(COSTS))
@given(values=LOGITS, label=st.integers(0, 5))
def test_cost_is_finite_and_not_negative_for_every_finite_z(
    name: str, dtype: Any, values: list[float], label: int
) -> None:
    z = column(values, dtype)
    cost = COSTS[name].value(z.copy(), target(len(values), label, dtype))
    assert cost.dtype == dtype
    assert np.isfinite(cost).all()
    assert (cost >= -1e-6).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(COSTS))
@given(values=LOGITS, label=st.integers(0, 5))
def test_output_and_output_error_are_finite_for_every_finite_z(
    name: str, dtype: Any, values: list[float], label: int
) -> None:
    cost: Cost = COSTS[name]
    a = column(values, dtype)
    with np.errstate(over="ignore", under="ignore"):
        cost.output(a)
        assert np.isfinite(a).all()
        cost.error(a, target(len(values), label, dtype), np.empty_like(a))
    assert np.isfinite(a).all()


@given(values=st.lists(st.floats(-50, 50), min_size=2, max_size=6), shift=st.floats(-1e3, 1e3))
def test_softmax_sums_to_one_and_does_not_change_when_z_is_shifted(
    values: list[float], shift: float
) -> None:
    a, b = column(values, np.float64), column(values, np.float64) + shift
    softmax(a)
    softmax(b)
    assert a.sum() == pytest.approx(1.0, abs=1e-12)
    assert (a >= 0).all()
    np.testing.assert_allclose(a, b, atol=1e-9)


@pytest.mark.parametrize("name", ["crossentropy", "loglikelihood"])
@given(values=st.lists(st.floats(-20, 20), min_size=2, max_size=6), label=st.integers(0, 5))
def test_error_of_the_matching_costs_is_a_minus_y(
    name: str, values: list[float], label: int
) -> None:
    cost, y = COSTS[name], target(len(values), label, np.float64)
    a = column(values, np.float64)
    cost.output(a)
    error = a.copy()
    cost.error(error, y, np.empty_like(a))
    np.testing.assert_array_equal(error, a - y)


def test_quadratic_error_has_the_factor_that_slows_learning_down() -> None:
    z = np.array([[-8.0, 0.0, 8.0]])
    a = z.copy()
    sigmoid(a)
    error = a.copy()
    COSTS["quadratic"].error(error, np.zeros_like(a), np.empty_like(a))
    np.testing.assert_allclose(error, a * a * (1 - a), rtol=1e-14)
    assert error[0, 2] < error[0, 1] / 100


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@given(z=st.floats(-20, 20).filter(lambda z: abs(z) > 1e-3))
def test_derivative_of_an_activation_is_its_slope(name: str, z: float) -> None:
    f = ACTIVATIONS[name]
    h = 1e-6
    ends = np.array([z - h, z, z + h])
    f.apply(ends)
    slope = np.empty(1)
    f.derivative(ends[1:2], slope)
    assert slope[0] == pytest.approx((ends[2] - ends[0]) / (2 * h), abs=1e-7)
