"""Random draws inside the kernel: the words of NumPy's PCG64, and what is made of them.

The transformations are those of `nn.draws`, number for number. A generator is an array of four
words: state and increment, high word first.

Source: O'Neill 2014, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms
for Random Number Generation"; the variant XSL-RR 128/64 that NumPy calls PCG64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types, uint32, uint64
from numba.core import cgutils
from numpy.typing import NDArray

from nnexp.kernel.jit import intrinsic, jit

Generator = NDArray[np.uint64]

_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
_WORD = ir.IntType(64)
_DOUBLE_WORD = ir.IntType(128)


@intrinsic
def _step(context: Any, high: Any, low: Any, add_high: Any, add_low: Any) -> Any:
    """state · multiplier + increment modulo 2^128, as two words."""
    pair = types.UniTuple(types.uint64, 2)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = [builder.zext(word, _DOUBLE_WORD) for word in args]
        shift = ir.Constant(_DOUBLE_WORD, 64)
        state = builder.or_(builder.shl(wide[0], shift), wide[1])
        increment = builder.or_(builder.shl(wide[2], shift), wide[3])
        product = builder.mul(state, ir.Constant(_DOUBLE_WORD, _MULTIPLIER))
        state = builder.add(product, increment)
        words = [builder.trunc(builder.lshr(state, shift), _WORD), builder.trunc(state, _WORD)]
        return cgutils.pack_array(builder, words)

    return pair(types.uint64, types.uint64, types.uint64, types.uint64), emit


@intrinsic
def _high_product(context: Any, a: Any, b: Any) -> Any:
    """floor(a · b / 2^64)."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = [builder.zext(word, _DOUBLE_WORD) for word in args]
        return builder.trunc(builder.lshr(builder.mul(*wide), ir.Constant(_DOUBLE_WORD, 64)), _WORD)

    return types.uint64(types.uint64, types.uint64), emit


@jit
def word(generator):
    """The next 64 random bits."""
    high, low = _step(generator[0], generator[1], generator[2], generator[3])
    generator[0], generator[1] = high, low
    mixed, turn = high ^ low, high >> uint64(58)
    return (mixed >> turn) | (mixed << ((uint64(64) - turn) & uint64(63)))


@jit
def fill_halves(generator, halves, count):
    """`count` random numbers of 32 bits from fresh words, the low half of each word first."""
    zero, one, two = uint64(0), uint64(1), uint64(2)
    for k in range(zero, count, two):
        bits = word(generator)
        halves[k], halves[k + one] = uint32(bits), uint32(bits >> uint64(32))


@jit
def shuffle(generator, order):
    """The numbers 0 to n − 1 into `order`, in an order drawn as Fisher and Yates do."""
    zero, one, n = uint64(0), uint64(1), uint64(len(order))
    for i in range(zero, n):
        order[i] = i
    for k in range(one, n):
        i = n - k
        j = _high_product(word(generator), i + one)
        order[i], order[j] = order[j], order[i]


def generator_of(bits: np.random.PCG64) -> Generator:
    """A NumPy generator's state for the kernel."""
    state = bits.state["state"]
    mask = (1 << 64) - 1
    words = [part for key in ("state", "inc") for part in (state[key] >> 64, state[key] & mask)]
    return np.array(words, dtype=np.uint64)


def hand_back(generator: Generator, bits: np.random.PCG64) -> None:
    """Let a NumPy generator go on where the kernel has stopped."""
    state = bits.state
    state["state"]["state"] = (int(generator[0]) << 64) | int(generator[1])
    bits.state = state
