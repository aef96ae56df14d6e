"""The forward and the backward pass of a mini-batch, and the cost of an example.

What `nn.network` does with matrices, examples as rows here. Weights may be stored divided by a
number σ (`kernel.descent`): every product of theirs is taken times a factor.
"""

from __future__ import annotations

from numba import uint64

from nnexp.kernel import extension
from nnexp.kernel.draws import fill_halves
from nnexp.kernel.elementary import exp, fma, log, log1p, sigmoid, tanh
from nnexp.kernel.jit import jit
from nnexp.kernel.products import multiply, multiply_transposed
from nnexp.kernel.sparse import WIDEST, fetch, gather
from nnexp.kernel.tile import lanes

SIGMOID, TANH, RELU = 0, 1, 2
CROSSENTROPY, QUADRATIC, LOGLIKELIHOOD = 0, 1, 2
OWN_ACTIVATIONS, own_activation = extension.OWN_ACTIVATIONS, extension.activation
own_slope = extension.slope
OWN_COSTS, own_cost, own_error = extension.OWN_COSTS, extension.cost, extension.error


@jit
def first_layer(shape, weights, images, rows, first, n, buffers):
    """Σ_i x_i w_ij of the examples rows[first], rows[first + 1] … into `outputs`, bytes for x."""
    zero, one = uint64(0), uint64(1)
    width = shape.widths[0]
    if shape.dense:
        n_in = shape.sizes[0]
        buffers.inputs[: n * n_in] = 0
        for e in range(zero, n):
            x = uint64(rows[first + e])
            for t in range(images.starts[x], images.starts[x + one]):
                buffers.inputs[e * n_in + uint64(images.columns[t])] = images.pixels[t]
        buffers.outputs[: n * width] = 0
        multiply(
            buffers.outputs,
            zero,
            width,
            buffers.inputs,
            zero,
            n_in,
            one,
            weights,
            zero,
            width,
            n,
            n_in,
            width,
        )
        return
    block = lanes(weights) * WIDEST
    for low in range(zero, width, block):
        vectors = min(block, width - low) // lanes(weights)
        for e in range(zero, n):
            if low == zero and first + e + n < uint64(len(rows)):
                fetch(images.starts, images.columns, images.pixels, uint64(rows[first + e + n]))
            x = uint64(rows[first + e])
            gather(
                buffers.outputs,
                e * width + low,
                weights,
                low,
                width,
                vectors,
                images.columns,
                images.pixels,
                images.starts[x],
                images.starts[x + one],
            )


@jit
def activate(code, z, slopes, at, n, width, biases, b_at, factor, tiny):
    """z ← f(factor · z + b), slopes ← f′: what is smaller than `tiny` becomes 0."""
    for e in range(uint64(0), n):
        row = at + e * width
        if code == SIGMOID:
            for j in range(uint64(0), width):
                a = sigmoid(fma(factor, z[row + j], biases[b_at + j]))
                a = z.dtype.type(0) if a <= tiny else a
                z[row + j] = a
                slopes[row + j] = a * (z.dtype.type(1) - a)
        elif code == TANH:
            for j in range(uint64(0), width):
                a = tanh(fma(factor, z[row + j], biases[b_at + j]))
                z[row + j] = a
                slopes[row + j] = z.dtype.type(1) - a * a
        elif OWN_ACTIVATIONS and code > RELU:
            for j in range(uint64(0), width):
                s = fma(factor, z[row + j], biases[b_at + j])
                a = z.dtype.type(own_activation(code, s, s))
                slope = z.dtype.type(own_slope(code, s, a))
                z[row + j] = z.dtype.type(0) if abs(a) <= tiny else a
                slopes[row + j] = z.dtype.type(0) if abs(slope) <= tiny else slope
        else:
            for j in range(uint64(0), width):
                s = fma(factor, z[row + j], biases[b_at + j])
                z[row + j] = s if s > z.dtype.type(0) else z.dtype.type(0)
                slopes[row + j] = z.dtype.type(1) if s > z.dtype.type(0) else z.dtype.type(0)


