"""The distortion of `nnexp.data.expand`, compiled: the same operations in the same order.

It must give the bytes of the plain one there, which has products and sums rounded one by one: no
fused multiply-add.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnexp.kernel.jit import jit, jit_with_arrays

Numbers = NDArray[np.float32]

# Unsigned: no wraparound code in the loops.
_WORD = np.uint64
_0, _1, _2, _3, _4, _16 = (_WORD(n) for n in (0, 1, 2, 3, 4, 16))
_ZERO, _ONE, _HALF = np.float32(0), np.float32(1), np.float32(0.5)
_STEP = np.float32(2.0**-23)
_LOW_BITS = np.uint32(8)


@jit_with_arrays
def distort(
    images: NDArray[np.uint8],
    halves: NDArray[np.uint32],
    cos: Numbers,
    sin: Numbers,
    smooth_y: Numbers,
    smooth_x: Numbers,
    alpha: np.float32,
    result: NDArray[np.uint8],
) -> None:
    """Each image turned and elastically distorted.

    Args:
        images: (N, height, width).
        halves: (N, 2, height, width) random 32-bit numbers, for the fields (down, right).
        cos: (N,), of each image's angle.
        sin: (N,).
        smooth_y: (height, height), the Gaussian filter as a symmetric matrix.
        smooth_x: (width, width).
        alpha: factor of the smoothed fields.
        result: (N, height, width), written.
    """
    height, width = _WORD(images.shape[1]), _WORD(images.shape[2])
    # Sizes that the loops of `_product` divide. Padding is 0 and adds 0: no sum changes.
    rows = (height + _3) // _4 * _4
    taken = (width + _3) // _4 * _4
    columns = (width + _WORD(15)) // _16 * _16
    across = _padded(smooth_x, taken, columns)
    down = _padded(smooth_y, rows, rows)
    # A row holds that of the field down, then that of the field right.
    field = np.zeros(rows * _2 * columns, np.float32)
    half_way = np.zeros(rows * _2 * columns, np.float32)
    # Position p of the image is p + 1 in the frame. At most height + 1 is read, and the next.
    stride = width + _3
    framed = np.zeros((height + _3) * stride, np.float32)
    centre_y, centre_x = np.float32(height - _1) * _HALF, np.float32(width - _1) * _HALF
    last_y, last_x = np.float32(height), np.float32(width)
    for n in range(len(images)):
        for y in range(height):
            for x in range(width):
                framed[(y + _1) * stride + x + _1] = np.float32(images[n, y, x])
            for side in range(_2):
                start = (y * _2 + side) * columns
                for x in range(width):
                    number = np.int32(np.uint32(halves[n, side, y, x] >> _LOW_BITS))
                    field[start + x] = np.float32(number) * _STEP - _ONE
        _product(field, columns, across, half_way, rows * _2, taken, columns)
        _product(down, rows, half_way, field, rows, rows, _2 * columns)
        c, s = cos[n], sin[n]
        for y in range(height):
            from_y = np.float32(y) - centre_y
            at, right = y * _2 * columns, (y * _2 + _1) * columns
            for x in range(width):
                from_x = np.float32(np.int32(x)) - centre_x
                to_y = field[at + x] * alpha + ((c * from_y - s * from_x) + centre_y)
                to_x = field[right + x] * alpha + ((s * from_y + c * from_x) + centre_x)
                to_y = (last_y if to_y > last_y else -_ONE if to_y < -_ONE else to_y) + _ONE
                to_x = (last_x if to_x > last_x else -_ONE if to_x < -_ONE else to_x) + _ONE
                whole_y, whole_x = np.int32(to_y), np.int32(to_x)
                part_y, part_x = to_y - np.float32(whole_y), to_x - np.float32(whole_x)
                i = _WORD(np.uint32(whole_y)) * stride + _WORD(np.uint32(whole_x))
                a, b = framed[i], framed[i + _1]
                d, e = framed[i + stride], framed[i + stride + _1]
                above = a + part_x * (b - a)
                below = d + part_x * (e - d)
                grey = above + part_y * (below - above)
                result[n, y, x] = np.uint8(np.int32(grey + _HALF))


@jit_with_arrays
def _padded(matrix: Numbers, rows: np.uint64, columns: np.uint64) -> Numbers:
    """The matrix with zeros at the right and below, as one row after another."""
    padded = np.zeros(rows * columns, np.float32)
    for i in range(_WORD(matrix.shape[0])):
        for j in range(_WORD(matrix.shape[1])):
            padded[i * columns + j] = matrix[i, j]
    return padded


@jit
def _product(
    left: Numbers,
    stride: np.uint64,
    right: Numbers,
    result: Numbers,
    rows: np.uint64,
    taken: np.uint64,
    columns: np.uint64,
) -> None:
    """The matrix product of `rows` x `taken` and `taken` x `columns`, both by rows.

    Each element is ((0 + l₀r₀) + l₁r₁) + …, in this order. Two rows and four terms at a time, so
    that what is loaded is used; `rows` is even and `taken` a multiple of 4.
    """
    for row in range(_0, rows, _2):
        p = row * columns
        q = p + columns
        for c in range(_2 * columns):
            result[p + c] = _ZERO
        for j in range(_0, taken, _4):
            i = row * stride + j
            k = i + stride
            p0, p1, p2, p3 = left[i], left[i + _1], left[i + _2], left[i + _3]
            q0, q1, q2, q3 = left[k], left[k + _1], left[k + _2], left[k + _3]
            at = j * columns
            for c in range(columns):
                r0, r1 = right[at + c], right[at + columns + c]
                r2, r3 = right[at + _2 * columns + c], right[at + _3 * columns + c]
                result[p + c] = (((result[p + c] + p0 * r0) + p1 * r1) + p2 * r2) + p3 * r3
                result[q + c] = (((result[q + c] + q0 * r0) + q1 * r1) + q2 * r2) + q3 * r3
