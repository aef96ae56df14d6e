"""Dropout: units deleted at random while training, a new choice for every example.

The book trains with half of the hidden units deleted and afterwards halves the weights out of
them, because twice as many units will then be active. Here a kept unit's activation is divided by
the probability 1 − p of being kept while training ("inverted" dropout), so that the expected
input to the next layer is that of the full network and the trained weights are used as they are.
The two agree in what the full network computes; weights read as the book's are ours divided by
1 − p, and steps on them are accordingly scaled.
"""

from __future__ import annotations

from math import floor

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nnexp.nn.parameters import Array


def mask(bits: NDArray[np.uint32], rate: float, dtype: DTypeLike) -> Array:
    """What activations are multiplied by: 0 where a unit is deleted, 1/(1 − p) where it is kept.

    `bits` are random 32-bit numbers in any shape (`nn.draws.halves`). A unit is deleted where its
    number is less than ⌊p · 2³²⌋, that is with the probability p, 0 ≤ p < 1, to 2⁻³². 1/(1 − p) is
    computed in float64 and then rounded to `dtype`.

    Raises ValueError if p is no such rate.
    """
    if not 0.0 <= rate < 1.0:
        raise ValueError(f"a dropout rate of {rate}: 0 ≤ p < 1 is needed")
    kept = bits >= np.uint32(floor(rate * 2.0**32))
    scale: Array = np.array([0.0, 1.0 / (1.0 - rate)]).astype(dtype)
    return scale[kept.astype(np.intp)]
