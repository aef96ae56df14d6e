"""Regularizers, dropout, initializers and the accumulating matrix product, each on its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.nn import gemm
from nnexp.nn.dropout import fill_mask
from nnexp.nn.initializers import DRAWN, fixed
from nnexp.nn.regularizers import l1_penalty, l1_shrink, l2_decay, l2_penalty, limit_norm
from nnexp.train.streams import PURPOSES, stream

ONE = np.ones((1, 1, 1))


def test_l1_leaves_a_weight_of_zero_alone() -> None:
    w = np.array([[[0.0, -0.0, 2.0, -3.0]]])
    l1_shrink(w, 0.5 * ONE, np.empty_like(w))
    np.testing.assert_array_equal(w, [[[0.0, 0.0, 1.5, -2.5]]])


def test_l2_decay_is_one_minus_eta_lambda_over_n() -> None:
    assert l2_decay(np.array([0.5]), np.array([5.0]), 50_000)[0] == 1 - 0.5 * 5 / 50_000


def test_penalties_are_those_of_the_chapter() -> None:
    layers = [np.array([[[1.0, -2.0]]]), np.array([[[3.0]]])]
    lmbda = np.array([0.5])
    assert l2_penalty(layers, lmbda, 10)[0] == pytest.approx(0.5 / 20 * 14)
    assert l1_penalty(layers, lmbda, 10)[0] == pytest.approx(0.5 / 10 * 6)


@given(seed=st.integers(0, 10_000), limit=st.floats(0.01, 10))
def test_norm_limit_is_never_exceeded_and_leaves_smaller_norms_alone(
    seed: int, limit: float
) -> None:
    w = np.random.default_rng(seed).standard_normal((2, 3, 5)) * 3
    before = w.copy()
    limit_norm(w, limit * np.ones((2, 1, 1)), np.empty_like(w))
    norms, old = np.linalg.norm(w, axis=-1), np.linalg.norm(before, axis=-1)
    assert (norms <= limit * (1 + 1e-12)).all()
    np.testing.assert_array_equal(w[old <= limit], before[old <= limit])


@given(rate=st.floats(0.0, 0.95), seed=st.integers(0, 1000))
def test_mask_keeps_the_expected_input(rate: float, seed: int) -> None:
    mask = np.empty((40, 500))
    fill_mask(np.random.default_rng(seed).random(mask.shape), rate, mask)
    assert set(np.unique(mask)) <= {0.0, 1.0 / (1.0 - rate)}
    spread = np.sqrt(rate / (1 - rate) / mask.size)
    assert abs(mask.mean() - 1.0) <= 6 * spread + 1e-12


@pytest.mark.parametrize(("name", "deviation"), [("scaled", 784**-0.5), ("large", 1.0)])
def test_initial_weights_have_the_spread_of_the_chapter(name: str, deviation: float) -> None:
    drawn = DRAWN[name]((784, 100, 10), stream(0, "init"))
    assert drawn.weights[0].std() == pytest.approx(deviation, rel=0.02)
    assert drawn.weights[1].std() == pytest.approx(1.0 if name == "large" else 0.1, rel=0.1)
    assert drawn.biases[0].std() == pytest.approx(1.0, rel=0.2)


def test_biases_are_drawn_before_weights_and_he_has_none() -> None:
    rng = stream(3, "init")
    first = rng.standard_normal((5,))
    large = DRAWN["large"]((7, 5, 2), stream(3, "init"))
    np.testing.assert_array_equal(large.biases[0], first)
    he = DRAWN["he"]((7, 5, 2), stream(3, "init"))
    assert not any(b.any() for b in he.biases)
    np.testing.assert_allclose(he.weights[0], large.weights[0] * np.sqrt(2 / 7))


def test_fixed_start_is_one_number_each() -> None:
    start = fixed((1, 1), 0.6, 0.9)
    assert start.weights[0].tolist() == [[0.6]]
    assert start.biases[0].tolist() == [0.9]


def test_streams_of_one_seed_are_different_and_seed_zero_is_a_seed() -> None:
    draws = {purpose: stream(0, purpose).random() for purpose in PURPOSES}
    assert len(set(draws.values())) == len(PURPOSES)
    assert stream(0, "init").random() == stream(0, "init").random()
    assert stream(0, "init").random() != stream(1, "init").random()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    rows=st.integers(1, 6),
    inner=st.integers(1, 5),
    columns=st.integers(1, 40),
    extra=st.integers(0, 9),
    transposed=st.booleans(),
    beta=st.sampled_from([0.0, 0.9, 1.0]),
)
def test_accumulate_is_beta_c_plus_alpha_a_b_on_parts_of_matrices(
    dtype: Any, rows: int, inner: int, columns: int, extra: int, transposed: bool, beta: float
) -> None:
    rng = np.random.default_rng(rows * 1000 + columns)
    a = rng.standard_normal((rows, inner)).astype(dtype)
    if transposed:
        b = rng.standard_normal((columns, inner + extra)).astype(dtype)[:, :inner].T
    else:
        b = rng.standard_normal((inner, columns + extra)).astype(dtype)[:, :columns]
    whole = rng.standard_normal((rows, columns + extra)).astype(dtype)
    c, before, keep = whole[:, :columns], whole.copy(), []
    alpha, beta_ = np.array([0.5], dtype), np.array([beta], dtype)
    call = gemm.accumulate(alpha, a, b, beta_, c, keep)
    gemm.routine(np.dtype(dtype))(*call)
    expected = beta * before[:, :columns] + 0.5 * (a @ b)
    np.testing.assert_allclose(c, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(whole[:, columns:], before[:, columns:])


def test_operands_that_blas_cannot_take_are_refused() -> None:
    f = np.zeros
    one = np.ones(1)
    with pytest.raises(ValueError, match="into"):
        gemm.accumulate(one, f((2, 3)), f((4, 5)), one, f((2, 5)), [])
    with pytest.raises(ValueError, match="mixed"):
        gemm.accumulate(one, f((2, 3), np.float32), f((3, 5)), one, f((2, 5)), [])
    with pytest.raises(ValueError, match="contiguous rows in A and C"):
        gemm.accumulate(one, f((3, 2)).T, f((3, 5)), one, f((2, 5)), [])
    with pytest.raises(ValueError, match="rows or columns in B"):
        gemm.accumulate(one, f((2, 3)), f((6, 10))[::2, ::2], one, f((2, 5)), [])
