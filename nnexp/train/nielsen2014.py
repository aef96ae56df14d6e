"""The generators behind the published curves (`rng=nielsen2014`).

The book's program drew its weights from NumPy's legacy generator and shuffled with Python's
`random`, both Mersenne Twisters and both seeded with the same number (12345678 for the published
data). Nothing here is special to one figure: any architecture, size and number of epochs comes out
as that program would have made it.
"""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.train.streams import Order

SEED = 12345678
PIXEL_MAX = 256.0
"""The program divided bytes by 256, not by 255."""


class LegacyNormal:
    """`RandomState` as an initializer sees it.

    The program always made the scaled draw first, in the constructor of its network; the large
    initializer then drew a second time and threw the first draw away. `skip` is the number of
    normal deviates thrown away.
    """

    def __init__(self, seed: int, skip: int) -> None:
        self._state = np.random.RandomState(seed)
        # Deviates come in pairs (polar method), so a skipped draw must be made, not jumped over.
        self._state.standard_normal(skip)

    def standard_normal(self, size: tuple[int, ...]) -> NDArray[np.float64]:
        """Deviates N(0, 1) in the given shape."""
        drawn: NDArray[np.float64] = self._state.standard_normal(size)
        return drawn


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
