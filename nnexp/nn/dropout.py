"""Dropout: units deleted at random while training, a new choice for every example.

The book trains with half of the hidden units deleted and afterwards halves the weights out of
them, because twice as many units will then be active. Here a kept unit's activation is divided by
the probability 1 − p of being kept while training ("inverted" dropout), so that the expected
input to the next layer is that of the full network and the trained weights are used as they are.
The two agree in what the full network computes; weights read as the book's are ours divided by
1 − p, and steps on them are accordingly scaled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.parameters import Array


def fill_mask(uniform: NDArray[np.floating[Any]], rate: float, out: Array) -> None:
    """Write 1/(1 − p) where a unit is kept and 0 where it is deleted.

    `uniform` holds draws from [0, 1) in the shape of `out`; a unit is deleted where its draw is
    below the rate p, 0 ≤ p < 1.
    """
    np.greater_equal(uniform, rate, out=out, casting="unsafe")
    np.multiply(out, 1.0 / (1.0 - rate), out=out)
