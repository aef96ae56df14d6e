"""Whole epochs against a slow program that goes example by example, as network2 did."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nnexp.config.schema import Config, DataConfig
from nnexp.data.dataset import Dataset, load_dataset
from nnexp.train.engines import ENGINES
from nnexp.train.streams import stream
from tests.equations import (
    DropoutMasks,
    Floats,
    InputMasks,
    activated,
    one_hot,
    output_error,
    shuffled,
    slope,
)
from tests.small import arrays, configured, head, made, run, untrained

DATASET = made()


class SlowNetwork:
    """Mini-batch descent from the equations, example by example, in float64."""

    def __init__(self, config: Config, dataset: Dataset) -> None:
        self.config, n = config, config.data.n_train
        start = untrained(as_trained(config), dataset)
        self.w = [w.astype(np.float64) for w in start.weights]
        self.b = [b.astype(np.float64) for b in start.biases]
        self.v = [np.zeros_like(a) for a in [*self.w, *self.b]]
        self.mean = [a.copy() for a in [*self.w, *self.b]]
        self.epochs = 0
        self.images = dataset.train.images[:n]
        self.y = one_hot(dataset.train.labels[:n], dataset.n_outputs).T
        self.shuffle = stream(config.seed, "shuffle")
        self.hidden_masks, self.input_masks = DropoutMasks(config), InputMasks(config)

    def epoch(self) -> None:
        order, size = shuffled(self.shuffle, len(self.images)), self.config.train.batch_size
        for start in range(0, len(order), size):
            self.step(order[start : start + size])
        self.epochs += 1

    def step(self, batch: Any) -> None:
        hidden = self.hidden_masks.draw(len(batch)) if self.config.model.hidden else []
        gradient = [np.zeros_like(a) for a in [*self.w, *self.b]]
        inputs = self.images[batch] / 255.0 * self.input_masks.draw(self.images[batch])
        for k, (x, example) in enumerate(zip(inputs, batch, strict=True)):
            found = self.backprop(x, self.y[example], [mask[:, k] for mask in hidden])
            for total, part in zip(gradient, found, strict=True):
                total += part / len(batch)
        self.update(gradient)

    def backprop(self, x: Floats, y: Floats, masks: list[Floats]) -> list[Floats]:
        """∂C_x/∂w, then ∂C_x/∂b, of one example (eq. BP1 to BP4)."""
        name, passed, zs = self.config.model.activation, [x], []
        for layer, (w, b) in enumerate(zip(self.w, self.b, strict=True)):
            zs.append(w @ passed[-1] + b)
            if layer < len(masks):
                passed.append(activated(name, zs[-1]) * masks[layer])
        epsilon = self.config.cost.smoothing
        y = (1 - epsilon) * y + epsilon / len(y)
        deltas = [output_error(self.config.cost.name, zs[-1], y)]
        for layer in range(len(masks) - 1, -1, -1):
            into = self.w[layer + 1].T @ deltas[0]
            deltas.insert(0, into * masks[layer] * slope(name, zs[layer]))
        weights = [np.outer(d, a) for d, a in zip(deltas, passed, strict=True)]
        return [*weights, *deltas]

    def update(self, gradient: list[Floats]) -> None:
        reg, n, mu = self.config.reg, len(self.images), self.config.train.momentum
        eta = self.config.train.eta * self.rate()
        l2 = reg.lmbda if reg.name in ("l2", "elastic") else 0.0
        l1 = {"l1": reg.lmbda, "elastic": reg.lmbda_l1}.get(reg.name, 0.0)
        parameters = [*self.w, *self.b]
        for k, (p, g) in enumerate(zip(parameters, gradient, strict=True)):
            constrained = k < len(self.w) or reg.biases
            pull = (l2 / n * p + l1 / n * np.sign(p)) if constrained else 0.0
            theta = p - mu * self.v[k] if self.config.train.nesterov else p.copy()
            if reg.name == "decoupled" and constrained:
                theta -= eta * reg.lmbda / n * p
            self.v[k] = mu * self.v[k] - eta * (g + pull)
            theta += self.v[k]  # Sutskever's θ; the gradient is taken at θ + μ v.
            p[...] = theta + mu * self.v[k] if self.config.train.nesterov else theta
        if reg.name == "maxnorm":
            for w in self.w:
                for unit in w:
                    norm = np.sqrt((unit * unit).sum())
                    if norm > reg.max_norm:
                        unit *= reg.max_norm / norm
        beta = self.config.train.average  # 0: the mean is the weights themselves.
        for mean, p in zip(self.mean, parameters, strict=True):
            mean *= beta
            mean += (1 - beta) * p

    def rate(self) -> float:
        schedule, e = self.config.schedule, self.epochs
        return {
            "constant": 1.0,
            "step": schedule.factor ** (e // schedule.every),
            "inverse": 1.0 / (1.0 + e / schedule.half),
            "cosine": (1.0 + math.cos(math.pi * e / self.config.train.epochs)) / 2.0,
        }[schedule.name]

    def full_network(self) -> list[Floats]:
        """The weights with nothing deleted: those out of units of which some were, times 1 − p."""
        dropout, weights = self.config.dropout, self.mean[: len(self.w)]
        if dropout.scale == "train":
            return weights
        rates = [dropout.input, *[dropout.hidden] * (len(self.w) - 1)]
        return [(1 - p) * w for p, w in zip(rates, weights, strict=True)]


def as_trained(config: Config) -> Config:
    """The same run with weights as training has them, not as the full network does."""
    return replace(config, dropout=replace(config.dropout, scale="train"))


VARIANTS: dict[str, dict[str, Any]] = {
    "none": {},
    "l2": {"reg.name": "l2", "reg.lmbda": 3.0},
    "l2 so strong that its factor is folded in midway": {"reg.name": "l2", "reg.lmbda": 40.0},
    "l2 that takes almost everything": {"reg.name": "l2", "reg.lmbda": 59.99},
    "l1": {"reg.name": "l1", "reg.lmbda": 0.3},
    "elastic": {"reg.name": "elastic", "reg.lmbda": 20.0, "reg.lmbda_l1": 0.2},
    "maxnorm": {"reg.name": "maxnorm", "reg.max_norm": 0.9},
    "momentum": {"train.momentum": 0.9},
    "momentum and l2": {"train.momentum": 0.8, "reg.name": "l2", "reg.lmbda": 3.0},
    "momentum and l1": {"train.momentum": 0.8, "reg.name": "l1", "reg.lmbda": 0.3},
    "momentum and maxnorm": {"train.momentum": 0.8, "reg.name": "maxnorm", "reg.max_norm": 0.9},
    "nesterov": {"train.momentum": 0.9, "train.nesterov": True},
    "nesterov and elastic of biases too": {
        "train.momentum": 0.8,
        "train.nesterov": True,
        "reg.name": "elastic",
        "reg.lmbda": 5.0,
        "reg.lmbda_l1": 0.3,
        "reg.biases": True,
    },
    "decoupled": {"reg.name": "decoupled", "reg.lmbda": 20.0},
    "decoupled and momentum": {
        "reg.name": "decoupled",
        "reg.lmbda": 9.0,
        "train.momentum": 0.8,
        "reg.biases": True,
    },
    "decoupled and nesterov": {
        "reg.name": "decoupled",
        "reg.lmbda": 9.0,
        "train.momentum": 0.8,
        "train.nesterov": True,
    },
    "averaged": {"train.average": 0.9, "reg.name": "l2", "reg.lmbda": 20.0},
    "averaged with dropout made up for afterwards": {
        "train.average": 0.8,
        "train.momentum": 0.5,
        "dropout.hidden": 0.4,
        "dropout.scale": "test",
    },
    "smoothed labels": {"cost.smoothing": 0.2},
    "in steps": {"schedule.name": "step", "schedule.every": 1, "reg.name": "l2", "reg.lmbda": 3.0},
    "inverse": {"schedule.name": "inverse", "schedule.half": 1.5, "train.momentum": 0.5},
    "cosine": {"schedule.name": "cosine", "train.epochs": 4},
    "dropout": {"dropout.hidden": 0.5},
    "dropout of inputs": {"dropout.input": 0.2},
    "dropout of both, l2": {
        "dropout.hidden": 0.3,
        "dropout.input": 0.4,
        "reg.name": "l2",
        "reg.lmbda": 5.0,
    },
    "dropout and maxnorm": {"dropout.hidden": 0.5, "reg.name": "maxnorm", "reg.max_norm": 0.9},
    "dropout and momentum": {"dropout.hidden": 0.5, "train.momentum": 0.7},
    "one mask a mini-batch": {
        "dropout.hidden": 0.5,
        "dropout.input": 0.2,
        "dropout.mask": "batch",
        "train.batch_size": 8,
    },
    "dropout made up for afterwards": {
        "dropout.hidden": 0.4,
        "dropout.input": 0.2,
        "dropout.scale": "test",
        "reg.name": "l2",
        "reg.lmbda": 5.0,
    },
    "dropout of the chapter": {
        "dropout.hidden": 0.5,
        "dropout.mask": "batch",
        "dropout.scale": "test",
        "train.momentum": 0.5,
    },
    "last mini-batch short": {"train.batch_size": 7, "reg.name": "l2", "reg.lmbda": 3.0},
    "short last, dropout": {"train.batch_size": 8, "dropout.hidden": 0.5, "dropout.input": 0.1},
    "short last, momentum": {"train.batch_size": 8, "train.momentum": 0.9},
    "one example a step": {"train.batch_size": 1},
    "one step an epoch": {"train.batch_size": 30},
    "l2 of biases too": {"reg.name": "l2", "reg.lmbda": 5.0, "reg.biases": True},
    "l1 of biases too": {"reg.name": "l1", "reg.lmbda": 0.3, "reg.biases": True},
    "elastic of biases too": {
        "reg.name": "elastic",
        "reg.lmbda": 5.0,
        "reg.lmbda_l1": 0.3,
        "reg.biases": True,
    },
    "momentum and l2 of biases too": {
        "train.momentum": 0.8,
        "reg.name": "elastic",
        "reg.lmbda": 5.0,
        "reg.lmbda_l1": 0.3,
        "reg.biases": True,
    },
    "no hidden layer": {"model.hidden": [], "reg.name": "l2", "reg.lmbda": 3.0},
    "three hidden layers": {"model.hidden": [6, 5, 4], "dropout.hidden": 0.3},
    "large initializer": {"init.name": "large", "reg.name": "l2", "reg.lmbda": 3.0},
}


def assert_same_weights(config: Config, dataset: Dataset, tolerance: float = 1e-12) -> None:
    """Of both engines, at the end of all epochs."""
    slow = SlowNetwork(config, dataset)
    for _ in range(config.train.epochs):
        slow.epoch()
    weights = slow.full_network()
    for engine in ENGINES:
        chosen = replace(config, train=replace(config.train, engine=engine))
        found = arrays(run(chosen, dataset).parameters)
        for array, expected in zip(found, [*weights, *slow.mean[len(slow.w) :]], strict=True):
            assert array.shape == expected.shape
            assert np.abs(array - expected).max() <= tolerance * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    ("cost", "activation"),
    [("crossentropy", "sigmoid"), ("quadratic", "tanh"), ("loglikelihood", "relu")],
)
def test_epochs_are_those_of_the_slow_network(variant: str, cost: str, activation: str) -> None:
    values = {"cost.name": cost, "model.activation": activation, "train.batch_size": 4}
    assert_same_weights(configured({"seed": 2, **values, **VARIANTS[variant]}), DATASET)


@pytest.mark.parametrize(
    "variant",
    [
        "none",
        "l2",
        "elastic",
        "maxnorm",
        "momentum and l2",
        "decoupled and nesterov",
        "averaged",
        "smoothed labels",
        "dropout of both, l2",
        "no hidden layer",
    ],
)
def test_epochs_of_mnist_are_those_of_the_slow_network(variant: str) -> None:
    dataset = head(load_dataset(DataConfig()), 64, 10)
    values = {
        "data.n_train": 64,
        "data.n_validation": 0,
        "model.hidden": [30],
        "train.batch_size": 10,
    }
    assert_same_weights(configured({**values, **VARIANTS[variant]}), dataset)


def test_large_layers_behind_the_first_are_those_of_the_slow_network() -> None:
    values = {"model.hidden": [92, 90], "train.batch_size": 7, "train.epochs": 1}
    variants = ("l2", "elastic", "maxnorm", "momentum and l2", "averaged", "dropout of both, l2")
    for variant in variants:
        assert_same_weights(configured({**values, **VARIANTS[variant]}), DATASET)


def test_single_precision_differs_from_the_slow_network_by_rounding_only() -> None:
    for variant in VARIANTS.values():
        config = configured({"seed": 2, "train.batch_size": 4, **variant, "train.dtype": "float32"})
        assert_same_weights(config, DATASET, tolerance=2e-5)


def test_norm_limit_of_these_tests_is_exceeded_without_it() -> None:
    free = run(configured({"seed": 2, "train.batch_size": 4}), DATASET).parameters
    assert max(np.linalg.norm(w, axis=1).max() for w in free.weights) > 0.9
