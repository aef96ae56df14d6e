"""What a network says about a set of examples: costs, hits, outputs, and the sums of penalties."""

from __future__ import annotations

import numpy as np
from numba import uint64

from nnexp.kernel import extension
from nnexp.kernel.jit import jit
from nnexp.kernel.layers import CROSSENTROPY, cost_of, forward, logarithms, output_activations

OWN_PENALTIES, own_penalty = extension.OWN_PENALTIES, extension.penalty

BLOCK = 64
"""Examples that go through the network at once."""


@jit
def evaluate(shape, weights, biases, images, rows, buffers, scale, hits, costs, activations):
    """For each example of `rows` its cost, and whether the greatest output is at its label.

    The first of several greatest counts. Returns Σ C_x, added up in float64 in the order of rows.
    The output activations go into rows of `activations`, if it has any.
    """
    zero, one = uint64(0), uint64(1)
    last = uint64(len(shape.widths)) - one
    units, width, at = shape.sizes[last + one], shape.widths[last], buffers.at[last]
    number = weights.dtype.type
    total = 0.0
    for first in range(zero, uint64(len(rows)), uint64(BLOCK)):
        n = min(uint64(BLOCK), uint64(len(rows)) - first)
        forward(
            shape,
            weights,
            biases,
            images,
            rows,
            first,
            n,
            buffers,
            scale,
            number(1),
            number(0),
        )
        if shape.cost == CROSSENTROPY:
            logarithms(buffers.outputs, buffers.errors, at, at + n * width)
        for e in range(zero, n):
            row, label = at + e * width, images.labels[rows[first + e]]
            best = zero
            for j in range(one, units):
                if buffers.outputs[row + j] > buffers.outputs[row + best]:
                    best = j
            cost = cost_of(shape.cost, buffers.outputs, buffers.errors, row, units, label)
            hits[first + e] = best == uint64(label)
            costs[first + e] = cost
            total += np.float64(cost)
        if len(activations) > 0:
            output_activations(shape.cost, buffers.outputs, buffers.errors, at, n, units, width)
            for e in range(zero, n):
                for j in range(zero, units):
                    activations[first + e, j] = buffers.errors[at + e * width + j]
    return total


@jit
def penalty_sums(shape, weights, biases, with_biases, code):
    """Σ w², Σ |w| and Σ p(w) in float64: layer by layer, inputs rising, units; then the biases'.

    p is the regularizer of a user's own that has the code, if one has.
    """
    zero, one = uint64(0), uint64(1)
    squares, magnitudes, own = 0.0, 0.0, 0.0
    for layer in range(zero, uint64(len(shape.widths))):
        for i in range(zero, shape.sizes[layer]):
            row = shape.w_at[layer] + i * shape.widths[layer]
            for j in range(zero, shape.sizes[layer + one]):
                w = np.float64(weights[row + j])
                squares += w * w
                magnitudes += abs(w)
                if OWN_PENALTIES and code > 0:
                    own += own_penalty(code, w, w)
    if with_biases:
        for layer in range(zero, uint64(len(shape.widths))):
            for j in range(zero, shape.sizes[layer + one]):
                b = np.float64(biases[shape.b_at[layer] + j])
                squares += b * b
                magnitudes += abs(b)
                if OWN_PENALTIES and code > 0:
                    own += own_penalty(code, b, b)
    return squares, magnitudes, own
