"""JAX: an epoch is one compiled scan over mini-batches.

Tried at 784-30-10, CPU time per epoch: weights (n_out, n_in) beat (n_in, n_out) by 15 to 30 %,
gradients by hand beat `jax.grad` by 15 %, unrolling the scan and bytes instead of floats gained
nothing, donating the weights costs nothing. So all forms here have gradients by hand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.work import (
    BATCH,
    DECAY,
    ETA,
    SETTINGS,
    TASKS,
    Ready,
    Task,
    Work,
    arrays,
    decays,
    evaluated,
    first_layers,
    start,
)

Parameters = tuple[Any, Any, Any, Any]


def scan(work: Work) -> Ready:
    """One run after another, of any task."""
    task, step = TASKS[work.task], _Step(work)
    weights, biases = first_layers(work.sizes, relu=task.relu)
    moving = (weights, biases) if task.momentum else ([], [])
    velocities = jax.tree.map(np.zeros_like, moving)
    run = jax.jit(partial(_epoch, task), donate_argnums=0)
    # The fastest of its generators of random bits; only dropout draws any.
    keys = jax.random.split(jax.random.key(0, impl="unsafe_rbg"), 10_000)
    state: Any = jax.tree.map(jnp.asarray, (weights, biases, velocities))
    judge = jax.jit(partial(_judge_layers, task))
    epochs = 0

    def train() -> None:
        nonlocal state, epochs
        state = run(state, step.order(), keys[epochs % len(keys)], *step.data)
        epochs += 1
        jax.block_until_ready(state)

    def evaluate() -> Any:
        _, hits = judge(*state[:2], step.every, step.wanted)
        return np.atleast_1d(hits)

    return Ready(1, train, evaluate)


def vmap(work: Work) -> Ready:
    """All runs of the share at once, each of another seed."""
    step, width = _Step(work), work.width
    run = jax.jit(jax.vmap(step.epoch, in_axes=(0, 0, None, None, None)), donate_argnums=0)
    decay = 1 - ETA * DECAY

    def epoch(p: Parameters) -> Parameters:
        orders = np.stack([step.order() for _ in range(width)])
        return run(p, orders, decay, *step.data)

    return step.ready(width, start(*work.hidden, (width,)), epoch)


def shared(work: Work) -> Ready:
    """8 settings of a seed at once: they share their mini-batches, gathered once."""
    step = _Step(work)
    run = jax.jit(step.shared, donate_argnums=0)
    decay = jnp.asarray(decays(SETTINGS))
    weights = start(*work.hidden, (SETTINGS,))
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
        judge = jax.jit(jax.vmap(_judge, in_axes=(0, None, None)))

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


def _epoch(task: Task, state: Any, order: Any, key: Any, x: Any, y: Any) -> Any:
    rows = order.reshape(-1, task.batch)
    masks = jax.random.split(key, len(rows)) if task.dropout else None

    def step(state: Any, drawn: Any) -> Any:
        rows, key = drawn
        return _layers_step(task, state, x[rows], y[rows], key), None

    return jax.lax.scan(step, state, (rows, masks))[0]


def _layers_step(task: Task, state: Any, a: Any, y: Any, key: Any) -> Any:
    """A step of any depth: forward, then layer by layer back."""
    weights, biases, (w_moving, b_moving) = state
    inputs, slopes = [a], []
    for layer, (w, b) in enumerate(zip(weights[:-1], biases[:-1], strict=True)):
        z = inputs[-1] @ w.T + b
        a = jax.nn.relu(z) if task.relu else jax.nn.sigmoid(z)
        slope = (z > 0).astype(z.dtype) if task.relu else a * (1 - a)
        if task.dropout:
            bits = jax.random.bits(jax.random.fold_in(key, layer), z.shape, jnp.uint8)
            mask = (bits >= int(256 * task.dropout)) * np.float32(1 / (1 - task.dropout))
            a, slope = a * mask, slope * mask
        inputs.append(a)
        slopes.append(slope)
    d = jax.nn.sigmoid(inputs[-1] @ weights[-1].T + biases[-1]) - y
    d = d * np.float32(task.eta / task.batch)
    new: tuple[list[Any], ...] = ([], [], [], [])
    for layer in reversed(range(len(weights))):
        w, b, gradient, bias_gradient = (
            weights[layer],
            biases[layer],
            d.T @ inputs[layer],
            d.sum(0),
        )
        if layer:
            d = (d @ w) * slopes[layer - 1]
        if task.momentum:
            v = task.momentum * w_moving[layer] - task.eta * task.decay * w - gradient
            u = task.momentum * b_moving[layer] - bias_gradient
            found = (w + v, b + u, v, u)
        else:
            pull = task.eta * task.l1 * jnp.sign(w) if task.l1 else 0.0
            found = ((1 - task.eta * task.decay) * w - pull - gradient, b - bias_gradient)
        if task.max_norm < np.inf:
            norms = jnp.sqrt(jnp.sum(found[0] ** 2, axis=1, keepdims=True))
            found = (found[0] * (task.max_norm / jnp.maximum(norms, task.max_norm)), *found[1:])
        for values, value in zip(new, found, strict=False):
            values.insert(0, value)
    return new[0], new[1], (new[2], new[3])


def _judge_layers(task: Task, weights: Any, biases: Any, x: Any, y: Any) -> Any:
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        z = x @ w.T + b
        x = jax.nn.relu(z) if task.relu else jax.nn.sigmoid(z)
    z = x @ weights[-1].T + biases[-1]
    return jnp.mean(jnp.sum(jax.nn.softplus(z) - y * z, axis=1)), jnp.sum(
        z.argmax(1) == y.argmax(1)
    )
