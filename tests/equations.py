"""The chapter's equations, written plainly and apart from the code they check.

Nothing here guards against overflow or saves work; the numbers of small networks do not need it.
Written for any array module, so that NumPy evaluates them and JAX differentiates them. Leading axes
of the parameters are carried along: many networks may be evaluated at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import Config
from nnexp.train.streams import stream

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Total:
    """The total cost C = C₀ + (λ/2n) Σ w² + (λ₁/n) Σ |w| of a network (eq. 85, 95)."""

    cost: str
    activation: str
    l2: float = 0.0
    l1: float = 0.0
    biases: bool = False
    n: int = 1

    def __call__(
        self,
        weights: Sequence[Any],
        biases: Sequence[Any],
        x: Any,
        y: Any,
        masks: Sequence[Any] | None = None,
        xp: Any = np,
    ) -> Any:
        """Of inputs x (n_in, N), targets y (n_out, N); masks (n, N) of the hidden layers."""
        z = logits(weights, biases, self.activation, x, masks, xp)
        total = xp.mean(data_cost(self.cost, z, y, xp), axis=-1)
        for array in [*weights, *([b[..., None] for b in biases] if self.biases else [])]:
            total = total + self.l2 / (2 * self.n) * xp.sum(array * array, axis=(-2, -1))
            total = total + self.l1 / self.n * xp.sum(xp.abs(array), axis=(-2, -1))
        return total


def logits(
    weights: Sequence[Any],
    biases: Sequence[Any],
    activation: str,
    x: Any,
    masks: Sequence[Any] | None = None,
    xp: Any = np,
) -> Any:
    """z^L of x (n_in, N)."""
    a = x
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        z = w @ a + b[..., None]
        a = activated(activation, z, xp)
        if masks is not None and layer < len(masks):
            a = a * masks[layer]
    return z


def activated(name: str, z: Any, xp: Any = np) -> Any:
    """f(z)."""
    if name == "sigmoid":
        return 1 / (1 + xp.exp(-z))
    return xp.tanh(z) if name == "tanh" else xp.where(z > 0, z, 0.0)


def slope(name: str, z: Floats) -> Floats:
    """f′(z)."""
    if name == "sigmoid":
        return np.exp(-z) / (1 + np.exp(-z)) ** 2
    return 1 / np.cosh(z) ** 2 if name == "tanh" else np.where(z > 0, 1.0, 0.0)


def output(cost: str, z: Any, xp: Any = np) -> Any:
    """a^L of z^L (n_out, N)."""
    if cost == "loglikelihood":
        return xp.exp(z) / xp.sum(xp.exp(z), axis=-2, keepdims=True)
    return activated("sigmoid", z, xp)


def data_cost(cost: str, z: Any, y: Any, xp: Any = np) -> Any:
    """C_x of each example."""
    a = output(cost, z, xp)
    if cost == "quadratic":
        return xp.sum((y - a) ** 2, axis=-2) / 2
    if cost == "loglikelihood":
        return -xp.sum(y * xp.log(a), axis=-2)
    # 1 − σ(z) = σ(−z), which keeps its digits where σ(z) is close to 1.
    return -xp.sum(y * xp.log(a) + (1 - y) * xp.log(output(cost, -z, xp)), axis=-2)


def output_error(cost: str, z: Floats, y: Floats) -> Floats:
    """δ^L."""
    a = output(cost, z[:, None])[:, 0]
    return (a - y) * slope("sigmoid", z) if cost == "quadratic" else a - y


def one_hot(labels: NDArray[np.uint8], classes: int) -> Floats:
    """Targets (classes, N)."""
    return np.where(np.arange(classes)[:, None] == labels, 1.0, 0.0)


def halves(bits: np.random.PCG64, units: int) -> list[int]:
    """Numbers of 32 bits for the units of one example: fresh words, low half first."""
    words = [bits.random_raw() for _ in range((units + 1) // 2)]
    return [part for word in words for part in (word & 0xFFFFFFFF, word >> 32)][:units]


def masked(bits: np.random.PCG64, rate: float, units: int, *, inverted: bool) -> Floats:
    """The factors of one example's units: 0 where a unit is deleted, else 1 / (1 − p), or 1."""
    drawn, kept = halves(bits, units), 1 / (1 - rate) if inverted else 1.0
    return np.array([0.0 if h < int(rate * 2**32) else kept for h in drawn])


class DropoutMasks:
    """Masks of the hidden units of a run, as the documented streams give them."""

    def __init__(self, config: Config) -> None:
        self._bits, self._dropout = stream(config.seed, "dropout"), config.dropout
        self._units = config.model.hidden

    def draw(self, examples: int) -> list[Floats]:
        """The masks of the next mini-batch, layer by layer: (units, examples)."""
        dropout, total = self._dropout, sum(self._units)
        if not dropout.hidden:
            return [np.ones((n, examples)) for n in self._units]
        drawn = 1 if dropout.mask == "batch" else examples
        inverted = dropout.scale == "train"
        masks = [masked(self._bits, dropout.hidden, total, inverted=inverted) for _ in range(drawn)]
        mask = np.broadcast_to(np.array(masks).T, (total, examples))
        return np.split(mask, np.cumsum(self._units)[:-1].tolist())


class InputMasks:
    """Masks of the inputs of a run: a draw for every input that is not zero, or, where a mini-batch
    shares its mask, for every input."""

    def __init__(self, config: Config) -> None:
        self._bits, self._dropout = stream(config.seed, "dropout_input"), config.dropout

    def draw(self, images: NDArray[np.uint8]) -> Floats:
        """The factors of a mini-batch's inputs, (examples, n_in)."""
        dropout, factors = self._dropout, np.ones(images.shape)
        if dropout.input and dropout.mask == "batch":
            factors *= self._factors(images.shape[1])
        elif dropout.input:
            for row, image in zip(factors, images, strict=True):
                listed = np.flatnonzero(image)
                row[listed] = self._factors(len(listed))
        return factors

    def _factors(self, inputs: int) -> Floats:
        inverted = self._dropout.scale == "train"
        return masked(self._bits, self._dropout.input, inputs, inverted=inverted)


def shuffled(bits: np.random.PCG64, n: int) -> list[int]:
    """0 to n − 1 in the order that Fisher and Yates draw."""
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = bits.random_raw() * (i + 1) >> 64
        order[i], order[j] = order[j], order[i]
    return order
