"""The network: forward and backward pass over a mini-batch, whose examples are columns.

The backward pass is the whole of backpropagation (chapter 2) for any cost and activation: only
δ^L differs between the costs, and is where the learning slowdown of the quadratic cost comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.nn.activations import Activation
from nnexp.nn.costs import Cost
from nnexp.nn.parameters import Array, Parameters


@dataclass(frozen=True)
class Trace:
    """What a forward pass leaves behind for the backward pass."""

    inputs: tuple[Array, ...]
    """What each layer was given (n_in, B): x, then the masked activations of the layer below."""
    weighted: tuple[Array, ...]
    """z^l of each hidden layer (n, B)."""
    activations: tuple[Array, ...]
    """a^l of each hidden layer (n, B), before its mask."""
    masks: Sequence[Array] | None
    z: Array
    """z^L, the weighted inputs of the output layer (n, B)."""
    output: Array
    """a^L (n, B)."""


def forward(
    parameters: Parameters,
    x: Array,
    activation: Activation,
    cost: Cost,
    masks: Sequence[Array] | None = None,
) -> Trace:
    """a^l = f(w^l a^{l−1} + b^l), layer by layer (eq. 25), for inputs x (n_in, B).

    `masks`, one (n, B) for each hidden layer, multiply what that layer passes on (`nn.dropout`).
    """
    a, inputs, weighted, activations = x, [x], [], []
    for layer, (w, b) in enumerate(zip(parameters.weights[:-1], parameters.biases, strict=False)):
        weighted.append(w @ a + b[:, None])
        a = activation.function(weighted[-1])  # eq. 25
        activations.append(a)
        a = a if masks is None else a * masks[layer]
        inputs.append(a)
    z = parameters.weights[-1] @ a + parameters.biases[-1][:, None]  # eq. 25, within f
    return Trace(tuple(inputs), tuple(weighted), tuple(activations), masks, z, cost.output(z))


def backward(
    parameters: Parameters, trace: Trace, y: Array, activation: Activation, cost: Cost
) -> Parameters:
    """The gradient of the mean cost (1/B) Σ_x C_x over the mini-batch, for targets y (n_out, B)."""
    examples, weights = y.shape[1], parameters.weights
    gradient_w, gradient_b = list(weights), list(parameters.biases)
    delta = cost.error(trace.output, y)  # BP1: δ^L = ∂C/∂z^L; eq. 66, 84 of chapter 3
    for layer in reversed(range(len(weights))):
        gradient_b[layer] = np.sum(delta, axis=1) / examples  # BP3: ∂C/∂b = δ; 56, 62, 81
        gradient_w[layer] = delta @ trace.inputs[layer].T / examples  # BP4: ∂C/∂w = δ aᵀ; 55, 61
        if layer:
            # BP2: δ^l = ((w^{l+1})ᵀ δ^{l+1}) ⊙ f′(z^l); a mask passes on what it let through
            delta = weights[layer].T @ delta
            if trace.masks is not None:
                delta = delta * trace.masks[layer - 1]
            delta = delta * activation.derivative(
                trace.weighted[layer - 1], trace.activations[layer - 1]
            )
    return Parameters(tuple(gradient_w), tuple(gradient_b))


def logits(parameters: Parameters, x: Array, activation: Activation) -> Array:
    """z^L (n_out, B) of the full network, without dropout, for inputs x (n_in, B)."""
    a = x
    for w, b in zip(parameters.weights[:-1], parameters.biases, strict=False):
        a = activation.function(w @ a + b[:, None])
    return parameters.weights[-1] @ a + parameters.biases[-1][:, None]
