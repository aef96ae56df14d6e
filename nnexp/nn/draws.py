"""Random draws made from the raw 64-bit words of a bit generator, the same on every machine.

NumPy promises the words of its bit generators (`PCG64(…).random_raw`), but not what `Generator`
makes of them: that may change with a version. Every function here says what it makes of how many
words. The arithmetic is exact, or that of `nn.portable`.

`bits` is a bit generator that gives 64 random bits a word: PCG64, not MT19937 (32).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.random import BitGenerator
from numpy.typing import NDArray

from nnexp.nn.portable import log, normal_quantile

__all__ = [
    "Normals",
    "below",
    "halves",
    "log",
    "normal",
    "permutation",
    "subset",
    "uniform",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
Size = int | tuple[int, ...]


def uniform(bits: BitGenerator, size: Size) -> Floats:
    """Numbers of [0, 1), a multiple of 2⁻⁵³ each: u = ⌊w / 2¹¹⌋ · 2⁻⁵³ of one word w each."""
    return (_words(bits, size) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(bits: BitGenerator, size: Size) -> Floats:
    """Deviates N(0, 1), one word w each: x = Φ⁻¹(u) of u = (⌊w / 2¹¹⌋ + ½) · 2⁻⁵³ in (0, 1).

    Φ⁻¹ is `nn.portable.normal_quantile`, which is given u − ½ = (2 ⌊w / 2¹¹⌋ + 1 − 2⁵³) · 2⁻⁵⁴:
    of that every value is a float64, while u itself would be rounded, the greatest to 1. So x and
    −x are equally likely, and |x| is at most 8.29.
    """
    odd = ((_words(bits, size) >> np.uint64(11)).astype(np.int64) << 1) + 1
    return normal_quantile((odd - 2**53).astype(np.float64) * 2.0**-54)


class Normals:
    """`normal` as an initializer asks for it (`nn.initializers.Normal`)."""

    def __init__(self, bits: BitGenerator) -> None:
        self._bits = bits

    def standard_normal(self, size: tuple[int, ...]) -> Floats:
        """Deviates N(0, 1) in the given shape."""
        return normal(self._bits, size)


def below(bits: BitGenerator, k: int, size: Size) -> Integers:
    """Numbers of 0 … k − 1: ⌊w k / 2⁶⁴⌋ of one word w each; no probability is off by 2⁻⁶⁴.

    Raises ValueError unless 1 ≤ k < 2³².
    """
    if not 1 <= k < 2**32:
        raise ValueError(f"a number below {k}: 1 ≤ k < 2³² is needed")
    return _scaled(_words(bits, size), np.uint64(k))


def permutation(bits: BitGenerator, n: int) -> Integers:
    """0 … n − 1 in random order (Fisher and Yates, from the back), of n − 1 words.

    For i = n − 1, …, 1 in this order: j = ⌊w (i + 1) / 2⁶⁴⌋ of one word w; swap items i and j.

    Raises ValueError unless 0 ≤ n < 2³².
    """
    _check_length(n)
    lengths = np.arange(n, 1, -1, dtype=np.uint64)
    targets = _scaled(_words(bits, len(lengths)), lengths).tolist()
    items = list(range(n))
    for i, j in zip(range(n - 1, 0, -1), targets, strict=True):
        items[i], items[j] = items[j], items[i]
    return np.array(items, dtype=np.int64)


def subset(bits: BitGenerator, n: int, k: int) -> Integers:
    """k different numbers of 0 … n − 1, every set equally likely, in ascending order; of k words.

    The first k steps of Fisher and Yates from the front. For i = 0, …, k − 1 in this order:
    j = i + ⌊w (n − i) / 2⁶⁴⌋ of one word w; swap items i and j. The first k items are sorted.

    Raises ValueError unless 0 ≤ k ≤ n < 2³².
    """
    _check_length(n)
    if not 0 <= k <= n:
        raise ValueError(f"a subset of {k} of {n}: 0 ≤ k ≤ n is needed")
    lengths = np.arange(n, n - k, -1, dtype=np.uint64)
    offsets = _scaled(_words(bits, k), lengths).tolist()
    items = list(range(n))
    for i, offset in enumerate(offsets):
        items[i], items[i + offset] = items[i + offset], items[i]
    return np.array(sorted(items[:k]), dtype=np.int64)


def halves(bits: BitGenerator, rows: int, units: int) -> NDArray[np.uint32]:
    """32-bit numbers (rows, units): of each word first the low half and then the high half.

    Every row begins with a new word and takes ⌈units / 2⌉; of an odd row's last, the high half is
    not used.
    """
    words = _words(bits, (rows, (units + 1) // 2))
    both = np.empty((rows, 2 * words.shape[1]), np.uint32)
    both[:, 0::2] = words & np.uint64(2**32 - 1)
    both[:, 1::2] = words >> np.uint64(32)
    return np.ascontiguousarray(both[:, :units])


def _words(bits: BitGenerator, size: Size) -> Words:
    """The generator's next words, in C order."""
    shape: Sequence[int] = (size,) if isinstance(size, int) else size
    return bits.random_raw(prod(shape)).reshape(shape)


def _scaled(words: Words, k: Words | np.uint64) -> Integers:
    """⌊w k / 2⁶⁴⌋, exact for k < 2³²: w k has up to 96 bits, so its halves are multiplied apart."""
    low, high = words & np.uint64(2**32 - 1), words >> np.uint64(32)
    return ((high * k + (low * k >> np.uint64(32))) >> np.uint64(32)).astype(np.int64)


def _check_length(n: int) -> None:
    if not 0 <= n < 2**32:
        raise ValueError(f"{n} items to draw from: 0 ≤ n < 2³² is needed")
