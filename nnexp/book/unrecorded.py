"""A session that no config can say: trained step by step in plain NumPy, and not recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from nnexp.book.layers import Layers
from nnexp.book.session import Session
from nnexp.book.sgd_output import (
    EVALUATION_ACCURACY,
    EVALUATION_COST,
    TRAINING_ACCURACY,
    TRAINING_COST,
    Told,
    kept,
)
from nnexp.train.streams import Order, Randomness


class Shuffles:
    """The orders of a network's epochs, one call of `SGD` after another.

    They are those that a run of this seed has. After a recorded run, the generators are moved on
    as far as that run has drawn, but only when an order is asked for: it takes a while.
    """

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._owed: list[tuple[int, int]] = []

    def passed(self, n: int, epochs: int) -> None:
        """A recorded run has drawn orders of n examples for some epochs."""
        self._owed.append((n, epochs))

    def orders(self, n: int) -> Iterator[Order]:
        """The orders of n examples of the epochs to come."""
        while self._owed:
            size, epochs = self._owed.pop(0)
            order: Order = np.arange(size)
            for _ in range(epochs):
                order = self._randomness.reorder(order)
        order = np.arange(n)
        while True:
            order = self._randomness.reorder(order)
            yield order


def train(network: Layers, session: Session, orders: Iterator[Order], told: Told) -> None:
    """Train a network where it stands; with early stopping it ends with its best weights.

    As in a recorded run, the network that training starts from is a candidate too.
    """
    data, size = session.training_data, session.mini_batch_size
    n, patience = len(data), session.early_stopping_n
    best = _Best(network, session) if patience else None
    for epoch, order in zip(range(session.epochs), orders, strict=False):
        for start in range(0, n, size):
            batch = [data[k] for k in order[start : start + size].tolist()]
            network.update_mini_batch(batch, session.eta, session.lmbda, n)
        values = _measured(network, session, told.monitored)
        told.epoch(epoch, values)
        if best is not None and best.see(epoch + 1, values.get(EVALUATION_ACCURACY)) >= patience:
            break
    if best is not None:
        network.weights, network.biases = best.weights, best.biases
        print(kept(best.epoch, patience))


class _Best:
    """The weights that were best on the evaluation data, by their epoch (0 = untrained)."""

    def __init__(self, network: Layers, session: Session) -> None:
        self._network, self._data = network, session.evaluation_data
        self.accuracy, self.epoch = -1.0, 0
        self.see(0)

    def see(self, epoch: int, accuracy: float | None = None) -> int:
        """Take note of an epoch; how many epochs ago the best was."""
        found = self._network.accuracy(self._data) if accuracy is None else accuracy
        if found > self.accuracy:
            self.accuracy, self.epoch = found, epoch
            self.weights = [w.copy() for w in self._network.weights]
            self.biases = [b.copy() for b in self._network.biases]
        return epoch - self.epoch


def _measured(network: Layers, session: Session, names: Sequence[str]) -> dict[str, float]:
    training, evaluation, lmbda = session.training_data, session.evaluation_data, session.lmbda
    measures: dict[str, Callable[[], float]] = {
        TRAINING_COST: lambda: network.total_cost(training, lmbda),
        TRAINING_ACCURACY: lambda: network.accuracy(training, convert=True),
        EVALUATION_COST: lambda: network.total_cost(evaluation, lmbda, convert=True),
        EVALUATION_ACCURACY: lambda: network.accuracy(evaluation),
    }
    return {name: measures[name]() for name in names}
