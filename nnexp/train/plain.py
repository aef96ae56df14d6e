"""The NumPy engine: `nnexp.nn` step by step, as a reader of the book would write it.

For where numba cannot be had, and to hold the compiled engine against. Its products are BLAS's: its
bits belong to the machine, and it is several times slower.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnexp.nn import draws, sgd
from nnexp.nn.activations import ACTIVATIONS
from nnexp.nn.costs import COSTS, smoothed
from nnexp.nn.dropout import full_network, mask
from nnexp.nn.network import backward, forward, logits
from nnexp.nn.parameters import Array, Parameters
from nnexp.nn.regularizers import magnitudes, own_penalties, squares
from nnexp.train.engine import Bytes, DropoutStreams, Measured, Problem, fitting
from nnexp.train.streams import Order

CHUNK = 500
"""Examples evaluated at a time."""


@dataclass(frozen=True)
class Layout:
    """Examples as they are: images (N, n_in) and labels."""

    images: Bytes
    labels: Bytes


class NumpyEngine:
    """An `Engine` in plain NumPy."""

    compiled: ClassVar[bool] = False

    def __init__(
        self, problem: Problem, parameters: Parameters, streams: DropoutStreams, dense: bool
    ) -> None:
        self.problem, self.streams = problem, streams
        self.dtype: np.dtype[Any] = np.dtype(problem.dtype)
        self.current = parameters.astype(self.dtype)
        self.velocity = sgd.init(self.current)
        self.average = self.current
        self.activation, self.cost = ACTIVATIONS[problem.activation], COSTS[problem.cost]

    @staticmethod
    def lay_out(images: Bytes, labels: Bytes) -> Layout:
        """Nothing to do."""
        return Layout(images, labels)

    @staticmethod
    def permutation(bits: np.random.PCG64, n: int) -> Order:
        """`nn.draws.permutation`."""
        return draws.permutation(bits, n)

    @staticmethod
    def outputs(
        parameters: Parameters,
        activation: str,
        cost: str,
        layout: Layout,
        rows: Order,
        scale: float,
    ) -> NDArray[np.float64]:
        """Output activations in float64."""
        parts = []
        with _limits():
            for chunk in _chunks(rows):
                x = layout.images[chunk].T * scale
                z = logits(parameters.astype(np.dtype(np.float64)), x, ACTIVATIONS[activation])
                parts.append(COSTS[cost].output(z).T)
        return np.concatenate(parts)

    def epoch(self, layout: Layout, order: Order, rate: float = 1.0) -> None:
        """Mini-batches as columns: forward, backward, update."""
        problem, size = self.problem, self.problem.batch_size
        descent = sgd.Descent(
            problem.eta * rate,
            problem.momentum,
            problem.regularization,
            problem.n,
            problem.nesterov,
        )
        with _limits():
            for start in range(0, len(order), size):
                rows = order[start : start + size]
                x, y = self._inputs(layout.images[rows]), self._targets(layout.labels[rows])
                y = smoothed(y, problem.smoothing)
                masks = self._hidden_masks(len(rows))
                trace = forward(self.current, x, self.activation, self.cost, masks)
                gradient = backward(self.current, trace, y, self.activation, self.cost)
                self.current, self.velocity = sgd.update(
                    gradient, self.velocity, self.current, descent
                )
                if problem.average:
                    self.average = sgd.average(self.average, self.current, problem.average)

    def measure(
        self, layout: Layout, rows: Order, parameters: Parameters | None = None
    ) -> Measured:
        """Costs are added up in float64."""
        network = parameters or self.parameters()
        total, correct = 0.0, 0
        with _limits():
            for chunk in _chunks(rows):
                labels = layout.labels[chunk]
                z = logits(network, self._scaled(layout.images[chunk]), self.activation)
                total += float(self.cost.value(z, self._targets(labels)).sum(dtype=np.float64))
                correct += int(np.count_nonzero(z.argmax(axis=0) == labels))
        return Measured(total / len(rows), correct if self.problem.sizes[-1] > 1 else 0)

    def penalty_sums(self, parameters: Parameters | None = None) -> tuple[float, float, float]:
        """Σ w², Σ |w| and Σ p(w)."""
        network, r = parameters or self.parameters(), self.problem.regularization
        with _limits():
            own = own_penalties(network, r)
            return squares(network, r.biases), magnitudes(network, r.biases), own

    def finite(self) -> bool:
        """Of all weights and biases."""
        return all(np.isfinite(array).all() for array in _arrays(self.current))

    def parameters(self) -> Parameters:
        """Never changed after they are given out: every step makes new ones."""
        dropout = self.problem.dropout
        kept = self.average if self.problem.average else self.current
        if dropout.scale == "train":
            return kept
        return full_network(kept, dropout.hidden, dropout.input)

    def state(self) -> Mapping[str, NDArray[Any]]:
        """Weights and biases, velocities, averages, by number."""
        arrays = chain.from_iterable(map(_arrays, self._parts()))
        return {f"array{k}": array for k, array in enumerate(arrays)}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """The inverse of `state`."""
        ours = list(chain.from_iterable(map(_arrays, self._parts())))
        found = [fitting(state[f"array{k}"], place) for k, place in enumerate(ours)]
        layers = len(self.current.weights)
        parts = [found[start : start + 2 * layers] for start in range(0, len(found), 2 * layers)]
        self.current, self.velocity, self.average = (
            Parameters(tuple(part[:layers]), tuple(part[layers:])) for part in parts
        )

    def _parts(self) -> tuple[Parameters, Parameters, Parameters]:
        return self.current, self.velocity, self.average

    def _scaled(self, images: Bytes) -> Array:
        scaled: Array = images.T.astype(self.dtype) * self.dtype.type(self.problem.input_scale)
        return scaled

    def _inputs(self, images: Bytes) -> Array:
        """x (n_in, B); with dropout of inputs, a draw for each that is not zero, or, where a
        mini-batch shares its mask, for each there is."""
        x, dropout = self._scaled(images), self.problem.dropout
        if dropout.input and dropout.mask == "batch":
            bits = draws.halves(self.streams.inputs, 1, len(x))[0]
            x *= self._mask(bits, dropout.input)[:, None]
        elif dropout.input:
            for column, image in zip(x.T, images, strict=True):
                listed = np.flatnonzero(image)
                bits = draws.halves(self.streams.inputs, 1, len(listed))[0]
                column[listed] *= self._mask(bits, dropout.input)
        return x

    def _hidden_masks(self, examples: int) -> list[Array] | None:
        """A mask (n, B) for each hidden layer, a new choice for every example, or one (n, 1)."""
        dropout, units = self.problem.dropout, self.problem.sizes[1:-1]
        if not dropout.hidden or not units:
            return None
        choices = 1 if dropout.mask == "batch" else examples
        bits = draws.halves(self.streams.hidden, choices, sum(units))
        return np.split(self._mask(bits, dropout.hidden).T, np.cumsum(units)[:-1].tolist())

    def _mask(self, bits: NDArray[np.uint32], rate: float) -> Array:
        return mask(bits, rate, self.dtype, inverted=self.problem.dropout.scale == "train")

    def _targets(self, labels: Bytes) -> Array:
        """y (n_outputs, B): 1 at the label; of a single output the label itself."""
        if self.problem.sizes[-1] == 1:
            return labels.astype(self.dtype)[None, :]
        return np.eye(self.problem.sizes[-1], dtype=self.dtype)[:, labels]


def _arrays(parameters: Parameters) -> tuple[Array, ...]:
    return (*parameters.weights, *parameters.biases)


def _chunks(rows: Order) -> Iterator[Order]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _limits() -> np.errstate:
    """Overflow of e^(−z) is the limit 0 of σ; a run that diverges is found after the epoch."""
    return np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore")
