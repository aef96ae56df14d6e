"""Which examples are trained on, and which are held back for validation.

As in the book: the last `n_validation` training images are validation data and never trained on;
training takes from the others, the pool. Only training on every image leaves no validation data.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import SUBSETS
from nnexp.errors import UserError
from nnexp.nn.draws import subset as subset_of


def subset_indices(
    n_images: int,
    *,
    n_train: int,
    n_validation: int,
    subset: str,
    bits: np.random.PCG64,
) -> slice | NDArray[np.int64]:
    """Which of `n_images` training images are trained on.

    Args:
        n_images: how many training images there are (60,000 of MNIST).
        n_train: how many are trained on: 1 to n_images - n_validation, or n_images.
        n_validation: how many are held back, at the end.
        subset: `first` takes the first `n_train`, as in the book; `random` draws that many of the
            pool without replacement.
        bits: read only by `random`, and only where there is something to choose.

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
    return subset_of(bits, pool, n_train)
