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
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nnexp.book import recorded, saved, unrecorded
from nnexp.book.costs import (
    NAMES,
    CostClass,
    CrossEntropyCost,
    QuadraticCost,
    check_cost,
    class_name,
    config_name,
    sigmoid_prime,
)
from nnexp.book.layers import OURS, Layers
from nnexp.book.pairs import vectorized_result
from nnexp.book.saved import FileName
from nnexp.book.session import (
    Session,
    session_of,
    true_or_false,
    whole_number,
)
from nnexp.book.sgd_output import MONITORED, Lists, Told
from nnexp.book.unrecorded import Shuffles
from nnexp.config.rules import MAX_SEED
from nnexp.config.schema import Config, InitConfig
from nnexp.nn.activations import sigmoid
from nnexp.nn.draws import permutation
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


class Network(Layers):
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
        super().__init__(sizes, cost, rng)
        self.seed = whole_number("seed", seed, 0, MAX_SEED)
        self.run: Run | None = None
        """The recorded run that weights and biases are of, if they are."""
        # An initializer of a derived class need not call ours.
        self._init = "scaled"
        self.default_weight_initializer()

    def default_weight_initializer(self) -> None:
        """Weights N(0, 1/n_in), biases N(0, 1): those that a run of this seed starts from.

        The same each time: to have others, take another seed.
        """
        self._initialize("scaled")

    def large_weight_initializer(self) -> None:
        """Weights and biases N(0, 1), the chapter's first approach; the same each time."""
        self._initialize("large")

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
        monitored = [
            name
            for name, asked in zip(MONITORED, wanted, strict=True)
            if true_or_false(f"monitor_{name}", asked)
        ]
        numbers = (epochs, mini_batch_size, eta, lmbda, early_stopping_n)
        return self._train(
            session_of(self._facts, training_data, evaluation_data, monitored, *numbers)
        )

    def _train(self, session: Session) -> Lists:
        """As a recorded run, where a config can say the session, else step by step."""
        check_cost(self.cost)
        plan = recorded.plan_of(self._start(), session)
        told = Told(session.monitored, *session.sizes)
        if isinstance(plan, Config):
            self.run, parameters, trained = recorded.train(plan, session, told)
            self._take(parameters)
            self._shuffles.passed(len(session.training_data), trained)
        else:
            self.run = None
            orders = self._shuffles.orders(len(session.training_data))
            unrecorded.train(self, session, orders, told)
            print(f"not recorded: {plan}", flush=True)
        return told.lists

    def _initialize(self, init: str) -> None:
        self._init = init
        self._take(initial_parameters(self._config, tuple(self.sizes)))
        vars(self).pop("_shuffles", None)
        self.run = None

    @cached_property
    def _shuffles(self) -> Shuffles:
        """The orders of examples since the weights were drawn."""
        return Shuffles(randomness_of(self._config, tuple(self.sizes), permutation))

    @property
    def _config(self) -> Config:
        """What decides the first weights and the order of examples."""
        return Config(seed=self.seed, rng=self.rng, init=InitConfig(self._init))

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
            changed=next((name for name in OURS if not self._own(name)), ""),
        )


def load(
    filename: FileName, *, cost: CostClass | None = None, seed: int = 0, rng: str = "pcg64"
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
