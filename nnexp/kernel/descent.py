"""A step of mini-batch descent: what the errors do to weights and biases.

Plain descent (eq. 20, 21, with L2 eq. 93):

    w ← (1 − ηλ/n) w − (η/B) Σ_x δ aᵀ        b ← b − (η/B) Σ_x δ

There L2's decay is not applied to all weights in every step: they are stored as w = σ · v with one
number σ, so that decay is σ ← (1 − ηλ/n) σ and the gradient is added to v divided by σ; at the end
of an epoch, and before σ becomes small, v ← σ v and σ ← 1. L1, momentum (eq. 107, 108; Nesterov's
as in `nn.sgd.update`), max-norm and the average of the weights touch every weight in every step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import uint64

from nnexp.kernel import extension
from nnexp.kernel.jit import jit
from nnexp.kernel.products import multiply
from nnexp.kernel.sparse import WIDEST, scatter
from nnexp.kernel.structs import Floats
from nnexp.kernel.tile import lanes

OWN_PENALTIES, own_slope = extension.OWN_PENALTIES, extension.penalty_slope

SMALLEST_SIGMA = 2.0**-10
"""σ is folded back into the weights before it falls below this."""


class Rates(NamedTuple):
    """The numbers of a step, float64; rounded to the working precision where they are used."""

    eta: float
    l2: float
    """ηλ/n: the part of a weight that L2 takes in a step."""
    l1: float
    """ηλ₁/n."""
    max_norm: float
    """Infinity where there is no limit."""
    momentum: float
    biases: bool
    """L2 and L1 act on the biases too."""
    lazy: bool
    """Plain descent: decay is kept in σ."""
    decay: float
    """ηλ/n of decoupled weight decay; 0 without momentum, where it is L2."""
    nesterov: bool
    average: float
    """1 − β of the weights' moving average; 0 where there is none."""
    off: float
    """What a target of 0 is, ε/K with label smoothing."""
    on: float
    """What a target of 1 is."""
    own: float
    """ηλ/n of a regularizer of a user's own."""
    own_code: int


class Network(NamedTuple):
    """What training changes: flat arrays as `structs.Shape` lays them out."""

    weights: Floats
    biases: Floats
    velocity: Floats
    """Of the weights; empty without momentum."""
    bias_velocity: Floats
    average: Floats
    """The moving average of the weights; empty without."""
    bias_average: Floats


@jit
def toward_zero(w, amount, zero):
    """amount · sgn(w), where sgn(0) = 0; `zero` is of their type."""
    return amount if w > zero else (-amount if w < zero else zero)


@jit
def pull(values, velocity, l2, l1, own, code, momentum, decay, back, tiny):
    """v ← μ v − (ηλ/n) w − (ηλ₁/n) sgn(w) − (ηλ/n) p′(w): a step without its gradient.

    Beside it w ← w − `decay` w − `back` v, with the old v: decoupled decay and Nesterov's way back.
    """
    zero = values.dtype.type(0)
    beside = decay > zero or back > zero
    for k in range(len(values)):
        w, before = values[k], velocity[k]
        v = momentum * before - l2 * w - toward_zero(w, l1, zero)
        if OWN_PENALTIES:
            v -= own * values.dtype.type(own_slope(code, w, w))
        velocity[k] = zero if abs(v) <= tiny else v
        if beside:
            values[k] = w - decay * w - back * before


@jit
def shrink(values, l2, l1, own, code):
    """w ← w − (ηλ/n) w − (ηλ₁/n) sgn(w) (eq. 93, 96), or w ← w − (ηλ/n) p′(w) of a user's own."""
    zero = values.dtype.type(0)
    for k in range(len(values)):
        w = values[k]
        values[k] = w - l2 * w - toward_zero(w, l1, zero)
        if OWN_PENALTIES:
            values[k] -= own * values.dtype.type(own_slope(code, w, w))


@jit
def move(values, velocity, times):
    """w ← w + v (eq. 108), or a multiple of v."""
    for k in range(len(values)):
        values[k] += times * velocity[k]


@jit
def follow(average, values, rate, factor, tiny):
    """w̄ ← w̄ + (1 − β)(w − w̄), for `rate` = 1 − β and w = `factor` · `values`."""
    for k in range(len(values)):
        mean = average[k] + rate * (factor * values[k] - average[k])
        average[k] = values.dtype.type(0) if abs(mean) <= tiny else mean


@jit
def scale_all(values, factor, tiny):
    """Every number times a factor; what becomes smaller than `tiny` becomes 0."""
    for k in range(len(values)):
        scaled = values[k] * factor
        values[k] = values.dtype.type(0) if abs(scaled) <= tiny else scaled


