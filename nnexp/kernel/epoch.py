"""An epoch: every example once, mini-batch by mini-batch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import uint64

from nnexp.kernel.descent import SMALLEST_SIGMA, scale_all, step
from nnexp.kernel.draws import Generator, fill_halves
from nnexp.kernel.jit import jit
from nnexp.kernel.layers import backward, draw_masks, forward, output_errors

TINY = {np.dtype(np.float32): 2.0**-100, np.dtype(np.float64): 2.0**-900}
"""Outputs, errors and weights below this count as 0: products of theirs would be subnormal
numbers, with which processors are 20 to 50 times slower."""


class Dropout(NamedTuple):
    """Rates of deleted units as thresholds of 32 random bits, and the streams they are drawn from.

    A unit or input is deleted where its bits are below floor(p · 2^32).
    """

    hidden: int
    hidden_kept: float
    """What a kept unit's activation is multiplied by: 1 / (1 − p), or 1."""
    hidden_stream: Generator
    inputs: int
    inputs_kept: float
    inputs_stream: Generator
    shared: bool
    """One choice for a whole mini-batch."""


@jit
def keeps_subnormals(smallest, half):
    """Whether half of the smallest normal number is a number, and not 0, in this thread."""
    return smallest * half > smallest * (half - half)


@jit
def keep_inputs(shape, images, rows, first, n, generator, threshold, shared, buffers):
    """Lists of the inputs that stay, for the examples of a mini-batch.

    A draw per listed input; if the choice is `shared`, one for each of all inputs.
    """
    zero, one = uint64(0), uint64(1)
    to = zero
    if shared:
        fill_halves(generator, buffers.halves, shape.sizes[0])
    for e in range(zero, n):
        buffers.kept_starts[e] = to
        x = uint64(rows[first + e])
        start, stop = images.starts[x], images.starts[x + one]
        if not shared:
            fill_halves(generator, buffers.halves, stop - start)
        for t in range(start, stop):
            buffers.kept_columns[to] = images.columns[t]
            buffers.kept_pixels[to] = images.pixels[t]
            drawn = uint64(images.columns[t]) if shared else t - start
            to += uint64(uint64(buffers.halves[drawn]) >= threshold)
    buffers.kept_starts[n] = to


@jit
def epoch(shape, network, rates, dropout, images, kept, order, every, batch, buffers, scale, tiny):
    """Train on the examples `order`, in mini-batches of `batch`, the last of them perhaps short.

    `kept` are the lists that dropout of inputs writes, `every` the numbers 0 to batch − 1.
    """
    zero = uint64(0)
    last = uint64(len(shape.widths)) - uint64(1)
    total = uint64(len(order))
    number = network.weights.dtype.type
    masked, partial = dropout.hidden > zero, dropout.inputs > zero
    sigma = 1.0
    pixel = number(scale * dropout.inputs_kept) if partial else number(scale)
    for first in range(zero, total, batch):
        n = min(batch, total - first)
        if masked:
            keep = number(dropout.hidden_kept)
            stream, shared = dropout.hidden_stream, dropout.shared
            draw_masks(shape, stream, dropout.hidden, keep, shared, buffers, n)
        lists, rows, begin = images, order, first
        if partial:
            stream, shared = dropout.inputs_stream, dropout.shared
            keep_inputs(shape, images, order, first, n, stream, dropout.inputs, shared, buffers)
            lists, rows, begin = kept, every, zero
        factor = number(sigma)
        weights = network.weights
        forward(
            shape,
            weights,
            network.biases,
            lists,
            rows,
            begin,
            n,
            buffers,
            pixel,
            factor,
            tiny,
        )
        at, width, units = buffers.at[last], shape.widths[last], shape.sizes[last + uint64(1)]
        output_errors(
            shape.cost,
            buffers.outputs,
            buffers.errors,
            at,
            n,
            units,
            width,
            images.labels,
            order,
            first,
            number(rates.off),
            number(rates.on),
            tiny,
        )
        backward(shape, weights, n, buffers, factor, tiny)
        sigma = step(shape, network, rates, lists, rows, begin, n, buffers, sigma, pixel, tiny)
        if sigma < SMALLEST_SIGMA:
            scale_all(weights, number(sigma), tiny)
            sigma = 1.0
    if sigma != 1.0:
        scale_all(network.weights, number(sigma), tiny)
