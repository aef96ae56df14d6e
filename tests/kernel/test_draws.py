"""Draws of the kernel are those of `nn.draws`, number for number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.kernel import draws as kernel
from nnexp.nn import draws
from nnexp.train.compiled import CompiledEngine


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 50))
def test_words_are_those_of_numpys_pcg64(seed: int, count: int) -> None:
    theirs, ours = np.random.PCG64(seed), kernel.generator_of(np.random.PCG64(seed))
    assert [int(kernel.word(ours)) for _ in range(count)] == theirs.random_raw(count).tolist()


@given(seed=st.integers(0, 1000), n=st.integers(1, 300))
def test_permutation_is_that_of_plain_numpy_and_leaves_the_stream_where_it_does(
    seed: int, n: int
) -> None:
    ours, theirs = np.random.PCG64(seed), np.random.PCG64(seed)
    expected = draws.permutation(theirs, n)
    np.testing.assert_array_equal(CompiledEngine.permutation(ours, n), expected)
    assert ours.state == theirs.state


@pytest.mark.parametrize("units", [1, 2, 7, 30])
def test_halves_are_those_of_plain_numpy(units: int) -> None:
    ours, found = kernel.generator_of(np.random.PCG64(3)), np.zeros(units + 1, np.uint32)
    expected = draws.halves(np.random.PCG64(3), 5, units)
    for row in expected:
        kernel.fill_halves(ours, found, np.uint64(units))
        np.testing.assert_array_equal(found[:units], row)


def test_generator_that_is_handed_back_goes_on_where_the_kernel_stopped() -> None:
    bits, theirs = np.random.PCG64(5), np.random.PCG64(5)
    ours = kernel.generator_of(bits)
    for _ in range(10):
        kernel.word(ours)
    theirs.random_raw(10)
    kernel.hand_back(ours, bits)
    assert bits.random_raw() == theirs.random_raw()