@jit
def limit_norms(shape, weights, limit, norms):
    """Scale each unit's incoming weights down to the norm `limit` where they exceed it.

    A norm is the root of the sum of squares in the order of the inputs.
    """
    zero = uint64(0)
    for layer in range(zero, uint64(len(shape.widths))):
        width, start = shape.widths[layer], shape.w_at[layer]
        norms[:width] = 0
        for i in range(zero, shape.sizes[layer]):
            row = start + i * width
            for j in range(zero, width):
                norms[j] += weights[row + j] * weights[row + j]
        exceeded = False
        for j in range(zero, width):
            norm = np.sqrt(norms[j])
            over = norm > limit
            exceeded |= over
            norms[j] = limit / norm if over else weights.dtype.type(1)
        if exceeded:
            for i in range(zero, shape.sizes[layer]):
                row = start + i * width
                for j in range(zero, width):
                    weights[row + j] *= norms[j]


@jit
def add_gradient(shape, target, images, rows, first, n, buffers, rate, scale, tiny):
    """target ← target + rate · Σ_x δ aᵀ (eq. BP4), layer by layer; the errors are used up.

    `rate` is −η/B, over σ where the weights are kept so.
    """
    zero, one = uint64(0), uint64(1)
    errors = buffers.errors
    for layer in range(one, uint64(len(shape.widths))):
        at, width = buffers.at[layer], shape.widths[layer]
        scale_all(errors[at : at + n * width], rate, tiny)
        multiply(
            target,
            shape.w_at[layer],
            width,
            buffers.outputs,
            buffers.at[layer - one],
            one,
            shape.widths[layer - one],
            errors,
            at,
            width,
            shape.sizes[layer],
            n,
            width,
        )
    width = shape.widths[0]
    scale_all(errors[: n * width], rate * scale, tiny)
    if shape.dense:
        n_in = shape.sizes[0]
        multiply(
            target,
            zero,
            width,
            buffers.inputs,
            zero,
            one,
            n_in,
            errors,
            zero,
            width,
            n_in,
            n,
            width,
        )
        return
    block = lanes(target) * WIDEST
    for low in range(zero, width, block):
        vectors = min(block, width - low) // lanes(target)
        for e in range(zero, n):
            x = uint64(rows[first + e])
            scatter(
                target,
                low,
                width,
                vectors,
                errors,
                e * width + low,
                images.columns,
                images.pixels,
                images.starts[x],
                images.starts[x + one],
            )


@jit
def add_bias_gradient(shape, target, n, buffers, rate):
    """target ← target + rate · Σ_x δ (eq. BP3)."""
    zero = uint64(0)
    for layer in range(zero, uint64(len(shape.widths))):
        at, width, start = buffers.at[layer], shape.widths[layer], shape.b_at[layer]
        for e in range(zero, n):
            for j in range(zero, width):
                target[start + j] += rate * buffers.errors[at + e * width + j]


@jit
def step(shape, network, rates, images, rows, first, n, buffers, sigma, scale, tiny):
    """Update weights and biases from outputs and errors of a mini-batch; returns the new σ."""
    weights, biases = network.weights, network.biases
    number = weights.dtype.type
    rate, l2, l1 = number(-rates.eta / n), number(rates.l2), number(rates.l1)
    own, code = number(rates.own), rates.own_code
    if rates.momentum > 0.0:
        friction = number(rates.momentum)
        none, decay = number(0), number(rates.decay)
        back = friction if rates.nesterov else none
        times = number(1) + back
        if rates.biases:
            pull(biases, network.bias_velocity, l2, l1, own, code, friction, decay, back, tiny)
        else:
            velocity = network.bias_velocity
            pull(biases, velocity, none, none, none, code, friction, none, back, tiny)
        add_bias_gradient(shape, network.bias_velocity, n, buffers, rate)
        move(biases, network.bias_velocity, times)
        pull(weights, network.velocity, l2, l1, own, code, friction, decay, back, tiny)
        add_gradient(shape, network.velocity, images, rows, first, n, buffers, rate, scale, tiny)
        move(weights, network.velocity, times)
    else:
        if rates.biases:
            shrink(biases, l2, l1, own, code)
        add_bias_gradient(shape, biases, n, buffers, rate)
        if rates.lazy:
            sigma = sigma * (1.0 - rates.l2)
            rate = number(-rates.eta / n / sigma)
        elif l2 > number(0) or l1 > number(0) or own > number(0):
            shrink(weights, l2, l1, own, code)
        add_gradient(shape, weights, images, rows, first, n, buffers, rate, scale, tiny)
    if rates.max_norm < np.inf:
        limit_norms(shape, weights, number(rates.max_norm), buffers.norms)
    if rates.average > 0.0:
        slow = number(rates.average)
        follow(network.average, weights, slow, number(sigma), tiny)
        follow(network.bias_average, biases, slow, number(1), tiny)
    return sigma
