"""Weights and biases of a network, and what follows from them, as in the book's program."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nnexp.book import columns, saved
from nnexp.book.columns import as_numbers, blocks, columns_of, sequence_of
from nnexp.book.costs import CostClass, check_cost, class_name, costs_of, gradient, summed
from nnexp.book.mnist_loader import checked_rng
from nnexp.book.pairs import Floats
from nnexp.book.saved import FileName, Saved
from nnexp.book.session import real_number, whole_number
from nnexp.config.rules import MAX_WEIGHTS
from nnexp.errors import UserError
from nnexp.nn import sgd
from nnexp.nn.activations import SIGMOID, sigmoid
from nnexp.nn.network import logits
from nnexp.nn.parameters import Parameters
from nnexp.nn.regularizers import Regularization, squares


class Layers:
    """Layers of sigmoid neurons: outputs, gradients, one step of descent, accuracy and cost.

    `weights[l]` has the shape (n_out, n_in), `biases[l]` the shape (n_out, 1).
    """

    def __init__(self, sizes: Sequence[int], cost: CostClass, rng: str) -> None:
        """Layers without weights yet.

        Raises:
            UserError: one line naming argument, value and what is allowed.
        """
        check_cost(cost)
        self.sizes = _sizes(sizes)
        self.num_layers = len(self.sizes)
        self.cost = cost
        self.rng = checked_rng(rng)
        self.weights: list[Floats] = []
        self.biases: list[Floats] = []

    def feedforward(self, a: Any) -> Any:
        """The output (n_out, 1) for an input (n_in, 1); columns side by side are allowed.

        Raises:
            UserError: another shape.
        """
        x = as_numbers(a, "feedforward: a")
        if x.ndim != 2 or len(x) != self.sizes[0]:
            raise UserError(
                f"feedforward: a has the shape {x.shape}; allowed: ({self.sizes[0]}, 1)"
            )
        with np.errstate(all="ignore"):
            return sigmoid(logits(self._parameters(), x, SIGMOID))

    def update_mini_batch(self, mini_batch: Any, eta: float, lmbda: float, n: int) -> None:
        """One step: w ← (1 − ηλ/n) w − (η/B) Σ ∂C/∂w and b ← b − (η/B) Σ ∂C/∂b (eq. 93, 94).

        Args:
            mini_batch: B pairs (x, y).
            eta: the learning rate η.
            lmbda: λ of L2.
            n: the size of the training set.

        Raises:
            UserError: one line naming argument, value and what is allowed.
        """
        eta, lmbda = real_number("eta", eta, above_zero=True), real_number("lmbda", lmbda)
        parameters = self._parameters()
        pairs = sequence_of("mini_batch", mini_batch)
        batch = columns_of("mini_batch", pairs, self._facts)
        if self._own("backprop"):
            mean = gradient(parameters, batch.x, batch.y, self.cost)
        else:
            mean = self._mean_of_backprops(batch)
        descent = sgd.Descent(eta, 0.0, Regularization(l2=lmbda), whole_number("n", n, 1))
        with np.errstate(all="ignore"):
            self._take(sgd.update(mean, sgd.init(parameters), parameters, descent)[0])

    def backprop(self, x: Any, y: Any) -> tuple[list[Floats], list[Floats]]:
        """∂C/∂b (n_out, 1) and ∂C/∂w (n_out, n_in) of one example, layer by layer.

        x is a column (n_in, 1); y is a column (n_out, 1), or a digit.
        """
        one = columns_of("(x, y)", [(x, y)], self._facts)
        found = gradient(self._parameters(), one.x, one.y, self.cost)
        return (
            [np.asarray(b, np.float64)[:, None] for b in found.biases],
            [np.asarray(w, np.float64) for w in found.weights],
        )

    def accuracy(self, data: Any, convert: bool = False) -> int:
        """How many pairs are answered right: the greatest output is that of y.

        `convert` is there for the sake of the book's calls: whether y is a digit or a column is
        seen from y.

        Raises:
            UserError: pairs that the network does not fit.
        """
        pairs = sequence_of("data", data)
        found = blocks("data", pairs, self._facts)
        return sum(
            int(np.sum(np.argmax(self.feedforward(part.x), axis=0) == part.classes))
            for part in found
        )

    def total_cost(self, data: Any, lmbda: float, convert: bool = False) -> float:
        """(1/N) Σ C_x + (λ/2N) Σ w² over N pairs; the book's program divides both by this N.

        `convert` is there for the sake of the book's calls, as in `accuracy`.

        Raises:
            UserError: pairs that the network does not fit, or a λ below 0.
        """
        lmbda = real_number("lmbda", lmbda)
        pairs, parameters = sequence_of("data", data), self._parameters()
        cost = 0.0
        for part in blocks("data", pairs, self._facts):
            if self._own("feedforward"):
                cost += costs_of(logits(parameters, part.x, SIGMOID), part.y, self.cost)
            else:
                cost += summed(self.feedforward(part.x), part.y, self.cost)
        with np.errstate(all="ignore"):
            decay = lmbda / (2 * len(pairs)) * squares(parameters) if lmbda else 0.0
        return cost / len(pairs) + decay

    def save(self, filename: FileName) -> None:
        """Write the network as the book's program does (`nnexp.book.saved`).

        Raises:
            OSError: the file cannot be written.
        """
        self._parameters()
        cost = class_name(self.cost)
        saved.write(filename, Saved(self.sizes, self.weights, self.biases, cost))

    @property
    def _facts(self) -> columns.Network:
        return columns.Network(self.sizes, self.rng)

    def _take(self, parameters: Parameters) -> None:
        self.weights = [np.array(w, np.float64) for w in parameters.weights]
        self.biases = [np.array(b, np.float64)[:, None] for b in parameters.biases]

    def _parameters(self) -> Parameters:
        """Weights and biases as `nnexp.nn` has them; they may have been changed by hand.

        Raises:
            UserError: shapes that do not fit `sizes`.
        """
        shapes = [((n, m), (n, 1)) for m, n in pairwise(self.sizes)]
        for name, arrays in (("weights", self.weights), ("biases", self.biases)):
            try:
                found = len(arrays)
            except TypeError:
                raise UserError(
                    f"{name}: is a {type(arrays).__name__}; allowed: a list of {len(shapes)} arrays"
                ) from None
            if found != len(shapes):
                raise UserError(f"{name}: {found} arrays; allowed: {len(shapes)}")
            for layer, (values, both) in enumerate(zip(arrays, shapes, strict=True)):
                shape, array = both[name == "biases"], as_numbers(values, f"{name}[{layer}]:")
                if array.shape != shape:
                    raise UserError(
                        f"{name}[{layer}]: has the shape {array.shape}; allowed: {shape}"
                    )
        return Parameters(
            tuple(np.asarray(w, np.float64) for w in self.weights),
            tuple(np.asarray(b, np.float64)[:, 0] for b in self.biases),
        )

    def _own(self, method: str) -> bool:
        """Whether a method is the one written here, rather than one that the user has put there."""
        return method not in vars(self) and getattr(type(self), method) is OURS[method]

    def _mean_of_backprops(self, batch: columns.Columns) -> Parameters:
        """What `backprop` of the user's makes of single examples."""
        examples = batch.x.shape[1]
        found = [
            self.backprop(batch.x[:, k : k + 1], batch.y[:, k : k + 1]) for k in range(examples)
        ]
        biases, weights = (
            [sum(layer) / examples for layer in zip(*part, strict=True)]
            for part in zip(*found, strict=True)
        )
        return Parameters(tuple(weights), tuple(b[:, 0] for b in biases))


OURS: dict[str, Any] = {
    name: getattr(Layers, name)
    for name in ("feedforward", "update_mini_batch", "backprop", "accuracy", "total_cost")
}
"""The methods that training is made of, as they are written here: a recorded run does what they do,
and would pass over any other."""


def _sizes(sizes: Any) -> list[int]:
    try:
        # Of a text, the characters would be the layers.
        listed = [] if isinstance(sizes, (str, bytes)) else list(sizes)
    except TypeError:
        listed = []
    if len(listed) < 2:
        raise UserError(f"sizes={sizes!r}: allowed: a list of two layers or more, as [784, 30, 10]")
    found = [whole_number(f"sizes[{k}]", n, 1) for k, n in enumerate(listed)]
    weights = sum(n * m for m, n in pairwise(found))
    if weights > MAX_WEIGHTS:
        raise UserError(f"sizes={found}: {weights:,} weights; allowed: at most {MAX_WEIGHTS:,}")
    return found
