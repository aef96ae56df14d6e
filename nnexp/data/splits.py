"""Which examples are trained on, and which are held back for validation.

As in the book: the last `n_validation` training images are validation data and never trained on;
training takes from the others, the pool. Only training on every image leaves no validation data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import SUBSETS
from nnexp.data.dataset import Dataset, Examples
from nnexp.errors import UserError


@dataclass(frozen=True, eq=False)
class Splits:
    """The examples of one run, by what they are used for."""

    train: Examples
    validation: Examples | None
    """None where every training image is trained on."""
    test: Examples


def split(
    dataset: Dataset,
    *,
    n_train: int,
    n_validation: int,
    subset: str,
    rng: np.random.Generator,
) -> Splits:
    """The data set divided for one run.

    Validation, test and a `first` training set are views; a `random` training set is a copy.
    Arguments and errors as for `subset_indices`.
    """
    n_images = len(dataset.train)
    chosen = subset_indices(
        n_images, n_train=n_train, n_validation=n_validation, subset=subset, rng=rng
    )
    held_back = 0 if n_train == n_images else n_validation
    return Splits(
        train=_take(dataset.train, chosen),
        validation=_take(dataset.train, slice(n_images - held_back, None)) if held_back else None,
        test=dataset.test,
    )


def subset_indices(
    n_images: int,
    *,
    n_train: int,
    n_validation: int,
    subset: str,
    rng: np.random.Generator,
) -> slice | NDArray[np.intp]:
    """Which of `n_images` training images are trained on.

    Args:
        n_images: how many training images there are (60,000 of MNIST).
        n_train: how many are trained on: 1 to n_images - n_validation, or n_images.
        n_validation: how many are held back, at the end.
        subset: `first` takes the first `n_train`, as in the book; `random` draws that many of the
            pool without replacement.
        rng: read only by `random`, and only where there is something to choose.

    Returns:
        A slice where the images are the first `n_train`, so that runs which share their images can
        be told by equality; otherwise the drawn indices in ascending order. (Each epoch shuffles
        them anyway; sorted, they are gathered in one sweep through the memory.)

    Raises:
        UserError: a value out of range, or an unknown `subset`.
    """
    if subset not in SUBSETS:
        raise UserError(f"data.subset={subset}: expected one of {', '.join(SUBSETS)}")
    if n_train == n_images:
        return slice(0, n_images)
    if not 0 <= n_validation < n_images:
        raise UserError(
            f"data.n_validation={n_validation}: expected 0 to {n_images - 1}, of the {n_images} "
            "training images"
        )
    pool = n_images - n_validation
    if not 1 <= n_train <= pool:
        raise UserError(
            f"data.n_train={n_train}: expected 1 to {pool} (the last {n_validation} of the "
            f"{n_images} training images are validation data), or {n_images} without validation"
        )
    if subset == "first" or n_train == pool:
        return slice(0, n_train)
    return np.sort(rng.choice(pool, n_train, replace=False, shuffle=False))


def _take(examples: Examples, index: slice | NDArray[np.intp]) -> Examples:
    return Examples(examples.images[index], examples.labels[index])
