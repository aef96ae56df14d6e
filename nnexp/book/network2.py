"""The network of chapter 3, with the interface of the book's program.

>>> training_data, validation_data, test_data = mnist_loader.load_data_wrapper()
>>> net = Network([784, 30, 10], cost=CrossEntropyCost)
>>> net.SGD(training_data, 30, 10, 0.5, lmbda=5.0, evaluation_data=validation_data)

A session that a config can say is a run of this program: trained by the compiled engine, recorded,
and printed from the record when it is asked for again. Any other is trained here, step by step, by
`nnexp.nn`. Either is in float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from nnexp.book import columns, recorded, saved, unrecorded
from nnexp.book.columns import blocks, columns_of, sequence_of
from nnexp.book.costs import (
    NAMES,
    CostClass,
    CrossEntropyCost,
    QuadraticCost,
    check_cost,
    class_name,
    config_name,
    costs_of,
    gradient,
    sigmoid_prime,
    summed,
)
from nnexp.book.mnist_loader import checked_rng
from nnexp.book.pairs import Floats, vectorized_result
from nnexp.book.saved import FileName, Saved
from nnexp.book.session import real_number, session_of, whole_number
from nnexp.book.told import MONITORED, Lists, Told
from nnexp.book.unrecorded import Shuffles
from nnexp.config.rules import MAX_SEED, MAX_WEIGHTS
from nnexp.config.schema import Config, InitConfig
from nnexp.errors import UserError
from nnexp.nn import sgd
from nnexp.nn.activations import SIGMOID, sigmoid
from nnexp.nn.draws import permutation
from nnexp.nn.network import logits
from nnexp.nn.parameters import Parameters
from nnexp.nn.regularizers import Regularization, squares
from nnexp.train.plan import initial_parameters, randomness_of

if TYPE_CHECKING:
    from nnexp.results import Run

__all__ = [
    "CrossEntropyCost",
    "Network",
    "QuadraticCost",
    "load",
    "sigmoid",
    "sigmoid_prime",
    "vectorized_result",
]


class Network:
    """A fully connected network of sigmoid neurons.

    `weights[l]` has the shape (n_out, n_in), `biases[l]` the shape (n_out, 1).
    """

    def __init__(
        self,
        sizes: Sequence[int],
        cost: CostClass = CrossEntropyCost,
        *,
        seed: int = 0,
        rng: str = "pcg64",
    ) -> None:
        """A network with weights as `default_weight_initializer` draws them.

        Args:
            sizes: neurons per layer, input first: `[784, 30, 10]`.
            cost: `CrossEntropyCost`, `QuadraticCost`, or a class with the same two functions.
            seed: of weights and of the order of examples. The book's program draws others each
                time; here the same seed gives the same bits.
            rng: `pcg64`, or `nielsen2014` for the generators behind the published curves (which
                had the seed 12345678).

        Raises:
            UserError: one line naming argument, value and what is allowed.
        """
        check_cost(cost)
        self.sizes = _sizes(sizes)
        self.num_layers = len(self.sizes)
        self.cost = cost
        self.seed = whole_number("seed", seed, 0, MAX_SEED)
        self.rng = checked_rng(rng)
        self.weights: list[Floats] = []
        self.biases: list[Floats] = []
        self.run: Run | None = None
        """The recorded run that weights and biases are of, if they are."""
        self.default_weight_initializer()

    def default_weight_initializer(self) -> None:
        """Weights N(0, 1/n_in), biases N(0, 1): those that a run of this seed starts from.

        The same each time: to have others, take another seed.
        """
        self._initialize("scaled")

    def large_weight_initializer(self) -> None:
        """Weights and biases N(0, 1), the chapter's first approach; the same each time."""
        self._initialize("large")

    def feedforward(self, a: Any) -> Any:
        """The output (n_out, 1) for an input (n_in, 1); columns side by side are allowed.

        Raises:
            UserError: another shape.
        """
        x = np.asarray(a, np.float64)
        if x.ndim != 2 or len(x) != self.sizes[0]:
            raise UserError(
                f"feedforward: a has the shape {x.shape}; allowed: ({self.sizes[0]}, 1)"
            )
        with np.errstate(all="ignore"):
            return sigmoid(logits(self._parameters(), x, SIGMOID))

    def SGD(
        self,
        training_data: Any,
        epochs: int,
        mini_batch_size: int,
        eta: float,
        lmbda: float = 0.0,
        evaluation_data: Any = None,
        monitor_evaluation_cost: bool = False,
        monitor_evaluation_accuracy: bool = False,
        monitor_training_cost: bool = False,
        monitor_training_accuracy: bool = False,
        early_stopping_n: int = 0,
    ) -> Lists:
        """Train by stochastic gradient descent, printing each epoch as the book's program does.

        Args:
            training_data: pairs (x, y).
            epochs: how often all of them are gone through, each time in another order.
            mini_batch_size: pairs per step; the last of an epoch may be smaller.
            eta: the learning rate η.
            lmbda: λ of L2 (eq. 85).
            evaluation_data: pairs that are only looked at.
            monitor_evaluation_cost: print and return their cost, and so on with the next three.
            monitor_evaluation_accuracy: how many of them are answered right.
            monitor_training_cost: the cost on the training data.
            monitor_training_accuracy: how many of these are answered right.
            early_stopping_n: stop after so many epochs without a better accuracy on the
                evaluation data, and take the weights of the best epoch.

        Returns:
            Four lists with a value per epoch, empty where nothing was monitored: evaluation cost,
            evaluation accuracy, training cost, training accuracy.

        Raises:
            UserError: one line naming argument, value and what is allowed; nothing was recorded.
            NnexpError: a recorded run diverged; it is recorded as FAILED.
        """
        wanted = (
            monitor_training_cost,
            monitor_training_accuracy,
            monitor_evaluation_cost,
            monitor_evaluation_accuracy,
        )
        session = session_of(
            self._facts,
            training_data,
            epochs,
            mini_batch_size,
            eta,
            lmbda,
            evaluation_data,
            [name for name, asked in zip(MONITORED, wanted, strict=True) if asked],
            early_stopping_n,
        )
        plan = recorded.plan_of(self._start(), session)
        told = Told(session.monitored, *session.sizes)
        if plan.config is not None:
            done = recorded.train(plan.config, session, told)
            self._take(done.parameters)
            self._shuffles.passed(len(session.training_data), done.epochs)
            self.run = done.run
        else:
            self.run = None
            orders = self._shuffles.orders(len(session.training_data))
            unrecorded.train(self, session, orders, told)
            print(f"not recorded: {plan.reason}", flush=True)
        return told.lists

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

    def _initialize(self, init: str) -> None:
        self._init = init
        config = self._config
        self._take(initial_parameters(config, tuple(self.sizes)))
        self._shuffles = Shuffles(randomness_of(config, tuple(self.sizes), permutation))
        self.run = None

    @property
    def _config(self) -> Config:
        """What decides the first weights and the order of examples."""
        return Config(seed=self.seed, rng=self.rng, init=InitConfig(self._init))

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
            if len(arrays) != len(shapes):
                raise UserError(f"{name}: {len(arrays)} arrays; allowed: {len(shapes)}")
            for layer, (array, both) in enumerate(zip(arrays, shapes, strict=True)):
                shape = both[name == "biases"]
                if np.shape(array) != shape:
                    raise UserError(
                        f"{name}[{layer}]: has the shape {np.shape(array)}; allowed: {shape}"
                    )
        return Parameters(
            tuple(np.asarray(w, np.float64) for w in self.weights),
            tuple(np.asarray(b, np.float64)[:, 0] for b in self.biases),
        )

    def _start(self) -> recorded.Start:
        now = self._parameters()
        drawn = initial_parameters(self._config, tuple(self.sizes))
        pairs = zip((*now.weights, *now.biases), (*drawn.weights, *drawn.biases), strict=True)
        return recorded.Start(
            sizes=tuple(self.sizes),
            cost=config_name(self.cost),
            init=self._init,
            seed=self.seed,
            rng=self.rng,
            fresh=all(np.array_equal(a, b) for a, b in pairs),
            changed=next((name for name in _OURS if not self._own(name)), ""),
        )

    def _own(self, method: str) -> bool:
        """Whether a method is the one written here, rather than one that the user has put there."""
        return method not in vars(self) and getattr(type(self), method) is _OURS[method]

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