@jit
def draw_masks(shape, generator, threshold, kept, shared, buffers, n):
    """For every example a new choice of units, or one for all of them if it is `shared`: `kept`
    where a unit stays, 0 where it is deleted."""
    zero, one = uint64(0), uint64(1)
    hidden = uint64(len(shape.widths)) - one
    units = zero
    for layer in range(zero, hidden):
        units += shape.sizes[layer + one]
    for e in range(zero, n):
        if e == zero or not shared:
            fill_halves(generator, buffers.halves, units)
        used = zero
        for layer in range(zero, hidden):
            row = buffers.at[layer] + e * shape.widths[layer]
            for j in range(zero, shape.sizes[layer + one]):
                stays = uint64(buffers.halves[used + j]) >= threshold
                buffers.masks[row + j] = kept if stays else buffers.masks.dtype.type(0)
            used += shape.sizes[layer + one]


@jit
def forward(shape, weights, biases, images, rows, first, n, buffers, scale, factor, tiny):
    """a^l = f(w^l a^{l−1} + b^l), layer by layer (eq. 25); of the last layer z^L.

    `scale` is what bytes are multiplied by, `factor` what the stored weights are.
    Buffers with room for masks hold those of this mini-batch.
    """
    zero, one = uint64(0), uint64(1)
    last = uint64(len(shape.widths)) - one
    first_layer(shape, weights, images, rows, first, n, buffers)
    times = scale * factor
    for layer in range(zero, last):
        width, at = shape.widths[layer], buffers.at[layer]
        activate(
            shape.activation,
            buffers.outputs,
            buffers.errors,
            at,
            n,
            width,
            biases,
            shape.b_at[layer],
            times,
            tiny,
        )
        if len(buffers.masks) > 0:
            for k in range(at, at + n * width):
                buffers.outputs[k] *= buffers.masks[k]
                buffers.errors[k] *= buffers.masks[k]
        then, after = shape.widths[layer + one], buffers.at[layer + one]
        buffers.outputs[after : after + n * then] = 0
        multiply(
            buffers.outputs,
            after,
            then,
            buffers.outputs,
            at,
            width,
            one,
            weights,
            shape.w_at[layer + one],
            then,
            n,
            shape.sizes[layer + one],
            then,
        )
        times = factor
    width, at, b_at = shape.widths[last], buffers.at[last], shape.b_at[last]
    for e in range(zero, n):
        for j in range(zero, width):
            k = at + e * width + j
            buffers.outputs[k] = fma(times, buffers.outputs[k], biases[b_at + j])


@jit
def softmax(z, a, at, units, width):
    """a_j = e^(z_j − max z) / Σ_k e^(z_k − max z) (eq. 78); behind the units anything."""
    top = z[at]
    for j in range(uint64(1), units):
        top = max(top, z[at + j])
    total = z.dtype.type(0)
    for j in range(uint64(0), width):
        a[at + j] = exp(z[at + j] - top)
    for j in range(uint64(0), units):
        total += a[at + j]
    for j in range(uint64(0), width):
        a[at + j] /= total


@jit
def target(label, j, units):
    """y_j: 1 at the label; of a single output the label itself."""
    return uint64(label) if units == uint64(1) else uint64(uint64(label) == j)


@jit
def output_activations(cost, z, a, at, n, units, width):
    """The output layer's activations of n examples, from z to a; behind the units anything.

    Rows are gone through as one: what one vector waits for is time for the next.
    """
    if cost != LOGLIKELIHOOD:
        for k in range(at, at + n * width):
            a[k] = sigmoid(z[k])
    else:
        for e in range(uint64(0), n):
            softmax(z, a, at + e * width, units, width)


