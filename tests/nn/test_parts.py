"""Parameters, regularizers, dropout and initializers, each on its own."""

from __future__ import annotations

from math import floor, inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64

from nnexp.nn import draws
from nnexp.nn.dropout import mask
from nnexp.nn.initializers import DRAWN, Normal, fixed
from nnexp.nn.parameters import Parameters
from nnexp.nn.regularizers import (
    REGULARIZERS,
    Regularization,
    limit_norm,
    magnitudes,
    penalty,
    pull,
    squares,
)

DTYPES = (np.float32, np.float64)
CHOICE = (0.5, 0.7, 3.0)  # λ, λ₁ of elastic, max_norm
SOME = Parameters(
    (np.array([[1.0, -2.0], [0.5, 4.0]]), np.array([[3.0, -0.25]])),
    (np.array([0.5, -1.0]), np.array([2.0])),
)


def rng(seed: int = 0) -> Normal:
    return draws.Normals(PCG64(seed))


def test_parameters_know_their_sizes_and_round_to_a_precision_in_c_order() -> None:
    drawn = DRAWN["large"]((7, 5, 2), rng())
    assert drawn.sizes == (7, 5, 2)
    transposed = Parameters(tuple(w.T.copy().T for w in drawn.weights), drawn.biases)
    rounded = transposed.astype(np.float32)
    for before, after in zip(
        (*drawn.weights, *drawn.biases), (*rounded.weights, *rounded.biases), strict=True
    ):
        np.testing.assert_array_equal(after, before.astype(np.float32))
        assert after.dtype == np.float32
        assert after.flags.c_contiguous


def test_penalties_are_those_of_the_chapter() -> None:
    weights = 1 + 4 + 0.25 + 16 + 9 + 0.0625
    assert squares(SOME, biases=False) == weights
    assert squares(SOME, biases=True) == weights + 0.25 + 1 + 4
    assert magnitudes(SOME, biases=False) == 1 + 2 + 0.5 + 4 + 3 + 0.25
    assert magnitudes(SOME, biases=True) == 10.75 + 0.5 + 1 + 2
    assert penalty(SOME, Regularization(l2=0.5), 10) == pytest.approx(0.5 / 20 * weights)
    assert penalty(SOME, Regularization(l1=0.5), 10) == pytest.approx(0.5 / 10 * 10.75)
    both = Regularization(l2=0.5, l1=0.25, biases=True)
    assert penalty(SOME, both, 10) == pytest.approx(0.5 / 20 * 35.5625 + 0.25 / 10 * 14.25)


def test_penalty_of_single_precision_is_summed_in_double() -> None:
    w = np.full((1, 100_000), 0.1, np.float32)
    one = Parameters((w,), (np.zeros(1, np.float32),))
    assert squares(one, biases=False) == pytest.approx(1e5 * float(w[0, 0]) ** 2, rel=1e-12)
    assert magnitudes(one, biases=False) == pytest.approx(1e5 * float(w[0, 0]), rel=1e-12)


def test_regularizers_take_what_is_theirs() -> None:
    expected = {
        "none": Regularization(),
        "l2": Regularization(l2=0.5, biases=True),
        "l1": Regularization(l1=0.5, biases=True),
        "elastic": Regularization(l2=0.5, l1=0.7, biases=True),
        "maxnorm": Regularization(max_norm=3.0),
    }
    made = {name: choose(*CHOICE, True) for name, choose in REGULARIZERS.items()}
    assert {name: made[name] for name in expected} == expected
    assert Regularization().max_norm == inf


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("name", REGULARIZERS)
def test_pull_is_the_gradient_of_the_penalty(name: str, biases: bool) -> None:
    r, n, h = REGULARIZERS[name](*CHOICE, biases), 10, 1e-6
    arrays = [a.copy() for a in (*SOME.weights, *SOME.biases)]
    parameters = Parameters(tuple(arrays[:2]), tuple(arrays[2:]))
    for i, array in enumerate(arrays):
        acted_on = i < 2 or r.biases
        gradient = pull(array, r, n) if acted_on else np.zeros_like(array)
        for index in np.ndindex(array.shape):
            middle = array[index]
            array[index] = middle + h
            above = penalty(parameters, r, n)
            array[index] = middle - h
            slope = (above - penalty(parameters, r, n)) / (2 * h)
            array[index] = middle
            assert gradient[index] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("dtype", DTYPES)
def test_l1_leaves_a_weight_of_zero_alone(dtype: Any) -> None:
    w = np.array([[0.0, -0.0, 2.0, -3.0]], dtype)
    gradient = pull(w, Regularization(l1=5.0), 10)
    np.testing.assert_array_equal(gradient, [[0.0, 0.0, 0.5, -0.5]])
    assert gradient.dtype == dtype


def test_pull_keeps_single_precision_whatever_the_coefficients_are() -> None:
    w = np.ones((2, 3), np.float32)
    assert pull(w, Regularization(l2=np.float64(0.5), l1=np.float64(0.5)), 10).dtype == np.float32


