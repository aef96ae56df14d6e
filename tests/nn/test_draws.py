"""Draws from raw words: each as its docstring says, distributed as it says, frozen to the bit."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import combinations, permutations
from math import comb, factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64
from scipy import stats

from nnexp.nn import draws

SEEDS = st.integers(0, 2**32)
WORD = 2**64


class Given:
    """A bit generator that gives chosen words."""

    def __init__(self, words: list[int]) -> None:
        self._words = words

    def random_raw(self, size: int) -> Any:
        drawn, self._words = self._words[:size], self._words[size:]
        return np.array(drawn, np.uint64)


def given_words(*words: int) -> Any:
    return Given(list(words))


def words_of(seed: int, count: int) -> list[int]:
    return [int(w) for w in PCG64(seed).random_raw(count)]


def literal_permutation(words: list[int], n: int) -> list[int]:
    items, words = list(range(n)), list(words)
    for i in range(n - 1, 0, -1):
        j = words.pop(0) * (i + 1) // WORD
        items[i], items[j] = items[j], items[i]
    return items


def literal_subset(words: list[int], n: int, k: int) -> list[int]:
    items = list(range(n))
    for i in range(k):
        j = i + words[i] * (n - i) // WORD
        items[i], items[j] = items[j], items[i]
    return sorted(items[:k])


def after(seed: int, count: int) -> int:
    """The word that comes after `count` words."""
    return words_of(seed, count + 1)[-1]


@given(seed=SEEDS, n=st.integers(0, 60))
def test_permutation_is_that_of_whole_numbers(seed: int, n: int) -> None:
    bits = PCG64(seed)
    ours = draws.permutation(bits, n)
    assert ours.dtype == np.int64
    assert ours.tolist() == literal_permutation(words_of(seed, max(n - 1, 0)), n)
    assert bits.random_raw() == after(seed, max(n - 1, 0))


def test_long_permutation_is_that_of_whole_numbers_too() -> None:
    n = 50_000
    ours = draws.permutation(PCG64(3), n)
    assert ours.tolist() == literal_permutation(words_of(3, n - 1), n)


@given(seed=SEEDS, n=st.integers(0, 60), data=st.data())
def test_subset_is_that_of_whole_numbers(seed: int, n: int, data: st.DataObject) -> None:
    k, bits = data.draw(st.integers(0, n)), PCG64(seed)
    ours = draws.subset(bits, n, k)
    assert ours.dtype == np.int64
    assert ours.tolist() == literal_subset(words_of(seed, k), n, k)
    assert bits.random_raw() == after(seed, k)


@given(
    words=st.lists(
        st.integers(0, WORD - 1) | st.sampled_from([0, WORD - 1, 2**32, 2**63]), max_size=9
    ),
    k=st.integers(1, 2**32 - 1) | st.sampled_from([1, 2, 10, 2**31, 2**32 - 1]),
)
def test_below_is_that_of_whole_numbers(words: list[int], k: int) -> None:
    ours = draws.below(given_words(*words), k, len(words))
    assert ours.dtype == np.int64
    assert ours.tolist() == [w * k // WORD for w in words]


@given(words=st.lists(st.integers(0, WORD - 1), min_size=1, max_size=9))
def test_uniform_and_normal_are_made_of_the_upper_53_bits(words: list[int]) -> None:
    u = draws.uniform(given_words(*words), len(words))
    assert u.tolist() == [(w >> 11) / 2**53 for w in words]
    x = draws.normal(given_words(*words), len(words))
    assert x.tolist() == draws.normal(given_words(*[w | 2047 for w in words]), len(words)).tolist()
    opposite = draws.normal(given_words(*[WORD - 1 - w for w in words]), len(words))
    np.testing.assert_array_equal(x, -opposite)


def test_smallest_and_greatest_words_give_numbers() -> None:
    ends = given_words(0, WORD - 1)
    assert draws.uniform(ends, 2).tolist() == [0.0, 1.0 - 2.0**-53]
    least, greatest = draws.normal(given_words(0, WORD - 1), 2)
    assert least == -greatest
    assert stats.norm.cdf(least) == pytest.approx(2.0**-54, rel=1e-13)


@given(seed=SEEDS, rows=st.integers(0, 7), units=st.integers(0, 9))
def test_halves_begin_each_row_with_a_word_of_its_own(seed: int, rows: int, units: int) -> None:
    per_row, bits = (units + 1) // 2, PCG64(seed)
    ours = draws.halves(bits, rows, units)
    words = words_of(seed, rows * per_row)
    assert ours.dtype == np.uint32
    assert ours.shape == (rows, units)
    assert ours.flags.c_contiguous
    for row in range(rows):
        for unit in range(units):
            word = words[row * per_row + unit // 2]
            assert ours[row, unit] == (word >> 32 * (unit % 2)) % 2**32
    assert bits.random_raw() == after(seed, rows * per_row)


@pytest.mark.parametrize("draw", [draws.uniform, draws.normal])
def test_shape_is_filled_in_c_order_and_draws_may_be_split(draw: Any) -> None:
    whole, bits = draw(PCG64(4), 12), PCG64(4)
    np.testing.assert_array_equal(draw(PCG64(4), (3, 2, 2)).ravel(), whole)
    np.testing.assert_array_equal(np.concatenate([draw(bits, 5), draw(bits, (7,))]), whole)
    assert draw(bits, ()).shape == ()
    assert draw(bits, (0, 3)).shape == (0, 3)


def test_normals_are_normal() -> None:
    source = draws.Normals(PCG64(4))
    first, second = source.standard_normal((2, 3)), source.standard_normal((5,))
    expected = draws.normal(PCG64(4), 11)
    np.testing.assert_array_equal(np.concatenate([first.ravel(), second]), expected)


def test_what_cannot_be_drawn_is_refused() -> None:
    bits = PCG64(0)
    for k in (0, -1, 2**32):
        with pytest.raises(ValueError, match="below"):
            draws.below(bits, k, 1)
    for n, k in ((3, 4), (3, -1)):
        with pytest.raises(ValueError, match="subset"):
            draws.subset(bits, n, k)
    for n in (-1, 2**32):
        with pytest.raises(ValueError, match="items"):
            draws.permutation(bits, n)
        with pytest.raises(ValueError, match="items"):
            draws.subset(bits, n, 0)


# Seeds are fixed: what is fair once stays so, and a wrong distribution gives far less.
FAIR = 1e-3


def fair(counts: list[int], cells: int) -> bool:
    """All of `cells` equally likely, by chi-square."""
    return bool(stats.chisquare(counts + [0] * (cells - len(counts))).pvalue > FAIR)


@pytest.mark.parametrize("seed", range(3))
def test_uniform_and_normal_are_distributed_as_they_say(seed: int) -> None:
    u, x = draws.uniform(PCG64(seed), 200_000), draws.normal(PCG64(seed + 10), 200_000)
    assert stats.kstest(u, "uniform").pvalue > FAIR
    assert stats.kstest(x, "norm").pvalue > FAIR
    assert u.min() >= 0.0
    assert u.max() < 1.0
    assert abs(np.corrcoef(x[:-1], x[1:])[0, 1]) < 4 / np.sqrt(len(x))
    # The tails hold few draws, which a KS test does not weigh.
    for z in (2.5, 3.0, 3.5):
        expected = 2 * stats.norm.sf(z)
        found = int((np.abs(x) > z).sum())
        assert stats.binomtest(found, len(x), expected).pvalue > FAIR


@pytest.mark.parametrize("k", [2, 3, 10, 784])
def test_below_is_fair(k: int) -> None:
    assert fair(np.bincount(draws.below(PCG64(k), k, 100_000), minlength=k).tolist(), k)


def test_permutations_are_equally_likely() -> None:
    bits = PCG64(5)
    drawn = Counter(tuple(draws.permutation(bits, 5).tolist()) for _ in range(24_000))
    assert set(drawn) == set(permutations(range(5)))
    assert fair(list(drawn.values()), factorial(5))


@pytest.mark.parametrize(("n", "k"), [(6, 3), (7, 1), (5, 4)])
def test_subsets_are_equally_likely(n: int, k: int) -> None:
    bits = PCG64(6)
    drawn = Counter(tuple(draws.subset(bits, n, k).tolist()) for _ in range(8_000))
    assert set(drawn) == set(combinations(range(n), k))
    assert fair(list(drawn.values()), comb(n, k))


def test_every_bit_of_halves_is_a_fair_coin_and_neighbours_are_independent() -> None:
    numbers = draws.halves(PCG64(7), 10_000, 31)
    for bit in range(32):
        ones = int((numbers >> np.uint32(bit) & np.uint32(1)).sum())
        assert stats.binomtest(ones, numbers.size, 0.5).pvalue > FAIR / 10
    deleted = numbers < np.uint32(2**31)
    pairs = Counter(zip(deleted[:, 0::2][:, :15].ravel(), deleted[:, 1::2].ravel(), strict=True))
    assert fair(list(pairs.values()), 4)


HEX = {"uniform": draws.uniform, "normal": draws.normal}
GOLDEN: dict[str, Any] = {
    "uniform": [
        "0x1.461fd79fb3850p-1",
        "0x1.1442f7e20b674p-2",
        "0x1.4fa7b529d9bd0p-5",
        "0x1.0ec9ed84d0bc0p-6",
        "0x1.a064f4f059bcap-1",
        "0x1.d354b2f34c803p-1",
    ],
    "normal": [
        "0x1.66c1f2a4fbb69p-2",
        "-0x1.3a1730bdfda1ep-1",
        "-0x1.bd4fcc8e168d1p+0",
        "-0x1.10d2160e350fep+1",
        "0x1.c7afa2331b044p-1",
        "0x1.5ba0b10b342cfp+0",
    ],
    "sha256": "89cd0e686911e6b299e300ff2cbffa2b6a2836666daa8ffe0ebbbd80ada6d44d",
    "permutation": [9, 1, 3, 8, 5, 4, 7, 0, 2, 6],
    "subset": [2, 3, 14, 31, 41, 46],
    "below": [636, 269, 40, 16, 813, 912],
    "halves": [[3653403231, 2735729615, 2195314465], [1322117304, 175979945, 323153949]],
}


@pytest.mark.parametrize("name", HEX)
def test_floats_are_frozen(name: str) -> None:
    assert [float(v).hex() for v in HEX[name](PCG64(0), 6)] == GOLDEN[name]


def test_many_normals_are_frozen() -> None:
    drawn = draws.normal(PCG64(1), 100_000)
    assert hashlib.sha256(drawn.astype("<f8").tobytes()).hexdigest() == GOLDEN["sha256"]


def test_integers_are_frozen() -> None:
    assert draws.permutation(PCG64(0), 10).tolist() == GOLDEN["permutation"]
    assert draws.subset(PCG64(0), 50, 6).tolist() == GOLDEN["subset"]
    assert draws.below(PCG64(0), 1000, 6).tolist() == GOLDEN["below"]
    assert draws.halves(PCG64(0), 2, 3).tolist() == GOLDEN["halves"]
