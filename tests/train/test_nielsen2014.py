"""The legacy generator's deviates, made by our own arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.train.nielsen2014 import SEED, LegacyNormal

SEEDS = (0, 1, 7, SEED)


@pytest.mark.parametrize("seed", SEEDS)
def test_deviates_are_those_of_the_legacy_generator(seed: int) -> None:
    ours = LegacyNormal(seed, 0).standard_normal((200_000,))
    theirs = np.random.RandomState(seed).standard_normal(200_000)
    np.testing.assert_allclose(ours, theirs, rtol=1e-15, atol=0)


@pytest.mark.parametrize("skip", [0, 1, 6, 23_860])
@pytest.mark.parametrize("seed", SEEDS)
def test_calls_of_any_size_go_on_in_the_legacy_order(seed: int, skip: int) -> None:
    ours, theirs = LegacyNormal(seed, skip), np.random.RandomState(seed)
    theirs.standard_normal(skip)
    for size in ((1,), (1,), (3,), (0,), (30,), (7, 5), (1,), (2, 0), (10_001,), (4,), ()):
        drawn = ours.standard_normal(size)
        assert drawn.shape == size
        np.testing.assert_allclose(drawn, theirs.standard_normal(size), rtol=1e-15, atol=0)
