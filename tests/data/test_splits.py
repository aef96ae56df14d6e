"""The book's division of MNIST, and its subsets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.config.schema import Config, DataConfig
from nnexp.data.dataset import Dataset, load_dataset
from nnexp.data.splits import subset_indices
from nnexp.errors import UserError
from nnexp.train.plan import training_rows, validation_rows


def chosen(n_images: int, n_train: int, n_validation: int, subset: str, seed: int = 0) -> list[int]:
    """Which images are trained on, as numbers."""
    index = subset_indices(
        n_images,
        n_train=n_train,
        n_validation=n_validation,
        subset=subset,
        bits=np.random.PCG64(seed),
    )
    numbers: list[int] = np.arange(n_images)[index].tolist()
    return numbers


def refusal(n_images: int, n_train: int, n_validation: int, subset: str = "first") -> str:
    with pytest.raises(UserError) as caught:
        chosen(n_images, n_train, n_validation, subset)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def divided(data: Dataset, n_train: int, **values: Any) -> tuple[Any, Any]:
    """The images trained on and those held back, as the trainer divides them."""
    config = Config(data=DataConfig(n_train=n_train, **values))
    return training_rows(config, data), validation_rows(config, data)


def test_training_images_are_the_first_and_validation_images_the_last_of_mnist(
    mnist: Dataset,
) -> None:
    train, validation = divided(mnist, 1_000)
    assert mnist.train.labels[train][:5].tolist() == [5, 0, 4, 1, 9]
    assert train.tolist() == list(range(1_000))
    assert validation.tolist() == list(range(50_000, 60_000))
    assert mnist.train.labels[validation][:5].tolist() == [3, 8, 6, 9, 6]


@pytest.mark.parametrize("subset", ["first", "random"])
def test_training_on_every_image_leaves_no_validation_data(mnist: Dataset, subset: str) -> None:
    train, validation = divided(mnist, 60_000, subset=subset)
    assert validation is None
    assert train.tolist() == list(range(60_000))


def test_random_images_are_distinct_and_belong_to_the_seed() -> None:
    assert chosen(60_000, 500, 10_000, "random", seed=3) == chosen(
        60_000, 500, 10_000, "random", seed=3
    )
    assert len(set(chosen(60_000, 500, 10_000, "random", seed=3))) == 500


def test_neuron_trains_on_its_one_example() -> None:
    train, validation = divided(load_dataset(DataConfig(name="neuron")), 1, name="neuron")
    assert train.tolist() == [0]
    assert validation is None


@settings(deadline=None)
@given(data=st.data(), subset=st.sampled_from(["first", "random"]), seed=st.integers(0, 2**32))
def test_no_validation_image_is_ever_trained_on(
    data: st.DataObject, subset: str, seed: int
) -> None:
    n_images = data.draw(st.integers(2, 200))
    n_validation = data.draw(st.integers(0, n_images - 1))
    n_train = data.draw(st.integers(1, n_images - n_validation))
    index = chosen(n_images, n_train, n_validation, subset, seed)
    assert len(set(index)) == n_train
    assert index == sorted(index)
    assert max(index) < n_images - n_validation
    assert index == chosen(n_images, n_train, n_validation, subset, seed)


def test_random_subset_depends_on_the_seed_and_reaches_the_whole_pool() -> None:
    drawn = [set(chosen(50, 10, 10, "random", seed)) for seed in range(100)]
    assert drawn[0] != drawn[1]
    assert set.union(*drawn) == set(range(40))


def test_first_subset_leaves_the_generator_alone() -> None:
    bits = np.random.PCG64(1)
    subset_indices(100, n_train=10, n_validation=20, subset="first", bits=bits)
    assert bits.random_raw() == np.random.PCG64(1).random_raw()


def test_runs_that_share_their_images_have_equal_slices() -> None:
    slices = [
        subset_indices(100, n_train=80, n_validation=20, subset=subset, bits=np.random.PCG64(seed))
        for subset, seed in (("first", 0), ("first", 1), ("random", 2))
    ]
    assert slices == [slice(0, 80)] * 3


@pytest.mark.parametrize("n_train", [50_001, 59_999, 60_001, 0, -1])
def test_size_between_pool_and_all_or_beyond_is_refused(n_train: int) -> None:
    message = refusal(60_000, n_train, 10_000)
    assert f"data.n_train={n_train}" in message
    assert "1 to 50000" in message
    assert "60000 without validation" in message


@pytest.mark.parametrize("n_validation", [-1, 100, 10_000])
def test_validation_size_out_of_range_is_refused(n_validation: int) -> None:
    message = refusal(100, 10, n_validation)
    assert f"data.n_validation={n_validation}: expected 0 to 99" in message


def test_unknown_subset_is_refused_with_the_known_ones() -> None:
    assert "data.subset=last: expected one of first, random" in refusal(100, 10, 10, "last")
