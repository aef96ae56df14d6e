"""The chapter's dropout and the inverted one: the same network by two roads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.random import PCG64

from nnexp.nn import draws
from nnexp.nn.activations import ACTIVATIONS
from nnexp.nn.costs import COSTS
from nnexp.nn.dropout import full_network, mask
from nnexp.nn.initializers import DRAWN
from nnexp.nn.network import backward, forward
from nnexp.nn.parameters import Array, Parameters
from nnexp.nn.regularizers import Regularization
from nnexp.nn.sgd import Descent, init, update
from tests.small import arrays, configured, made, run

SIZES, EXAMPLES = (6, 5, 4, 3), 8
RNG = np.random.default_rng(3)
X = RNG.random((6, EXAMPLES))
Y = np.eye(3)[:, RNG.integers(3, size=EXAMPLES)]


def trained(
    start: Parameters, rate: float, cost: str, *, inverted: bool, moment: float
) -> Parameters:
    """Twenty steps with masks of one stream.

    Of the chapter's dropout, the data's part of the step of weights out of hidden units is taken at
    η/(1 − p)², as docs/methods.md says.
    """
    descent = Descent(0.5, moment, Regularization(l2=0.5), EXAMPLES)
    parameters, velocity, bits = start, init(start), PCG64(1)
    for _ in range(20):
        drawn = draws.halves(bits, EXAMPLES, sum(SIZES[1:-1]))
        masks = np.split(mask(drawn, rate, np.float64, inverted=inverted).T, [SIZES[1]])
        activation = ACTIVATIONS["sigmoid"]
        trace = forward(parameters, X, activation, COSTS[cost], masks)
        gradient = backward(parameters, trace, Y, activation, COSTS[cost])
        if not inverted:
            gradient = behind(gradient, 1 / (1 - rate) ** 2)
        parameters, velocity = update(gradient, velocity, parameters, descent)
    return parameters


def behind(parameters: Parameters, factor: float) -> Parameters:
    """The weights out of hidden units times a factor."""
    first, *others = parameters.weights
    return replace(parameters, weights=(first, *[w * factor for w in others]))


@pytest.mark.parametrize("moment", [0.0, 0.9])
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("rate", [0.5, 0.3])
def test_both_scales_train_the_same_network(rate: float, cost: str, moment: float) -> None:
    start = DRAWN["scaled"](SIZES, draws.Normals(PCG64(0)))
    ours = trained(start, rate, cost, inverted=True, moment=moment)
    chapter = trained(behind(start, 1 / (1 - rate)), rate, cost, inverted=False, moment=moment)
    assert np.abs(ours.weights[1] - start.weights[1]).max() > 0.01
    for a, b in zip(arrays(ours), arrays(full_network(chapter, rate, 0.0)), strict=True):
        if rate == 0.5:  # Times and over 2 and 4 rounds nothing.
            np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_the_full_network_passes_on_what_the_masked_ones_do_on_average() -> None:
    weights = DRAWN["scaled"]((40, 7), draws.Normals(PCG64(0))).weights[0]
    network = Parameters((np.eye(40), weights), (np.zeros(40), np.zeros(7)))
    halved = full_network(network, 0.3, 0.0)
    drawn = draws.halves(PCG64(2), 200_000, 40)
    activations: Array = np.linspace(0.1, 1.0, 40)
    for inverted, used in ((True, weights), (False, halved.weights[1])):
        masks = mask(drawn, 0.3, np.float64, inverted=inverted)
        mean = (masks @ (activations[:, None] * weights.T)).mean(axis=0)
        np.testing.assert_allclose(used @ activations, mean, atol=5e-3)
    assert halved.weights[0] is not None
    np.testing.assert_array_equal(halved.weights[0], np.eye(40))


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
@pytest.mark.parametrize(("hidden", "inputs"), [(0.5, 0.0), (0.25, 0.2)])
def test_what_is_measured_and_kept_is_the_full_network(
    engine: str, hidden: float, inputs: float
) -> None:
    rates = {"dropout.hidden": hidden, "dropout.input": inputs, "dropout.scale": "test"}
    values: dict[str, Any] = {**rates, "train.engine": engine, "train.epochs": 0}
    found = run(configured(values), made())
    raw = run(configured({**values, "dropout.scale": "train"}), made())
    first, second = raw.parameters.weights
    np.testing.assert_array_equal(found.parameters.weights[0], first * (1.0 - inputs))
    np.testing.assert_array_equal(found.parameters.weights[1], second * (1.0 - hidden))
    assert found.series("train/cost") != raw.series("train/cost")