_OURS: dict[str, Any] = {
    name: getattr(Network, name)
    for name in ("feedforward", "update_mini_batch", "backprop", "accuracy", "total_cost")
}
"""The methods that training is made of, as they are written here: a recorded run does what they do,
and would pass over any other."""


def load(
    filename: FileName,
    *,
    cost: CostClass | None = None,
    seed: int = 0,
    rng: str = "pcg64",
) -> Network:
    """A network from a file that `save` has written, or the book's program.

    Args:
        filename: the file.
        cost: the class, where it is one of your own: a file has only its name.
        seed: of the order of examples, should the network be trained further.
        rng: as in `Network`; a file does not say on what scale of pixels it was trained.

    Raises:
        UserError: no such file, or not a saved network: one line that says what is amiss.
    """
    known: dict[str, CostClass] = {class_name(own): own for own, _ in NAMES}
    if cost is not None:
        check_cost(cost)
        known[class_name(cost)] = cost
    found = saved.read(filename, list(known))
    network = Network(found.sizes, known[found.cost], seed=seed, rng=rng)
    network.weights, network.biases = found.weights, found.biases
    return network


def _sizes(sizes: Any) -> list[int]:
    try:
        listed = list(sizes)
    except TypeError:
        listed = []
    if len(listed) < 2:
        raise UserError(f"sizes={sizes!r}: allowed: a list of two layers or more, as [784, 30, 10]")
    found = [whole_number(f"sizes[{k}]", n, 1) for k, n in enumerate(listed)]
    weights = sum(n * m for m, n in pairwise(found))
    if weights > MAX_WEIGHTS:
        raise UserError(f"sizes={found}: {weights:,} weights; allowed: at most {MAX_WEIGHTS:,}")
    return found
