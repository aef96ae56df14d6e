"""The generators behind the published curves (`rng=nielsen2014`).

The book's program drew its weights from NumPy's legacy generator and shuffled with Python's
`random`, both Mersenne Twisters and both seeded with the same number (12345678 for the published
data). Nothing here is special to one figure: any architecture, size and number of epochs comes out
as that program would have made it.
"""

from __future__ import annotations

import random
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.draws import log
from nnexp.train.streams import Order

SEED = 12345678
PIXEL_MAX = 256.0
"""The program divided bytes by 256, not by 255."""


class LegacyNormal:
    """`RandomState(seed).standard_normal` as an initializer sees it, to the last digit or two.

    NumPy keeps that generator as it is, but takes its logarithm from the C library, which may round
    differently elsewhere. So its uniform numbers are taken, and the polar method is done here: of
    x₁ = 2u − 1, x₂ = 2u′ − 1 with 0 < r² = x₁² + x₂² < 1 come the deviates f x₂ and f x₁, in this
    order, f = √(−2 ln r² / r²); other pairs are thrown away.

    The program always made the scaled draw first, in the constructor of its network; the large
    initializer then drew a second time and threw the first draw away. `skip` is the number of
    normal deviates thrown away.
    """

    def __init__(self, seed: int, skip: int) -> None:
        self._state = np.random.RandomState(seed)
        self._left = np.empty(0)
        # Pairs are rejected at random, so a skipped draw must be made, not jumped over.
        self.standard_normal((skip,))

    def standard_normal(self, size: tuple[int, ...]) -> NDArray[np.float64]:
        """Deviates N(0, 1) in the given shape."""
        needed = prod(size)
        drawn = [self._left]
        missing = needed - len(self._left)
        while missing > 0:
            # As many pairs as are missing: some are rejected, so never one more than is needed.
            pairs = self._pairs((missing + 1) // 2)
            drawn.append(pairs)
            missing -= len(pairs)
        deviates = np.concatenate(drawn)
        self._left = deviates[needed:]
        return deviates[:needed].reshape(size)

    def _pairs(self, count: int) -> NDArray[np.float64]:
        """The deviates of those of the next `count` pairs that are not rejected."""
        x1, x2 = 2.0 * self._state.random_sample((count, 2)).T - 1.0
        square = x1 * x1 + x2 * x2
        kept = (square < 1.0) & (square != 0.0)
        x1, x2, square = x1[kept], x2[kept], square[kept]
        f = np.sqrt(-2.0 * log(square) / square)
        return np.stack([f * x2, f * x1], axis=1).ravel()


class Nielsen2014:
    """Initial weights and order of examples as the book's program drew them."""

    def __init__(self, seed: int, sizes: tuple[int, ...], init: str) -> None:
        self._seed = seed
        layers = pairwise(sizes)
        self._skip = sum(n * (m + 1) for m, n in layers) if init == "large" else 0
        self._python = random.Random(seed)

    def initial(self) -> LegacyNormal:
        """The legacy generator, past the draw that the large initializer threw away."""
        return LegacyNormal(self._seed, self._skip)

    def reorder(self, order: Order) -> Order:
        """Shuffle the last order in place, as `random.shuffle` did in Python 2."""
        items = order.tolist()
        draw = self._python.random
        for i in range(len(items) - 1, 0, -1):
            j = int(draw() * (i + 1))
            items[i], items[j] = items[j], items[i]
        return np.array(items, dtype=np.int64)

    def state(self) -> dict[str, Any]:
        """The state of Python's generator."""
        version, words, gauss = self._python.getstate()
        return {"version": version, "words": list(words), "gauss": gauss}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on shuffling from a state."""
        self._python.setstate((state["version"], tuple(state["words"]), state["gauss"]))
