"""Pairs behave as the lists of the book's program, cost no memory, and know where they are from."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnexp
from nnexp.book import mnist_loader
from nnexp.book.pairs import TEST, TRAINING, VALIDATION, Pair, Pairs, first_of, touches, whole
from nnexp.config.schema import DataConfig
from nnexp.data.dataset import load_dataset

Sets = tuple[Pairs, Pairs, Pairs]
bounds = st.none() | st.integers(-12_000, 12_000)
steps = st.none() | st.integers(-700, 700).filter(bool)
slices = st.builds(slice, bounds, bounds, steps)


def test_the_sets_are_those_of_the_files_in_the_books_order(sets: Sets) -> None:
    data = load_dataset(DataConfig())
    training, validation, test = sets
    assert [len(s) for s in sets] == [50_000, 10_000, 10_000]
    for pair, images, labels, k in (
        (training[49_999], data.train.images, data.train.labels, 49_999),
        (validation[0], data.train.images, data.train.labels, 50_000),
        (test[-1], data.test.images, data.test.labels, 9_999),
    ):
        x, y = pair
        np.testing.assert_array_equal(x, images[k][:, None] / 255.0)
        digit = y if pair.source.part != TRAINING else int(np.argmax(y))
        assert digit == labels[k] == pair.digit
    x, y = training[0]
    assert (x.shape, x.dtype, y.shape) == ((784, 1), np.float64, (10, 1))
    np.testing.assert_array_equal(y, mnist_loader.vectorized_result(5))
    assert type(test[0][1]) is int


def test_the_books_scale_is_had_for_the_asking() -> None:
    ours, theirs = (
        mnist_loader.load_data_wrapper(rng)[0][7][0] for rng in ("pcg64", "nielsen2014")
    )
    np.testing.assert_allclose(theirs * 256, ours * 255, rtol=1e-15)
    assert theirs.max() < 1.0
    with pytest.raises(nnexp.UserError, match=r"rng='mt': allowed: 'pcg64', 'nielsen2014'"):
        mnist_loader.load_data_wrapper("mt")


def test_arrays_are_the_same_images() -> None:
    for (images, labels), pairs in zip(
        mnist_loader.load_data(), mnist_loader.load_data_wrapper(), strict=True
    ):
        assert (images.dtype, labels.dtype) == (np.float32, np.int64)
        assert images.shape == (len(pairs), 784)
        for k in (0, 5_000, len(pairs) - 1):
            np.testing.assert_array_equal(images[k], pairs[k].x[:, 0].astype(np.float32))
            assert labels[k] == pairs[k].digit


@given(slices, slices)
def test_a_slice_of_a_slice_is_that_of_the_list(sets: Sets, first: slice, second: slice) -> None:
    numbers = list(range(10_000))
    ours, theirs = sets[1][first][second], numbers[first][second]
    assert [pair.number for pair in ours] == theirs
    assert len(ours) == len(theirs)
    assert [pair.number for pair in reversed(ours)] == theirs[::-1]
    assert first_of(ours, VALIDATION) == (len(theirs) if theirs == numbers[: len(theirs)] else 0)
    assert bool(whole(ours)) == (theirs == numbers)
    assert first_of(list(ours), VALIDATION) == first_of(ours, VALIDATION)


@given(st.integers(-10_001, 10_000), st.sampled_from([int, np.int64, np.int32]))
def test_an_index_is_that_of_the_list(sets: Sets, k: int, kind: Any) -> None:
    numbers = range(10_000)
    try:
        expected = numbers[k]
    except IndexError:
        with pytest.raises(IndexError):
            sets[2][kind(k)]
    else:
        assert sets[2][kind(k)] == Pair(sets[2].source, expected)


def test_a_pair_is_unpacked_indexed_and_compared(sets: Sets) -> None:
    pair = sets[0][3]
    x, y = pair
    assert len(pair) == 2
    for position, expected in ((0, x), (1, y), (-1, y), (-2, x)):
        np.testing.assert_array_equal(pair[position], expected)
    assert len(pair[:1]) == 1
    with pytest.raises(IndexError):
        pair[2]
    assert pair == sets[0][3]
    assert len({pair, sets[0][3], sets[0][4], sets[1][3]}) == 3
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 1.0
    assert "50,000 pairs" in repr(sets[0])
    assert repr(sets[1][0]) == f"<image 0 of the validation set: a {sets[1][0].digit}>"


def test_they_are_told_apart(sets: Sets) -> None:
    training, validation, test = sets
    some = list(training[:30])
    assert first_of(some, TRAINING) == 30
    assert first_of(training[1:30], TRAINING) == 0
    assert first_of(some[::-1], TRAINING) == 0
    assert first_of([tuple(pair) for pair in some], TRAINING) == 0
    assert first_of([], TRAINING) == first_of(training[:0], TRAINING) == 0
    assert first_of(training[:30], VALIDATION) == 0
    assert [whole(s) for s in sets] == ["", VALIDATION, TEST]
    assert whole(validation[:-1]) == ""
    assert [touches(s, TEST) for s in (validation, test[:1], [*some, test[0]])] == [0, 1, 1]
    assert len(training[:2] + test[:3]) == len([training[0], *test[:4]]) == 5


def test_a_list_of_all_pairs_is_small(sets: Sets) -> None:
    tracemalloc.start()
    try:
        kept = list(sets[0])
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        assert len(kept) == 50_000
    finally:
        tracemalloc.stop()
