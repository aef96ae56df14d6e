"""Products of the kernel: against exact sums, the same bits whatever the tile."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nnexp.kernel import products, sparse
from nnexp.kernel.structs import row_width, zeros

U = np.uint64
Floats = NDArray[np.floating[Any]]


def padded(matrix: Floats) -> Floats:
    """With rows as wide as the kernel wants them."""
    width = row_width(matrix.shape[1])
    whole = np.zeros((len(matrix), width), matrix.dtype)
    whole[:, : matrix.shape[1]] = matrix
    return whole


def drawn(seed: int, dtype: Any, *shape: int) -> Floats:
    values: Floats = np.random.default_rng(seed).standard_normal(shape).astype(dtype)
    return values


def fma(a: Any, b: Any, c: Any) -> Any:
    """a · b + c rounded once, by exact fractions."""
    from fractions import Fraction

    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    rounded = np.float64(float(exact))
    if a.dtype == np.float64:
        return rounded
    # float64 and then float32 could round twice: both neighbours are tried.
    near = np.float32(rounded)
    candidates = [
        near,
        np.nextafter(near, np.float32(-np.inf)),
        np.nextafter(near, np.float32(np.inf)),
    ]
    return min(candidates, key=lambda x: abs(Fraction(float(x)) - exact))


def multiplied(z: Floats, a: Floats, w: Floats, *, transposed: bool = False) -> Floats:
    """Z + A W by the kernel."""
    z, rows = z.copy(), a.shape[1] if transposed else a.shape[0]
    a_row, a_next = (1, a.shape[1]) if transposed else (a.shape[1], 1)
    products.multiply(
        z.reshape(-1),
        U(0),
        U(z.shape[1]),
        np.ascontiguousarray(a).reshape(-1),
        U(0),
        U(a_row),
        U(a_next),
        w.reshape(-1),
        U(0),
        U(w.shape[1]),
        U(rows),
        U(w.shape[0]),
        U(w.shape[1]),
    )
    return z


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_number_is_one_chain_of_fused_sums_in_the_order_of_the_inputs(dtype: Any) -> None:
    a, w = drawn(1, dtype, 6, 9), padded(drawn(2, dtype, 9, 20))
    z = padded(drawn(3, dtype, 6, 20))
    found = multiplied(z, a, w)
    for r, j in ((0, 0), (4, 17), (5, 19), (3, 8)):
        total = z[r, j]
        for i in range(9):
            total = fma(a[r, i], w[i, j], total)
        assert found[r, j] == total


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 13),
    inner=st.sampled_from([1, 2, 30, 255, 256, 300]),
    units=st.sampled_from([1, 10, 16, 33, 64, 100, 260]),
    transposed=st.booleans(),
)
def test_product_is_the_product(
    dtype: Any, rows: int, inner: int, units: int, transposed: bool
) -> None:
    a, w = drawn(rows, dtype, rows, inner), padded(drawn(inner, dtype, inner, units))
    z = padded(drawn(7, dtype, rows, units))
    found = multiplied(z, a.T if transposed else a, w, transposed=transposed)
    tolerance = inner * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(found, z + a @ w, rtol=0, atol=10 * tolerance)
    # Row by row there is another tile, and there are the same bits.
    for r in range(rows):
        alone = multiplied(z[r : r + 1], a[r : r + 1], w)
        np.testing.assert_array_equal(found[r : r + 1], alone)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 12),
    cols=st.sampled_from([1, 3, 4, 30, 101]),
    units=st.sampled_from([1, 10, 16, 33, 64, 260]),
)
def test_transposed_product_is_the_product(dtype: Any, rows: int, cols: int, units: int) -> None:
    d, w = padded(drawn(rows, dtype, rows, units)), padded(drawn(cols, dtype, cols, units))
    slopes, factor = drawn(9, dtype, rows, cols), dtype(0.75)

    def found(first: int, count: int) -> Floats:
        z = slopes[first : first + count].copy()
        products.multiply_transposed(
            z.reshape(-1),
            U(0),
            U(cols),
            factor,
            np.ascontiguousarray(d[first : first + count]).reshape(-1),
            U(0),
            U(d.shape[1]),
            w.reshape(-1),
            U(0),
            U(w.shape[1]),
            U(count),
            U(cols),
            U(w.shape[1]),
        )
        return z

    whole = found(0, rows)
    tolerance = 10 * units * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(whole, slopes * (factor * (d @ w.T)), rtol=0, atol=tolerance)
    for r in range(rows):
        np.testing.assert_array_equal(whole[r : r + 1], found(r, 1))


def test_lanes_are_added_by_halves() -> None:
    """(1e8 + 1) − 1e8 is 0 in float32 where it is added in this order, and 1 in another."""
    d = np.zeros((1, 16), np.float32)
    d[0, [0, 8, 4]] = 1e8, 1.0, -1e8
    z, ones = np.ones((1, 1), np.float32), np.ones((1, 16), np.float32)
    rows = (U(1), U(1), U(16))
    products.multiply_transposed(
        z[0], U(0), U(1), np.float32(1), d[0], U(0), U(16), ones[0], U(0), U(16), *rows
    )
    assert z[0, 0] == 0.0
    d[0, [0, 8, 4]] = 1e8, -1e8, 1.0
    z[:] = 1.0
    products.multiply_transposed(
        z[0], U(0), U(1), np.float32(1), d[0], U(0), U(16), ones[0], U(0), U(16), *rows
    )
    assert z[0, 0] == 1.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 99),
    n_in=st.integers(1, 60),
    vectors=st.integers(1, 8),
    filled=st.sampled_from([0.0, 0.2, 1.0]),
)
def test_lists_of_inputs_give_the_products_of_the_whole_image(
    dtype: Any, seed: int, n_in: int, vectors: int, filled: float
) -> None:
    rng = np.random.default_rng(seed)
    image = np.where(rng.random(n_in) < filled, rng.integers(1, 256, n_in), 0).astype(np.uint8)
    images = sparse.images_of(image[None], np.zeros(1, np.uint8))
    width = vectors * (64 // np.dtype(dtype).itemsize)
    w = drawn(seed, dtype, n_in, width)
    z = np.full(width, np.nan, dtype)
    listed = (images.columns, images.pixels, images.starts[0], images.starts[1])
    flat = w.reshape(-1).copy()
    sparse.gather(z, U(0), flat, U(0), U(width), U(vectors), *listed)
    np.testing.assert_allclose(z, image.astype(dtype) @ w, rtol=1e-4, atol=2e-2)
    # The sum over every other input of the list, plus the sum over the rest.
    where = np.flatnonzero(image)
    sums = []
    for part in (where[::2], where[1::2]):
        total = dtype(0)
        for i in part:
            total = fma(dtype(image[i]), w[i, 0], total)
        sums.append(total)
    assert z[0] == sums[0] + sums[1]

    g = drawn(seed + 1, dtype, width)
    sparse.scatter(flat, U(0), U(width), U(vectors), g, U(0), *listed)
    expected = w + np.outer(image.astype(dtype), g)
    np.testing.assert_allclose(flat.reshape(w.shape), expected, rtol=1e-5, atol=1e-4)
    untouched = np.flatnonzero(image == 0)
    np.testing.assert_array_equal(flat.reshape(w.shape)[untouched], w[untouched])


def test_chain_of_small_terms_is_not_lost_beside_a_large_one() -> None:
    a = np.array([[1.0, 2.0**-53]])
    w = np.zeros((2, 16))
    w[:, 0] = 1.0, 1.0
    found = multiplied(np.zeros((1, 16)), a, w)
    assert found[0, 0] == 1.0 + math.ldexp(1.0, -53)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_begin_where_lines_of_the_cache_do(dtype: Any) -> None:
    for count in (0, 1, 16, 1000):
        array = zeros(count, dtype)
        assert len(array) == count
        assert not array.any()
        assert count == 0 or array.ctypes.data % 64 == 0
