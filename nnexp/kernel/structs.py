"""What the kernel's functions take: flat arrays and tables of where in them each layer lies.

A layer l, counted from 0, takes `sizes[l]` inputs to `sizes[l + 1]` units. Its weights are rows,
one for each input, as wide as its units rounded up to full vectors: the book's w_ji is
`weights[w_at[l] + i * widths[l] + j]`. What is behind the last unit of a row is never read as a
result. Outputs and errors of a mini-batch are rows too, one for each example, at
`at[l] + e * widths[l] + j`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnexp.kernel.tile import ALIGNED, BYTES

Floats = NDArray[np.floating[Any]]
Table = NDArray[np.uint64]


class Shape(NamedTuple):
    """A network's layers: where their numbers lie, and which functions they have."""

    sizes: Table
    """Units per layer, inputs first: L + 1 numbers."""
    widths: Table
    """Numbers from one row of a layer to the next: L of them, as all that follow."""
    w_at: Table
    b_at: Table
    activation: int
    """Position in `nn.activations.ACTIVATIONS`."""
    cost: int
    """Position in `nn.costs.COSTS`."""
    dense: bool
    """Whether most inputs are not zero: the first layer goes by tiles, as the others do."""


class Images(NamedTuple):
    """Examples as lists of their non-zero inputs: those of example x are starts[x] to
    starts[x + 1]."""

    starts: Table
    columns: NDArray[np.unsignedinteger[Any]]
    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]


class Buffers(NamedTuple):
    """Room for a mini-batch of some number of examples."""

    at: Table
    """Where each layer begins in `outputs`, `errors` and `masks`."""
    outputs: Floats
    """What a hidden layer passes on; of the last layer z."""
    errors: Floats
    """f′(z) on the way forward, δ = ∂C/∂z on the way back."""
    masks: Floats
    """Of dropout; empty without."""
    halves: NDArray[np.uint32]
    """Random bits of one example's mask."""
    inputs: Floats
    """The inputs as rows; empty where they are taken from lists."""
    norms: Floats
    """One number for each unit of the widest layer."""
    kept_starts: Table
    """The lists of inputs that dropout has kept, of this mini-batch; else empty."""
    kept_columns: NDArray[np.unsignedinteger[Any]]
    kept_pixels: NDArray[np.uint8]


def shape_of(sizes: tuple[int, ...], activation: int, cost: int, *, dense: bool) -> Shape:
    """The layout of a network with `sizes` units per layer, inputs first."""
    widths = [row_width(n) for n in sizes[1:]]
    counts = [n * width for n, width in zip(sizes, widths, strict=False)]
    return Shape(
        table(sizes),
        table(widths),
        table(_starts(counts)),
        table(_starts(widths)),
        activation,
        cost,
        dense,
    )


def buffers_for(
    shape: Shape, examples: int, dtype: Any, columns: Any, *, hidden: bool, inputs: bool
) -> Buffers:
    """Room for mini-batches of up to `examples`; `hidden` and `inputs` say where dropout is."""
    widths = [int(w) for w in shape.widths]
    n_in = int(shape.sizes[0])
    total = examples * sum(widths)
    kept = examples * n_in if inputs else 0
    return Buffers(
        table(_starts([examples * w for w in widths])),
        zeros(total, dtype),
        zeros(total, dtype),
        zeros(total if hidden else 0, dtype),
        np.zeros(max(n_in, int(shape.sizes[1:-1].sum())) + 2, np.uint32),
        zeros(examples * n_in if shape.dense else 0, dtype),
        zeros(max(widths), dtype),
        np.zeros(examples + 1 if inputs else 0, np.uint64),
        np.zeros(kept, columns),
        np.zeros(kept, np.uint8),
    )


def row_width(units: int) -> int:
    """Full vectors; rows of large layers not a power of two apart, as they would meet in the
    cache."""
    width = -(-units // ALIGNED) * ALIGNED
    return width + ALIGNED if width >= 256 and width % 128 == 0 else width


def zeros(count: int, dtype: Any) -> Floats:
    """Numbers that begin where a line of the cache does: a vector is as long as a line, and one
    across two of them takes twice as long to read and to write."""
    size = count * np.dtype(dtype).itemsize
    room = np.zeros(size + BYTES, np.uint8)
    start = -room.ctypes.data % BYTES
    return room[start : start + size].view(dtype)


def table(values: Any) -> Table:
    """Whole numbers as the kernel takes them."""
    return np.array(values, dtype=np.uint64)


def weight_count(shape: Shape) -> int:
    """Numbers of the flat array of weights, padding included."""
    return sum(int(n) * int(w) for n, w in zip(shape.sizes, shape.widths, strict=False))


def _starts(counts: list[int]) -> list[int]:
    starts = [0]
    for count in counts[:-1]:
        starts.append(starts[-1] + count)
    return starts


def pack(
    weights: tuple[Floats, ...], biases: tuple[Floats, ...], shape: Shape, dtype: Any
) -> tuple[Floats, Floats]:
    """The book's matrices as flat arrays of rows."""
    flat = zeros(weight_count(shape), dtype)
    flat_biases = zeros(int(shape.widths.sum()), dtype)
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        layer_rows(flat, shape, layer)[:, : len(b)] = w.T
        flat_biases[int(shape.b_at[layer]) :][: len(b)] = b
    return flat, flat_biases


def unpack(
    flat: Floats, flat_biases: Floats, shape: Shape
) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """The inverse of `pack` (copies)."""
    weights, biases = [], []
    for layer, (_, units) in enumerate(pairwise(shape.sizes)):
        weights.append(layer_rows(flat, shape, layer)[:, : int(units)].T.copy())
        biases.append(flat_biases[int(shape.b_at[layer]) :][: int(units)].copy())
    return tuple(weights), tuple(biases)


def layer_rows(flat: Floats, shape: Shape, layer: int) -> Floats:
    """A view of the rows of a layer, padding included."""
    rows, width, start = int(shape.sizes[layer]), int(shape.widths[layer]), int(shape.w_at[layer])
    return flat[start : start + rows * width].reshape(rows, width)
