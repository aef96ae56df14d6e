"""Costs and activations: finite wherever z is, and each derivative that of its function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.nn.activations import ACTIVATIONS, sigmoid
from nnexp.nn.costs import COSTS, softmax
from tests import equations

DTYPES = (np.float32, np.float64)
EXTREME = st.sampled_from([0.0, -0.0, 1e-30, 17.0, -17.0, 88.0, -89.0, 710.0, -746.0, 1e30, -1e30])
LOGITS = st.lists(st.one_of(EXTREME, st.floats(-1e30, 1e30)), min_size=2, max_size=6)
MODERATE = st.lists(st.floats(-20, 20), min_size=2, max_size=6)
# Those that tests/equations.py has an equation of its own for.
EQUATIONS = ("crossentropy", "quadratic", "loglikelihood")


def column(values: list[float], dtype: Any = np.float64) -> Any:
    return np.array(values, dtype=dtype)[:, None]


def target(n: int, label: int, dtype: Any = np.float64) -> Any:
    y = np.zeros((n, 1), dtype)
    y[label % n] = 1.0
    return y


def test_registries_know_each_entry_by_its_name_and_cross_entropy_is_the_default() -> None:
    for registry in (COSTS, ACTIVATIONS):
        assert all(name == entry.name for name, entry in registry.items())
    assert next(iter(COSTS)) == "crossentropy"
    assert {c.output_name for c in COSTS.values()} <= {"sigmoid", "softmax"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", COSTS)
@given(values=LOGITS, label=st.integers(0, 5))
def test_cost_is_finite_and_not_negative_for_every_finite_z(
    name: str, dtype: Any, values: list[float], label: int
) -> None:
    cost = COSTS[name].value(column(values, dtype), target(len(values), label, dtype))
    assert cost.shape == (1,)
    assert cost.dtype == dtype
    assert np.isfinite(cost).all()
    assert (cost >= -1e-6).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", COSTS)
@given(values=LOGITS, label=st.integers(0, 5))
def test_output_and_output_error_are_finite_for_every_finite_z(
    name: str, dtype: Any, values: list[float], label: int
) -> None:
    cost, z = COSTS[name], column(values, dtype)
    before = z.copy()
    a = cost.output(z)
    error = cost.error(a, target(len(values), label, dtype))
    np.testing.assert_array_equal(z, before)
    assert a.dtype == error.dtype == dtype
    assert np.isfinite(a).all()
    assert np.isfinite(error).all()


@pytest.mark.parametrize("name", COSTS)
@given(values=MODERATE, label=st.integers(0, 5))
def test_output_error_is_the_slope_of_the_cost(name: str, values: list[float], label: int) -> None:
    cost, z, y, h = COSTS[name], column(values), target(len(values), label), 1e-5
    steps = h * np.eye(len(z))
    slope = (cost.value(z + steps, y) - cost.value(z - steps, y)) / (2 * h)
    np.testing.assert_allclose(cost.error(cost.output(z), y)[:, 0], slope, atol=2e-9)


@pytest.mark.parametrize("name", EQUATIONS)
@given(values=MODERATE, label=st.integers(0, 5))
def test_output_and_cost_are_those_of_the_chapter(
    name: str, values: list[float], label: int
) -> None:
    cost, z, y = COSTS[name], column(values), target(len(values), label)
    np.testing.assert_allclose(cost.output(z), equations.output(name, z), rtol=1e-13)
    # The plain equation rounds a to 1 where hardly anything is left of −ln a.
    expected = equations.data_cost(name, z, y)
    np.testing.assert_allclose(cost.value(z, y), expected, rtol=1e-6, atol=1e-14)


@pytest.mark.parametrize("name", COSTS)
def test_examples_do_not_mix(name: str) -> None:
    cost, rng = COSTS[name], np.random.default_rng(5)
    z, y = 3 * rng.standard_normal((4, 6)), np.eye(4)[:, rng.integers(0, 4, 6)]
    alone = [(z[:, [i]], y[:, [i]]) for i in range(6)]
    np.testing.assert_allclose(
        cost.value(z, y), np.concatenate([cost.value(*pair) for pair in alone]), rtol=1e-13
    )
    error = [cost.error(cost.output(u), v) for u, v in alone]
    np.testing.assert_allclose(
        cost.error(cost.output(z), y), np.concatenate(error, axis=1), rtol=1e-13
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_small_cost_is_not_lost_beside_a_large_z(dtype: Any) -> None:
    z, y = column([40.0, -40.0], dtype), target(2, 0, dtype)
    assert COSTS["crossentropy"].value(z, y)[0] == pytest.approx(2 * np.exp(-40.0), rel=1e-5)


@given(values=st.lists(st.floats(-50, 50), min_size=2, max_size=6), shift=st.floats(-1e3, 1e3))
def test_softmax_sums_to_one_and_does_not_change_when_z_is_shifted(
    values: list[float], shift: float
) -> None:
    a, b = softmax(column(values)), softmax(column(values) + shift)
    assert a.sum() == pytest.approx(1.0, abs=1e-12)
    assert (a >= 0).all()
    np.testing.assert_allclose(a, b, atol=1e-9)


@pytest.mark.parametrize("name", ["crossentropy", "loglikelihood"])
@given(values=MODERATE, label=st.integers(0, 5))
def test_error_of_the_matching_costs_is_a_minus_y(
    name: str, values: list[float], label: int
) -> None:
    cost, y = COSTS[name], target(len(values), label)
    a = cost.output(column(values))
    np.testing.assert_array_equal(cost.error(a, y), a - y)


def test_quadratic_error_has_the_factor_that_slows_learning_down() -> None:
    a = sigmoid(np.array([[-8.0, 0.0, 8.0]]))
    error = COSTS["quadratic"].error(a, np.zeros_like(a))
    np.testing.assert_allclose(error, a * a * (1 - a), rtol=1e-14)
    assert error[0, 2] < error[0, 1] / 100


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(z=st.floats(-20, 20).filter(lambda z: abs(z) > 1e-3))
def test_derivative_of_an_activation_is_its_slope(name: str, z: float) -> None:
    f, h = ACTIVATIONS[name], 1e-6
    low, a, high = f.function(np.array([z - h, z, z + h]))
    slope = f.derivative(np.array([z]), np.array([a]))
    assert slope[0] == pytest.approx((high - low) / (2 * h), abs=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
@given(values=LOGITS)
def test_activation_is_a_pure_function_that_keeps_the_precision(
    name: str, dtype: Any, values: list[float]
) -> None:
    f, z = ACTIVATIONS[name], column(values, dtype)
    before = z.copy()
    a = f.function(z)
    slope = f.derivative(z, a)
    np.testing.assert_array_equal(z, before)
    assert a.dtype == slope.dtype == dtype
    assert np.isfinite(a).all()
    assert np.isfinite(slope).all()


def test_activations_at_landmarks() -> None:
    z = np.array([-np.inf, -1000.0, 0.0, 1000.0])
    np.testing.assert_array_equal(ACTIVATIONS["sigmoid"].function(z), [0.0, 0.0, 0.5, 1.0])
    np.testing.assert_array_equal(ACTIVATIONS["tanh"].function(z), [-1.0, -1.0, 0.0, 1.0])
    relu = ACTIVATIONS["relu"]
    np.testing.assert_array_equal(relu.function(z), [0.0, 0.0, 0.0, 1000.0])
    np.testing.assert_array_equal(relu.derivative(z, relu.function(z)), [0.0, 0.0, 0.0, 1.0])