@pytest.mark.parametrize("dtype", DTYPES)
@given(seed=st.integers(0, 10_000), limit=st.floats(0.01, 10))
def test_norm_limit_is_never_exceeded_and_leaves_smaller_norms_alone(
    dtype: Any, seed: int, limit: float
) -> None:
    w = (np.random.default_rng(seed).standard_normal((6, 5)) * 3).astype(dtype)
    w[0] = 0.0
    before = w.copy()
    limited = limit_norm(w, limit)
    np.testing.assert_array_equal(w, before)
    assert limited.dtype == dtype
    norms, old = (np.linalg.norm(v.astype(np.float64), axis=1) for v in (limited, w))
    assert (norms <= limit * (1 + 4 * np.finfo(dtype).eps)).all()
    small, large = old < limit * (1 - 1e-6), old > limit * (1 + 1e-6)
    np.testing.assert_array_equal(limited[small], w[small])
    np.testing.assert_allclose(norms[large], limit, rtol=8 * np.finfo(dtype).eps)
    directions = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (limited[1:], w[1:]))
    np.testing.assert_allclose(*directions, atol=4 * np.finfo(dtype).eps)


def test_no_norm_limit_changes_nothing() -> None:
    w = np.array([[1e200, -1e200], [0.0, 0.0]])
    np.testing.assert_array_equal(limit_norm(w, inf), w)


@pytest.mark.parametrize("dtype", DTYPES)
@given(rate=st.floats(0.0, 0.95), seed=st.integers(0, 1000))
def test_mask_keeps_the_expected_input(dtype: Any, rate: float, seed: int) -> None:
    drawn = mask(draws.halves(PCG64(seed), 40, 500), rate, dtype)
    assert drawn.dtype == dtype
    assert set(np.unique(drawn)) <= {dtype(0.0), dtype(1.0 / (1.0 - rate))}
    spread = np.sqrt(rate / (1 - rate) / drawn.size)
    assert abs(drawn.mean(dtype=np.float64) - 1.0) <= 6 * spread + 1e-7


@given(rate=st.floats(0.0, 1.0, exclude_max=True))
def test_units_are_deleted_below_the_threshold_exactly(rate: float) -> None:
    threshold = floor(rate * 2**32)
    numbers = [0, threshold - 1, threshold, threshold + 1, 2**32 - 1]
    bits = np.array([b for b in numbers if 0 <= b < 2**32], np.uint32)
    expected = [0.0 if int(b) < threshold else 1.0 / (1.0 - rate) for b in bits]
    np.testing.assert_array_equal(mask(bits, rate, np.float64), expected)


def test_rate_of_zero_deletes_nothing_and_a_rate_of_one_is_refused() -> None:
    bits = np.array([[0, 2**32 - 1]], np.uint32)
    np.testing.assert_array_equal(mask(bits, 0.0, np.float32), [[1.0, 1.0]])
    for rate in (1.0, -0.1, float("nan")):
        with pytest.raises(ValueError, match="dropout rate"):
            mask(bits, rate, np.float32)


@pytest.mark.parametrize("name", DRAWN)
def test_initial_parameters_fit_the_network_and_repeat(name: str) -> None:
    drawn, again = (DRAWN[name]((7, 5, 2), rng(3)) for _ in range(2))
    assert drawn.sizes == (7, 5, 2)
    assert [b.shape for b in drawn.biases] == [(5,), (2,)]
    for a, b in zip((*drawn.weights, *drawn.biases), (*again.weights, *again.biases), strict=True):
        assert a.dtype == np.float64
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("name", "deviations", "bias"),
    [
        ("scaled", (784**-0.5, 0.1), 1.0),
        ("large", (1.0, 1.0), 1.0),
        ("he", ((2 / 784) ** 0.5, 0.02**0.5), 0.0),
    ],
)
def test_initial_weights_have_the_spread_of_the_chapter(
    name: str, deviations: tuple[float, float], bias: float
) -> None:
    drawn = DRAWN[name]((784, 100, 10), rng())
    assert drawn.weights[0].std() == pytest.approx(deviations[0], rel=0.02)
    assert drawn.weights[1].std() == pytest.approx(deviations[1], rel=0.1)
    assert drawn.biases[0].std() == pytest.approx(bias, rel=0.2)


def test_biases_are_drawn_before_weights_and_he_has_none() -> None:
    first = rng(3).standard_normal((5,))
    large, scaled, he = (DRAWN[name]((7, 5, 2), rng(3)) for name in ("large", "scaled", "he"))
    np.testing.assert_array_equal(large.biases[0], first)
    np.testing.assert_array_equal(scaled.biases[0], first)
    assert not any(b.any() for b in he.biases)
    np.testing.assert_allclose(scaled.weights[0], large.weights[0] * np.sqrt(1 / 7))
    np.testing.assert_allclose(he.weights[0], large.weights[0] * np.sqrt(2 / 7))


def test_fixed_start_is_one_number_each() -> None:
    start = fixed((1, 1), 0.6, 0.9)
    assert start.weights[0].tolist() == [[0.6]]
    assert start.biases[0].tolist() == [0.9]
