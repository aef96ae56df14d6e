"""The network: a forward and a backward pass for a stack of K networks of one shape.

Arrays of activations have the shape (K, n, B): run, unit, example. A layer is the book's
z = w a + b with the examples as columns, once per run. Every run has products of the same shape
and memory layout whatever K is, so that a run's numbers do not depend, to the last bit, on which
runs stand beside it.

Two factors are folded into the products instead of being applied to large arrays in every step:
the scale of the pixels (x = byte · scale, so bytes are only converted to floating point, never
scaled), and L2's decay (w = σ · v, where v is what is stored and σ one number a run: `nn.sgd`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nnexp.nn.activations import Activation
from nnexp.nn.costs import Cost
from nnexp.nn.parameters import Array, Parameters

Product = tuple[Array, Array, Array]


class Stack:
    """Weights and biases of K networks of one shape.

    `weights[l]` has shape (K, n_out, n_in), each run's block contiguous; `biases[l]` has shape
    (K, n_out, 1) and is a view into `all_biases`, shape (K, Σ n_out, 1).
    """

    def __init__(self, sizes: tuple[int, ...], weights: list[Array], all_biases: Array) -> None:
        self.sizes, self.weights, self.all_biases = sizes, weights, all_biases
        self.biases = split_units(all_biases, sizes)

    @classmethod
    def of(cls, members: Sequence[Parameters], dtype: np.dtype[Any]) -> Stack:
        """Put networks side by side, rounded to the working precision."""
        sizes = members[0].sizes
        layers = range(len(sizes) - 1)
        # Memory in C order is a promise that gemm relies on; astype alone would keep another.
        weights = [
            np.stack([p.weights[i] for p in members]).astype(dtype, order="C") for i in layers
        ]
        biases = np.stack([np.concatenate(p.biases) for p in members]).astype(dtype)
        return cls(sizes, weights, biases[:, :, None])

    def keep(self, runs: Sequence[int]) -> Stack:
        """Some of the networks, in that order (copies)."""
        chosen = list(runs)
        return Stack(self.sizes, [w[chosen] for w in self.weights], self.all_biases[chosen])

    def __len__(self) -> int:
        return len(self.all_biases)

    def member(self, k: int) -> Parameters:
        """Copies of the weights and biases of run k."""
        return Parameters(
            tuple(w[k].copy() for w in self.weights), tuple(b[k, :, 0].copy() for b in self.biases)
        )


def split_units(units: Array, sizes: Sequence[int]) -> list[Array]:
    """Views of an array (K, Σ n, …), one per layer: hidden layers first, output last."""
    ends = np.cumsum([0, *sizes[1:]])
    return [units[:, start:end] for start, end in pairwise(ends)]


class Pass:
    """The forward and the backward pass over a mini-batch of B examples for each of K runs.

    After `forward`, `outputs[l]` holds what layer l passes on (masked, with dropout); after
    `backward`, `errors[l]` holds δ^l = ∂C/∂z^l of each example (eq. BP1, BP2).
    """

    def __init__(
        self, stack: Stack, activation: Activation, cost: Cost, examples: int, *, dropout: bool
    ) -> None:
        runs, dtype = len(stack), stack.all_biases.dtype
        self.stack, self.activation, self.cost = stack, activation, cost
        self.all_errors = np.empty((runs, sum(stack.sizes[1:]), examples), dtype)
        self.errors = split_units(self.all_errors, stack.sizes)
        hidden = [np.empty((runs, n, examples), dtype) for n in stack.sizes[1:-1]]
        self.activations = [*hidden, self.errors[-1]]
        self.outputs = [np.empty_like(a) for a in hidden] if dropout else hidden
        self.masks = [np.ones_like(a) for a in hidden] if dropout else None
        self.scratch = [np.empty((runs, n, examples), dtype) for n in stack.sizes[1:]]
        self._transposed = [w.transpose(0, 2, 1) for w in stack.weights]

    def forward(self, inputs: Sequence[Product], input_scale: Array, decay: Array | None) -> None:
        """a^l = f(w^l a^{l-1} + b^l), layer by layer (eq. 25).

        `inputs` are the first layer's products (w, x, z): z is written to w x for a part of the
        runs, w (k, n, m), x (m, B) or (k, m, B), z (k, n, B) a part of `activations[0]`.
        `input_scale` (K, 1, 1) is the scale of the inputs times σ, `decay` (K, 1, 1) is σ; 0-d do.
        """
        for w, x, z in inputs:
            np.matmul(w, x, out=z)
        scale: Array | None = input_scale
        last = len(self.activations) - 1
        for layer, a in enumerate(self.activations):
            if layer:
                np.matmul(self.stack.weights[layer], self.outputs[layer - 1], out=a)
                scale = decay
            if scale is not None:
                np.multiply(a, scale, out=a)
            np.add(a, self.stack.biases[layer], out=a)
            if layer == last:
                self.cost.output(a)
                return
            self.activation.apply(a)
            if self.masks is not None:
                np.multiply(a, self.masks[layer], out=self.outputs[layer])

    def backward(self, targets: Array, decay: Array | None) -> None:
        """δ^L = ∂C/∂z^L, then δ^l = (w^{l+1})ᵀ δ^{l+1} ⊙ f′(z^l) (eq. BP1, BP2).

        `targets` has the shape (K, n, B) of the outputs, or broadcasts to it.
        """
        self.cost.error(self.errors[-1], targets, self.scratch[-1])
        for layer in range(len(self.errors) - 2, -1, -1):
            error, scratch = self.errors[layer], self.scratch[layer]
            np.matmul(self._transposed[layer + 1], self.errors[layer + 1], out=error)
            if decay is not None:
                np.multiply(error, decay, out=error)
            self.activation.derivative(self.activations[layer], scratch)
            np.multiply(error, scratch, out=error)
            if self.masks is not None:
                np.multiply(error, self.masks[layer], out=error)


def logits(
    weights: Sequence[Array],
    biases: Sequence[Array],
    activation: Activation,
    x: Array,
    input_scale: float,
) -> Array:
    """z^L of the full network, shape (K, n_outputs, B), for inputs x of shape (m, B).

    m may be less than the number of inputs if the others are zero. `weights` and `biases` are
    stacks as in `Stack`.
    """
    z: Array = np.matmul(weights[0][:, :, : len(x)], x)
    np.multiply(z, input_scale, out=z)
    np.add(z, biases[0], out=z)
    for w, b in zip(weights[1:], biases[1:], strict=True):
        activation.apply(z)
        z = np.matmul(w, z)
        np.add(z, b, out=z)
    return z
