"""The step: against small references that are written out by hand, weight by weight."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from nnexp.nn.parameters import Parameters
from nnexp.nn.regularizers import REGULARIZERS, Regularization
from nnexp.nn.sgd import Descent, init, update

ETA, N = 0.3, 20
SIZES = (6, 5, 4)
CHOICE = (2.0, 1.5, 1.8)  # λ, λ₁ of elastic, max_norm


def drawn(seed: int, dtype: Any = np.float64) -> Parameters:
    rng = np.random.default_rng(seed)
    weights = tuple(rng.standard_normal((n, m)) for m, n in pairwise(SIZES))
    weights[0][0, :2] = 0.0
    return Parameters(weights, tuple(rng.standard_normal(n) for n in SIZES[1:])).astype(dtype)


def arrays(parameters: Parameters) -> list[Any]:
    return [*parameters.weights, *parameters.biases]


def by_hand(
    w: float, g: float, v: float, eta: float, mu: float, l2: float, l1: float, decay: float, n: int
) -> tuple[float, float]:
    """One weight's step: the new weight, the new velocity."""
    sign = math.copysign(1.0, w) if w else 0.0
    v = mu * v - eta * (g + l2 / n * w + l1 / n * sign)
    return (1 - eta * decay / n) * w + v, v


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("name", REGULARIZERS)
def test_steps_are_those_written_out_weight_by_weight(
    name: str, momentum: float, biases: bool
) -> None:
    r = REGULARIZERS[name](*CHOICE, biases)
    descent = Descent(ETA, momentum, r, N)
    parameters = drawn(1)
    velocity = init(parameters)
    expected = [a.copy() for a in arrays(parameters)]
    speeds = [np.zeros_like(a) for a in expected]
    for step in range(3):
        gradient = drawn(10 + step)
        parameters, velocity = update(gradient, velocity, parameters, descent)
        for i, g in enumerate(arrays(gradient)):
            pulled = i < len(SIZES) - 1 or biases
            forces = (r.l2, r.l1, r.decay) if pulled else (0.0, 0.0, 0.0)
            for at in np.ndindex(g.shape):
                expected[i][at], speeds[i][at] = by_hand(
                    expected[i][at], g[at], speeds[i][at], ETA, momentum, *forces, N
                )
            if i < len(SIZES) - 1:
                for row in expected[i]:
                    norm = math.sqrt(math.fsum(x * x for x in row))
                    row *= min(1.0, r.max_norm / norm)
        for ours, theirs in zip(
            arrays(parameters) + arrays(velocity), expected + speeds, strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-15)


def test_l2_step_is_weight_decay() -> None:
    """w → (1 − ηλ/n) w − η ∂C₀/∂w (eq. 93); b → b − η ∂C₀/∂b (eq. 94)."""
    p, g = drawn(1), drawn(2)
    new, _ = update(g, init(p), p, Descent(0.5, 0.0, Regularization(l2=5.0), 50_000))
    for layer in range(2):
        decayed = (1 - 0.5 * 5 / 50_000) * p.weights[layer]
        np.testing.assert_allclose(new.weights[layer], decayed - 0.5 * g.weights[layer], atol=1e-15)
        np.testing.assert_array_equal(new.biases[layer], p.biases[layer] - 0.5 * g.biases[layer])


def test_l1_step_shrinks_by_a_constant_and_leaves_zero_alone() -> None:
    """w → w − (ηλ/n) sgn(w) − η ∂C₀/∂w (eq. 97), where sgn(0) = 0."""
    p = drawn(1)
    still = init(p)
    new, _ = update(still, still, p, Descent(0.5, 0.0, Regularization(l1=2.0), 10))
    np.testing.assert_allclose(new.weights[0], p.weights[0] - 0.1 * np.sign(p.weights[0]))
    assert (new.weights[0][0, :2] == 0).all()


def test_momentum_gathers_speed() -> None:
    """With a constant gradient the speed grows to η g / (1 − μ)."""
    p, g = drawn(1), drawn(2)
    v = init(p)
    for _ in range(200):
        p, v = update(g, v, p, Descent(0.1, 0.9, Regularization(), 10))
    np.testing.assert_allclose(v.weights[0], -0.1 * g.weights[0] / (1 - 0.9), rtol=1e-8)


def test_max_norm_limits_weights_and_never_biases() -> None:
    p = drawn(1)
    still = init(p)
    new, _ = update(still, still, p, Descent(0.5, 0.0, Regularization(max_norm=0.5), 10))
    for w in new.weights:
        assert (np.linalg.norm(w, axis=1) <= 0.5 * (1 + 1e-15)).all()
    for before, after in zip(p.biases, new.biases, strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", REGULARIZERS)
def test_step_keeps_the_precision_whatever_numbers_it_is_given(name: str, dtype: Any) -> None:
    values = [np.float64(value) for value in CHOICE]
    descent = Descent(np.float64(ETA), np.float64(0.9), REGULARIZERS[name](*values, True), N)
    p, g = drawn(1, dtype), drawn(2, dtype)
    given = [*arrays(p), *arrays(g)]
    before = [a.copy() for a in given]
    new, velocity = update(g, init(p), p, descent)
    assert {a.dtype for a in (*arrays(new), *arrays(velocity))} == {np.dtype(dtype)}
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_velocities_begin_at_rest() -> None:
    p = drawn(1, np.float32)
    for v, a in zip(arrays(init(p)), arrays(p), strict=True):
        assert v.shape == a.shape
        assert v.dtype == np.float32
        assert not v.any()
