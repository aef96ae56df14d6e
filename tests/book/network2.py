"""The book's program as its text describes it, one example at a time, apart from our code.

Written from the recipe behind the published curves: Python 2's shuffle, NumPy's legacy generator,
column vectors, the scaled draw in the constructor, the large one as a second draw.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pair = tuple[Floats, int]
"""An image as a column (784, 1) and its digit."""

SEED = 12345678


def sigmoid(z: Floats) -> Floats:
    s: Floats = 1.0 / (1.0 + np.exp(-z))
    return s


def one_hot(digit: int) -> Floats:
    e = np.zeros((10, 1))
    e[digit] = 1.0
    return e


def shuffled(random_: random.Random, items: Sequence[Any]) -> list[Any]:
    """`random.shuffle` of Python 2."""
    items = list(items)
    for i in reversed(range(1, len(items))):
        j = int(random_.random() * (i + 1))
        items[i], items[j] = items[j], items[i]
    return items


@dataclass
class Network2:
    sizes: Sequence[int]
    seed: int = SEED
    quadratic: bool = False
    large: bool = False

    def __post_init__(self) -> None:
        self.random, self.numpy = random.Random(self.seed), np.random.RandomState(self.seed)
        self.biases = [self.numpy.randn(y, 1) for y in self.sizes[1:]]
        self.weights = [self.numpy.randn(y, x) / np.sqrt(x) for x, y in pairwise(self.sizes)]
        if self.large:
            self.biases = [self.numpy.randn(y, 1) for y in self.sizes[1:]]
            self.weights = [self.numpy.randn(y, x) for x, y in pairwise(self.sizes)]

    def feedforward(self, a: Floats) -> Floats:
        for b, w in zip(self.biases, self.weights, strict=True):
            a = sigmoid(np.dot(w, a) + b)
        return a

    def descend(
        self,
        data: Sequence[Pair],
        epochs: int,
        batch: int,
        eta: float,
        lmbda: float,
        watch: Callable[[], None],
    ) -> None:
        n = len(data)
        for _ in range(epochs):
            data = shuffled(self.random, data)
            for k in range(0, n, batch):
                self.update(data[k : k + batch], eta, lmbda, n)
            watch()

    def update(self, batch: Sequence[Pair], eta: float, lmbda: float, n: int) -> None:
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        for x, digit in batch:
            for layer, (db, dw) in enumerate(self.backprop(x, one_hot(digit))):
                nabla_b[layer] += db
                nabla_w[layer] += dw
        m = len(batch)
        pairs = zip(self.weights, nabla_w, strict=True)
        self.weights = [(1 - eta * (lmbda / n)) * w - (eta / m) * nw for w, nw in pairs]
        self.biases = [b - (eta / m) * nb for b, nb in zip(self.biases, nabla_b, strict=True)]

    def backprop(self, x: Floats, y: Floats) -> list[tuple[Floats, Floats]]:
        activations, zs = [x], []
        for b, w in zip(self.biases, self.weights, strict=True):
            zs.append(np.dot(w, activations[-1]) + b)
            activations.append(sigmoid(zs[-1]))
        delta = activations[-1] - y
        if self.quadratic:
            delta = delta * sigmoid(zs[-1]) * (1 - sigmoid(zs[-1]))
        found = [(delta, np.dot(delta, activations[-2].T))]
        for layer in range(2, len(self.sizes)):
            s = sigmoid(zs[-layer])
            delta = np.dot(self.weights[-layer + 1].T, delta) * s * (1 - s)
            found.insert(0, (delta, np.dot(delta, activations[-layer - 1].T)))
        return found

    def accuracy(self, data: Sequence[Pair]) -> int:
        return sum(int(np.argmax(self.feedforward(x)) == digit) for x, digit in data)

    def total_cost(self, data: Sequence[Pair], lmbda: float) -> float:
        """The penalty divided by the size of whatever set is evaluated."""
        cost = 0.0
        for x, digit in data:
            a, y = self.feedforward(x), one_hot(digit)
            if self.quadratic:
                cost += 0.5 * float(np.sum((a - y) ** 2)) / len(data)
            else:
                terms = -y * np.log(a) - (1 - y) * np.log(1 - a)
                cost += float(np.sum(np.nan_to_num(terms))) / len(data)
        squares = sum(float(np.sum(w * w)) for w in self.weights)
        return cost + 0.5 * (lmbda / len(data)) * squares
