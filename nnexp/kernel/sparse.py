"""Products with inputs that are mostly zero: the weight rows of the others are added up.

An MNIST image has 150 of 784 inputs that are not zero, listed with their bytes (`structs.Images`).
z_j = Σ_i x_i w_ij is the sum over the first, third, fifth … of an image's list plus the sum over
the second, fourth …: two sums side by side, as one addition would have to wait for the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint64
from numpy.typing import NDArray

from nnexp.kernel import tile
from nnexp.kernel.jit import jit
from nnexp.kernel.structs import Images

WIDEST = uint64(8)
"""Vectors of a row that are kept in registers at once."""


@jit
def gather(z, z_at, w, w_at, w_row, vectors, columns, pixels, start, stop):
    """z ← Σ_i x_i w_i over one image's list; `vectors` (1 to 8) vectors of each row."""
    if vectors == uint64(1):
        tile.gather(z, z_at, w, w_at, w_row, columns, pixels, start, stop, 1)
    elif vectors == uint64(2):
        tile.gather(z, z_at, w, w_at, w_row, columns, pixels, start, stop, 2)
    elif vectors == uint64(3):
        tile.gather(z, z_at, w, w_at, w_row, columns, pixels, start, stop, 3)
    elif vectors == uint64(4):
        tile.gather(z, z_at, w, w_at, w_row, columns, pixels, start, stop, 4)
    elif vectors == uint64(5):
        tile.gather(z, z_at, w, w_at, w_row, columns, pixels, start, stop, 5)
    elif vectors == uint64(6):
        tile.gather(z, z_at, w, w_at, w_row, columns, pixels, start, stop, 6)
    elif vectors == uint64(7):
        tile.gather(z, z_at, w, w_at, w_row, columns, pixels, start, stop, 7)
    else:
        tile.gather(z, z_at, w, w_at, w_row, columns, pixels, start, stop, 8)


@jit
def scatter(w, w_at, w_row, vectors, g, g_at, columns, pixels, start, stop):
    """w_i ← w_i + x_i g for each i of one image's list."""
    if vectors == uint64(1):
        tile.scatter(w, w_at, w_row, g, g_at, columns, pixels, start, stop, 1)
    elif vectors == uint64(2):
        tile.scatter(w, w_at, w_row, g, g_at, columns, pixels, start, stop, 2)
    elif vectors == uint64(3):
        tile.scatter(w, w_at, w_row, g, g_at, columns, pixels, start, stop, 3)
    elif vectors == uint64(4):
        tile.scatter(w, w_at, w_row, g, g_at, columns, pixels, start, stop, 4)
    elif vectors == uint64(5):
        tile.scatter(w, w_at, w_row, g, g_at, columns, pixels, start, stop, 5)
    elif vectors == uint64(6):
        tile.scatter(w, w_at, w_row, g, g_at, columns, pixels, start, stop, 6)
    elif vectors == uint64(7):
        tile.scatter(w, w_at, w_row, g, g_at, columns, pixels, start, stop, 7)
    else:
        tile.scatter(w, w_at, w_row, g, g_at, columns, pixels, start, stop, 8)


@jit
def fetch(starts, columns, pixels, x):
    """Ask for an image's list before it is needed: images come in random order."""
    t = starts[x]
    while t < starts[x + uint64(1)]:
        tile.prefetch(columns, t)
        tile.prefetch(pixels, t)
        t += uint64(32)


Columns = NDArray[np.unsignedinteger[Any]]


@jit
def _list(rows, starts, columns, pixels):
    t = 0
    for x in range(rows.shape[0]):
        starts[x] = t
        for i in range(rows.shape[1]):
            if rows[x, i] != 0:
                columns[t] = i
                pixels[t] = rows[x, i]
                t += 1
    starts[rows.shape[0]] = t


def images_of(rows: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Images:
    """Examples (N, n_in) as lists of their non-zero inputs."""
    count = int(np.count_nonzero(rows))
    columns: Columns = np.empty(count, np.uint16 if rows.shape[1] <= 1 << 16 else np.uint32)
    starts, pixels = np.empty(len(rows) + 1, np.uint64), np.empty(count, np.uint8)
    _list(np.ascontiguousarray(rows), starts, columns, pixels)
    # A copy: the kernel would be compiled anew for arrays that may not be written.
    return Images(starts, columns, pixels, labels.copy())