@jit
def output_errors(cost, z, d, at, n, units, width, labels, rows, first, off, on, tiny):
    """δ^L = ∂C/∂z^L of n examples: a − y (eq. 66, 84), or (a − y) σ′(z) (eq. 30).

    y is `on` at the label and `off` elsewhere: 1 and 0, but for label smoothing. What is smaller
    than `tiny` becomes 0.
    """
    zero, one = z.dtype.type(0), z.dtype.type(1)
    output_activations(cost, z, d, at, n, units, width)
    for e in range(uint64(0), n):
        row, label = at + e * width, uint64(labels[rows[first + e]])
        if cost == QUADRATIC:
            for j in range(uint64(0), units):
                a = d[row + j]
                y = on if target(label, j, units) else off
                d[row + j] = (a - y) * (a * (one - a))
        elif OWN_COSTS and cost > LOGLIKELIHOOD:
            for j in range(uint64(0), units):
                y = on if target(label, j, units) else off
                d[row + j] = z.dtype.type(own_error(cost, d[row + j], y))
        elif off > zero:
            for j in range(uint64(0), units):
                d[row + j] -= on if label == j else off
        elif units == uint64(1):
            d[row] -= z.dtype.type(label)
        else:
            d[row + label] -= one  # y is 0 elsewhere.
    clear_small(d, at, n, units, width, tiny)


@jit
def clear_small(d, at, n, units, width, tiny):
    """0 for numbers smaller than `tiny`, and for what is behind the units of a row."""
    for e in range(uint64(0), n):
        for j in range(uint64(0), width):
            value = d[at + e * width + j]
            gone = (abs(value) <= tiny) | (j >= units)
            d[at + e * width + j] = d.dtype.type(0) if gone else value


@jit
def logarithms(z, logs, start, stop):
    """ln(1 + e^−|z|), of many examples at once: `cost_of` adds them up."""
    for k in range(start, stop):
        logs[k] = log1p(exp(-abs(z[k])))


@jit
def cost_of(cost, z, logs, at, units, label):
    """C_x of one example from its z^L (eq. 54, 57 and 63, 80): finite wherever z is."""
    zero, one = z.dtype.type(0), z.dtype.type(1)
    total = zero
    if cost == CROSSENTROPY:
        # ln(1 + e^z) − y z, where max(z, 0) − y z is exact and first: see `nn.costs`.
        for j in range(uint64(0), units):
            s, y = z[at + j], z.dtype.type(target(label, j, units))
            total += logs[at + j] + (max(s, zero) - y * s)
        return total
    if cost == QUADRATIC:
        for j in range(uint64(0), units):
            miss = sigmoid(z[at + j]) - z.dtype.type(target(label, j, units))
            total += miss * miss
        return total * z.dtype.type(0.5)
    if OWN_COSTS and cost > LOGLIKELIHOOD:
        for j in range(uint64(0), units):
            y = z.dtype.type(target(label, j, units))
            total += z.dtype.type(own_cost(cost, z[at + j], y))
        return total
    top = z[at]
    for j in range(uint64(1), units):
        top = max(top, z[at + j])
    for j in range(uint64(0), units):
        total += exp(z[at + j] - top)
    return log(total) - (z[at + uint64(label)] - top) * one


@jit
def backward(shape, weights, n, buffers, factor, tiny):
    """δ^l = (w^{l+1})ᵀ δ^{l+1} ⊙ f′(z^l) (eq. BP2) from δ^L; what is below `tiny` is 0."""
    zero, one = uint64(0), uint64(1)
    errors = buffers.errors
    for back in range(zero, uint64(len(shape.widths)) - one):
        layer = uint64(len(shape.widths)) - one - back
        at, width = buffers.at[layer], shape.widths[layer]
        below, row = buffers.at[layer - one], shape.widths[layer - one]
        multiply_transposed(
            errors,
            below,
            row,
            factor,
            errors,
            at,
            width,
            weights,
            shape.w_at[layer],
            width,
            n,
            shape.sizes[layer],
            width,
        )
        clear_small(errors, below, n, shape.sizes[layer], row, tiny)
