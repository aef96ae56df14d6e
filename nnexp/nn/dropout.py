"""Dropout: units deleted at random while training.

A unit is deleted with the probability p; deleted activations are 0 in the pass of their examples.
Two ways to make up for them, equal in the input that the next layer is to expect:

- the chapter's: train with what is left, and multiply the weights out of these units by 1 − p when
  all of them are active (`full_network`; half of the units, halved weights);
- "inverted": divide what is left by 1 − p while training, and use the weights as they are.

With w the weights of the first and v = (1 − p) w those of the second, both pass on the same
numbers, and ∂C/∂w = (1 − p) ∂C/∂v: the same step of v is that of w at η/(1 − p)², which holds for
the weights out of units that dropout deletes and for no others (see docs/methods.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nnexp.nn.parameters import Array, Parameters


def mask(
    bits: NDArray[np.uint32], rate: float, dtype: DTypeLike, *, inverted: bool = True
) -> Array:
    """What activations are multiplied by: 0 where a unit is deleted, else 1/(1 − p), or 1.

    `bits` are random 32-bit numbers in any shape (`nn.draws.halves`). A unit is deleted where its
    number is less than ⌊p · 2³²⌋, that is with the probability p, 0 ≤ p < 1, to 2⁻³². 1/(1 − p) is
    computed in float64 and then rounded to `dtype`.

    Raises ValueError if p is no such rate.
    """
    if not 0.0 <= rate < 1.0:
        raise ValueError(f"a dropout rate of {rate}: 0 ≤ p < 1 is needed")
    kept = bits >= np.uint32(floor(rate * 2.0**32))
    scale: Array = np.array([0.0, 1.0 / (1.0 - rate) if inverted else 1.0]).astype(dtype)
    return scale[kept.astype(np.intp)]


def full_network(parameters: Parameters, hidden: float, inputs: float) -> Parameters:
    """w ← (1 − p) w for the weights out of units that were deleted with the probability p.

    `hidden` is p of all hidden layers, `inputs` of the inputs. 1 − p is computed in float64 and
    then rounded to the weights' type.
    """
    rates = (inputs, *[hidden] * (len(parameters.weights) - 1))
    weights = [w * w.dtype.type(1.0 - p) for w, p in zip(parameters.weights, rates, strict=True)]
    return Parameters(tuple(weights), parameters.biases)


def thinned(parameters: Parameters, masks: Sequence[Array]) -> Parameters:
    """The network that is left with some units deleted: weights out of hidden units times a mask.

    `masks`, one (n,) for each hidden layer, as `mask` gives them.
    """
    first, *others = parameters.weights
    weights = [w * m for w, m in zip(others, masks, strict=True)]
    return Parameters((first, *weights), parameters.biases)
