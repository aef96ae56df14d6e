"""JAX: an epoch is one compiled scan over mini-batches.

Tried at 784-30-10, CPU time per epoch: weights (n_out, n_in) beat (n_in, n_out) by 15 to 30 %,
gradients by hand beat `jax.grad` by 15 %, unrolling the scan and bytes instead of floats gained
nothing, donating the weights costs nothing. So all forms here have gradients by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.work import (
    BATCH,
    DECAY,
    ETA,
    SETTINGS,
    Ready,
    Work,
    arrays,
    decays,
    evaluated,
    start,
)

Parameters = tuple[Any, Any, Any, Any]


def scan(work: Work) -> Ready:
    """One run after another."""
    step = _Step(work)
    run = jax.jit(step.epoch, donate_argnums=0)
    decay = 1 - ETA * DECAY
    return step.ready(1, start(work.hidden), lambda p: run(p, step.order(), decay, *step.data))


def vmap(work: Work) -> Ready:
    """All runs of the share at once, each of another seed."""
    step, width = _Step(work), work.width
    run = jax.jit(jax.vmap(step.epoch, in_axes=(0, 0, None, None, None)), donate_argnums=0)
    decay = 1 - ETA * DECAY

    def epoch(p: Parameters) -> Parameters:
        orders = np.stack([step.order() for _ in range(width)])
        return run(p, orders, decay, *step.data)

    return step.ready(width, start(work.hidden, (width,)), epoch)


def shared(work: Work) -> Ready:
    """8 settings of a seed at once: they share their mini-batches, gathered once."""
    step = _Step(work)
    run = jax.jit(step.shared, donate_argnums=0)
    decay = jnp.asarray(decays(SETTINGS))
    weights = start(work.hidden, (SETTINGS,))
    return step.ready(SETTINGS, weights, lambda p: run(p, step.order(), decay, *step.data))


class _Step:
    def __init__(self, work: Work) -> None:
        self.work, self.rng = work, np.random.default_rng(0)
        self.data = tuple(map(jnp.asarray, arrays(work)))
        self.every, self.wanted = map(jnp.asarray, evaluated(work))

    def order(self) -> Any:
        return self.rng.permutation(self.work.n)

    def ready(self, runs: int, weights: Parameters, epoch: Callable[[Any], Any]) -> Ready:
        parameters: Any = tuple(map(jnp.asarray, weights))
        judge = jax.jit(_judge if runs == 1 else jax.vmap(_judge, in_axes=(0, None, None)))

        def train() -> None:
            nonlocal parameters
            parameters = epoch(parameters)
            jax.block_until_ready(parameters)

        def evaluate() -> Any:
            _, hits = judge(parameters, self.every, self.wanted)
            return np.atleast_1d(hits)

        return Ready(runs, train, evaluate)

    @staticmethod
    def epoch(parameters: Any, order: Any, decay: Any, x: Any, y: Any) -> Any:
        def step(p: Any, rows: Any) -> Any:
            return _step(p, x[rows], y[rows], decay), None

        return jax.lax.scan(step, parameters, order.reshape(-1, BATCH))[0]

    @staticmethod
    def shared(parameters: Any, order: Any, decay: Any, x: Any, y: Any) -> Any:
        steps = jax.vmap(_step, in_axes=(0, None, None, 0))

        def step(p: Any, rows: Any) -> Any:
            return steps(p, x[rows], y[rows], decay), None

        return jax.lax.scan(step, parameters, order.reshape(-1, BATCH))[0]


def _step(p: Any, a0: Any, y: Any, decay: Any) -> Any:
    w1, b1, w2, b2 = p
    a1 = jax.nn.sigmoid(a0 @ w1.T + b1)
    d2 = (jax.nn.sigmoid(a1 @ w2.T + b2) - y) * (ETA / BATCH)
    d1 = (d2 @ w2) * a1 * (1 - a1)
    return decay * w1 - d1.T @ a0, b1 - d1.sum(0), decay * w2 - d2.T @ a1, b2 - d2.sum(0)


def _judge(p: Any, x: Any, y: Any) -> Any:
    w1, b1, w2, b2 = p
    z = jax.nn.sigmoid(x @ w1.T + b1) @ w2.T + b2
    return jnp.mean(jnp.sum(jax.nn.softplus(z) - y * z, axis=1)), jnp.sum(
        z.argmax(1) == y.argmax(1)
    )
