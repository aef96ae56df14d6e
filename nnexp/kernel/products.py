"""Products of dense matrices, by tiles that stay in registers.

Every number of a result is one sum in the order of the formula (by lanes first, where it runs along
rows), whatever the tile: tiles change speed, never a bit. A matrix is part of a flat array: where
it begins, and how many numbers on its next row begins.
"""

from __future__ import annotations

from numba import uint64

from nnexp.kernel import tile
from nnexp.kernel.jit import jit

BLOCK = uint64(256)
"""Terms of a sum gone through at a time: what a block of them reads stays in the cache."""

PANEL = uint64(16)
"""Vectors of columns gone through at a time: so much of the right matrix stays in the cache."""

ROWS = 5
COLS = 4
"""A tile of 5 rows by 4 vectors fills 20 of 32 registers."""


@jit
def multiply(z, z_at, z_row, a, a_at, a_row, a_next, w, w_at, w_row, rows, inner, width):
    """Z ← Z + A W: z_rj + Σ_i a_ri w_ij, i rising; Z (rows, width), W (inner, width).

    a_ri is at a_at + r · a_row + i · a_next: A may be read transposed. `width` is a multiple of
    `tile.ALIGNED`.
    """
    for left in range(uint64(0), width, tile.lanes(z) * PANEL):
        part = min(tile.lanes(z) * PANEL, width - left)
        wide = part - part % (tile.lanes(z) * uint64(COLS))
        for start in range(uint64(0), inner, BLOCK):
            count = min(BLOCK, inner - start)
            a_from, w_from = a_at + start * a_next, w_at + start * w_row + left
            r = uint64(0)
            while r < rows:
                high = r + uint64(ROWS) <= rows
                at, a_of = z_at + r * z_row + left, a_from + r * a_row
                for j in range(uint64(0), wide, tile.lanes(z) * uint64(COLS)):
                    to, of = at + j, w_from + j
                    if high:
                        tile.multiply(
                            z, to, z_row, a, a_of, a_row, a_next, w, of, w_row, count, 5, 4
                        )
                    else:
                        tile.multiply(
                            z, to, z_row, a, a_of, a_row, a_next, w, of, w_row, count, 1, 4
                        )
                for j in range(wide, part, tile.lanes(z)):
                    to, of = at + j, w_from + j
                    if high:
                        tile.multiply(
                            z, to, z_row, a, a_of, a_row, a_next, w, of, w_row, count, 5, 1
                        )
                    else:
                        tile.multiply(
                            z, to, z_row, a, a_of, a_row, a_next, w, of, w_row, count, 1, 1
                        )
                r += uint64(ROWS) if high else uint64(1)


@jit
def multiply_transposed(z, z_at, z_row, factor, d, d_at, d_row, w, w_at, w_row, rows, cols, inner):
    """z_ri ← z_ri · factor · Σ_j d_rj w_ij: Z (rows, cols), D (rows, inner), W (cols, inner)."""
    wide = cols - cols % uint64(COLS)
    r = uint64(0)
    while r < rows:
        high = r + uint64(ROWS) <= rows
        at, d_of = z_at + r * z_row, d_at + r * d_row
        for i in range(uint64(0), wide, uint64(COLS)):
            w_of = w_at + i * w_row
            if high:
                tile.scale_by_inner_products(
                    z, at + i, z_row, factor, d, d_of, d_row, w, w_of, w_row, inner, 5, 4
                )
            else:
                tile.scale_by_inner_products(
                    z, at + i, z_row, factor, d, d_of, d_row, w, w_of, w_row, inner, 1, 4
                )
        for i in range(wide, cols):
            w_of = w_at + i * w_row
            if high:
                tile.scale_by_inner_products(
                    z, at + i, z_row, factor, d, d_of, d_row, w, w_of, w_row, inner, 5, 1
                )
            else:
                tile.scale_by_inner_products(
                    z, at + i, z_row, factor, d, d_of, d_row, w, w_of, w_row, inner, 1, 1
                )
        r += uint64(ROWS) if high else uint64(1)
