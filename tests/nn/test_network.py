"""The network: its gradients against central differences of the cost, and against JAX's.

The tables go over the registries: a cost or an activation that is registered with a wrong
derivative fails here without being added to any list.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.random import PCG64

from nnexp.nn import draws
from nnexp.nn.activations import ACTIVATIONS, Activation
from nnexp.nn.costs import COSTS, Cost
from nnexp.nn.dropout import mask
from nnexp.nn.network import backward, forward, logits
from nnexp.nn.parameters import Array, Parameters
from tests import equations

HIDDEN: tuple[tuple[int, ...], ...] = ((), (5,), (5, 4), (4, 5, 3))
INPUTS, OUTPUTS, EXAMPLES = 6, 4, 7
# Those that tests/equations.py has equations of its own for.
COST_EQUATIONS = {"crossentropy", "quadratic", "loglikelihood"}
ACTIVATION_EQUATIONS = {"sigmoid", "tanh", "relu"}


def example(hidden: Sequence[int], seed: int = 1) -> tuple[Parameters, Array, Array]:
    """A network, its inputs and their targets."""
    rng, sizes = np.random.default_rng(seed), (INPUTS, *hidden, OUTPUTS)
    weights = tuple(rng.standard_normal((n, m)) for m, n in pairwise(sizes))
    biases = tuple(rng.standard_normal(n) for n in sizes[1:])
    x = rng.random((INPUTS, EXAMPLES)) * (rng.random((INPUTS, EXAMPLES)) > 0.3)
    return Parameters(weights, biases), x, np.eye(OUTPUTS)[:, rng.integers(0, OUTPUTS, EXAMPLES)]


def masks_of(hidden: Sequence[int]) -> list[Array]:
    """Masks that delete some 40 % of the hidden units."""
    bits = PCG64(8)
    return [mask(draws.halves(bits, EXAMPLES, n), 0.4, np.float64).T for n in hidden]


def numerical_gradient(
    parameters: Parameters,
    x: Array,
    y: Array,
    activation: Activation,
    cost: Cost,
    masks: Sequence[Array] | None,
) -> list[Array]:
    """Central differences of the mean cost, by each weight and bias."""
    arrays = [a.copy() for a in (*parameters.weights, *parameters.biases)]
    layers, h = len(parameters.weights), 1e-5
    moved = Parameters(tuple(arrays[:layers]), tuple(arrays[layers:]))

    def mean_cost() -> float:
        return float(np.mean(cost.value(forward(moved, x, activation, cost, masks).z, y)))

    slopes = []
    for array in arrays:
        slope = np.empty_like(array)
        for index in np.ndindex(array.shape):
            middle = array[index]
            array[index] = middle + h
            above = mean_cost()
            array[index] = middle - h
            slope[index] = (above - mean_cost()) / (2 * h)
            array[index] = middle
        slopes.append(slope)
    return slopes


def check_gradient(
    cost: Cost, activation: Activation, hidden: Sequence[int], masks: Sequence[Array] | None
) -> None:
    parameters, x, y = example(hidden)
    trace = forward(parameters, x, activation, cost, masks)
    gradient = backward(parameters, trace, y, activation, cost)
    expected = numerical_gradient(parameters, x, y, activation, cost, masks)
    for ours, theirs in zip((*gradient.weights, *gradient.biases), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=2e-9)


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cost", COSTS)
def test_gradient_is_that_of_central_differences(
    cost: str, activation: str, hidden: tuple[int, ...], dropout: bool
) -> None:
    masks = masks_of(hidden) if dropout else None
    check_gradient(COSTS[cost], ACTIVATIONS[activation], hidden, masks)


def test_derivatives_that_are_a_little_wrong_are_noticed() -> None:
    for cost in COSTS.values():
        wrong = dataclasses.replace(cost, error=lambda a, y, c=cost: 1.0001 * c.error(a, y))
        with pytest.raises(AssertionError):
            check_gradient(wrong, ACTIVATIONS["tanh"], (5,), None)
    for f in ACTIVATIONS.values():
        off = dataclasses.replace(f, derivative=lambda z, a, f=f: 1.0001 * f.derivative(z, a))
        with pytest.raises(AssertionError):
            check_gradient(COSTS["crossentropy"], off, (5,), None)


@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cost", COSTS)
def test_gradient_is_that_of_jax(
    cost: str, activation: str, hidden: tuple[int, ...], dropout: bool
) -> None:
    if cost not in COST_EQUATIONS or activation not in ACTIVATION_EQUATIONS:
        pytest.skip("no equation of its own in tests/equations.py")
    parameters, x, y = example(hidden)
    masks = masks_of(hidden) if dropout else None
    total = equations.Total(cost, activation)
    with jax.enable_x64(True):
        weights, biases = jax.grad(total, argnums=(0, 1))(
            [jnp.asarray(w) for w in parameters.weights],
            [jnp.asarray(b) for b in parameters.biases],
            x,
            y,
            masks,
            jnp,
        )
    f, c = ACTIVATIONS[activation], COSTS[cost]
    gradient = backward(parameters, forward(parameters, x, f, c, masks), y, f, c)
    for ours, theirs in zip(
        (*gradient.weights, *gradient.biases), (*weights, *biases), strict=True
    ):
        np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("hidden", HIDDEN, ids=str)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_logits_are_those_of_the_forward_pass_without_masks(
    name: str, hidden: tuple[int, ...]
) -> None:
    parameters, x, _ = example(hidden)
    f, cost = ACTIVATIONS[name], COSTS["loglikelihood"]
    trace = forward(parameters, x, f, cost)
    z = logits(parameters, x, f)
    np.testing.assert_array_equal(z, trace.z)
    np.testing.assert_array_equal(cost.output(z), trace.output)
    if name in ACTIVATION_EQUATIONS:
        plain = equations.logits(parameters.weights, parameters.biases, name, x)
        np.testing.assert_allclose(z, plain, rtol=1e-13, atol=1e-13)


def test_trace_holds_what_each_layer_was_given() -> None:
    parameters, x, _ = example((5, 4))
    masks = masks_of((5, 4))
    trace = forward(parameters, x, ACTIVATIONS["tanh"], COSTS["quadratic"], masks)
    assert trace.inputs[0] is x
    assert len(trace.inputs) == 3
    for a, m, passed in zip(trace.activations, masks, trace.inputs[1:], strict=True):
        np.testing.assert_array_equal(passed, a * m)
        assert (passed[m == 0] == 0).all()
        assert (a[m == 0] != 0).all()


@pytest.mark.parametrize("name", COSTS)
def test_gradient_of_a_mini_batch_is_the_mean_of_its_examples(name: str) -> None:
    parameters, x, y = example((5,))
    f, cost = ACTIVATIONS["sigmoid"], COSTS[name]
    whole = backward(parameters, forward(parameters, x, f, cost), y, f, cost)
    singles = [
        backward(parameters, forward(parameters, x[:, [i]], f, cost), y[:, [i]], f, cost)
        for i in range(EXAMPLES)
    ]
    for layer in range(2):
        np.testing.assert_allclose(
            whole.weights[layer], np.mean([s.weights[layer] for s in singles], axis=0), atol=1e-15
        )
        np.testing.assert_allclose(
            whole.biases[layer], np.mean([s.biases[layer] for s in singles], axis=0), atol=1e-15
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cost", COSTS)
def test_passes_keep_the_precision_and_change_nothing_they_are_given(
    cost: str, activation: str, dtype: Any
) -> None:
    parameters, x, y = example((5, 4))
    parameters, x, y = parameters.astype(dtype), x.astype(dtype), y.astype(dtype)
    masks = [m.astype(dtype) for m in masks_of((5, 4))]
    given = [*parameters.weights, *parameters.biases, x, y, *masks]
    before = [a.copy() for a in given]
    f, c = ACTIVATIONS[activation], COSTS[cost]
    trace = forward(parameters, x, f, c, masks)
    gradient = backward(parameters, trace, y, f, c)
    made = [trace.z, trace.output, *trace.activations, *gradient.weights, *gradient.biases]
    assert {a.dtype for a in made} == {np.dtype(dtype)}
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)
    for g, p in zip(
        (*gradient.weights, *gradient.biases),
        (*parameters.weights, *parameters.biases),
        strict=True,
    ):
        assert g.shape == p.shape


def test_single_neuron_with_one_example() -> None:
    """The toy of the chapter's beginning: w = 0.6, b = 0.9, x = 1, y = 0; a = 0.82."""
    neuron = Parameters((np.array([[0.6]]),), (np.array([0.9]),))
    x, y, f = np.array([[1.0]]), np.array([[0.0]]), ACTIVATIONS["sigmoid"]
    trace = forward(neuron, x, f, COSTS["quadratic"])
    a = trace.output[0, 0]
    assert a == pytest.approx(0.82, abs=0.005)
    slow = backward(neuron, trace, y, f, COSTS["quadratic"])
    assert slow.weights[0][0, 0] == pytest.approx(a * a * (1 - a))
    fast = backward(neuron, trace, y, f, COSTS["crossentropy"])
    assert fast.biases[0][0] == pytest.approx(a)
