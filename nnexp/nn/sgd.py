"""The step of mini-batch stochastic gradient descent, for a stack of K runs.

Plain descent (eq. 20, 21, with L2 eq. 93):

    w ← (1 − ηλ/n) w − (ηλ₁/n) sgn(w) − (η/B) Σ_x δ aᵀ        b ← b − (η/B) Σ_x δ

With momentum μ (eq. 107, 108):

    v ← μ v − η ∇C                                             w ← w + v

In plain descent L2's decay is not applied to the weights in every step. They are kept as
w = σ · v with one number σ per run, so that decay is σ ← (1 − ηλ/n) σ and the gradient is added to
v divided by σ; at the end of an epoch, and before σ becomes small, v ← σ v and σ ← 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.nn import gemm
from nnexp.nn.network import Pass, Stack
from nnexp.nn.parameters import Array
from nnexp.nn.regularizers import l1_shrink, l2_decay, limit_norm

SMALLEST_DECAY = 2.0**-10
"""σ is folded back into the weights before it falls below this."""

LARGE_LAYER = 8192
"""Layers with at least so many weights are updated by one accumulating gemm per run."""


@dataclass(frozen=True)
class Rates:
    """What may differ between the runs of a stack: float64 arrays of shape (K,)."""

    eta: NDArray[np.float64]
    l2: NDArray[np.float64]
    l1: NDArray[np.float64]
    max_norm: NDArray[np.float64]
    """Infinity where there is no limit."""
    momentum: NDArray[np.float64]

    @classmethod
    def join(cls, rates: Sequence[Rates]) -> Rates:
        """The rates of several runs side by side."""
        return cls(*(np.concatenate([getattr(r, f.name) for r in rates]) for f in fields(cls)))


@dataclass(frozen=True)
class Method:
    """What all runs of a stack have in common, as it decides which operations a step has."""

    momentum: bool
    l1: bool
    max_norm: bool
    biases: bool
    """L2 and L1 act on the biases too."""


class Decay:
    """The schedule of σ over an epoch: a table of numbers per step, and when to restore."""

    def __init__(self, factor: NDArray[np.float64], steps: int) -> None:
        """`factor` is 1 − ηλ/n of each run, in (0, 1]."""
        self.active = bool(np.any(factor != 1.0))
        self.steps = steps
        if not self.active:
            return
        with np.errstate(divide="ignore"):
            period = np.floor(np.log(SMALLEST_DECAY) / np.log(factor))
        self.period = np.clip(np.nan_to_num(period, posinf=steps), 1, steps).astype(int)
        phase = np.arange(steps)[:, None] % self.period
        self.before = factor**phase
        self.after = factor ** (phase + 1)
        full = (phase + 1 == self.period) | (np.arange(steps)[:, None] == steps - 1)
        self.full = full & (factor != 1.0)
        self.restores = self.full.any(axis=1).tolist()


class Descent:
    """The updates of one stack by plain descent or with momentum, for one size of mini-batch."""

    def __init__(
        self,
        stack: Stack,
        passes: Pass,
        rates: Rates,
        method: Method,
        n: int,
        input_scale: float,
        velocity: Velocity | None,
    ) -> None:
        examples = passes.all_errors.shape[-1]
        dtype = stack.all_biases.dtype
        self.stack, self.passes, self.method, self.velocity = stack, passes, method, velocity
        self.gemm = gemm.routine(dtype)
        runs = len(stack)
        # One block, so that a step sets all its numbers with one copy.
        self.numbers = np.ones((4, runs, 1, 1), dtype)
        self.input_scale, self.decay, _, self.rate = map(_factor, self.numbers)
        self.bias_rate = np.repeat(_column(-rates.eta / examples, dtype), examples, axis=1)
        self.scale = input_scale
        self.step_rate = -rates.eta / examples
        self.set_decay(np.ones(runs), np.ones(runs))
        self.l1_amount = rates.eta * rates.l1 / n
        self.shrink = _column(self.l1_amount, dtype)
        self.limit = _column(rates.max_norm, dtype)
        self.friction = _column(rates.momentum, dtype)
        self.l2_amount = _column(rates.eta * rates.l2 / n, dtype)
        self.bias_decay = _column(l2_decay(rates.eta, rates.l2, n), dtype)
        self.one = np.ones(1, dtype)
        self.bias_step = np.empty((runs, sum(stack.sizes[1:]), 1), dtype)
        self.bias_scratch = np.empty_like(self.bias_step)
        dense = method.l1 or method.max_norm or method.momentum
        self.gradients = [
            np.empty_like(w) if dense or not _large(w) else np.empty(0, dtype)
            for w in stack.weights
        ]
        self._small = [
            (passes.errors[i], passes.outputs[i - 1].transpose(0, 2, 1), self.gradients[i])
            if i and not _large(w)
            else None
            for i, w in enumerate(stack.weights)
        ]
        self._calls: dict[tuple[int, int], list[gemm.Call]] = {}
        self._keep: list[Any] = []

    def set_decay(self, before: NDArray[np.float64], after: NDArray[np.float64]) -> None:
        """Set σ before and after the coming step, each of shape (K,)."""
        self.numbers[:, :, 0, 0] = (
            self.scale * before,
            before,
            self.scale * self.step_rate / after,
            self.step_rate / after,
        )

    def table(self, decay: Decay, first: int, steps: int) -> Array:
        """The `numbers` of some steps of an epoch, shape (steps, 4, K, 1, 1), to copy from."""
        before, after = decay.before[first : first + steps], decay.after[first : first + steps]
        rate = self.step_rate / after
        rows = np.stack([self.scale * before, before, self.scale * rate, rate], axis=1)
        return rows.astype(self.numbers.dtype)[..., None, None]

    def restore(self, decay: Decay, step: int) -> None:
        """v ← σ v for the runs whose σ starts again from 1 after this step."""
        sigma = np.where(decay.full[step], decay.after[step], 1.0)
        column = _column(sigma, self.numbers.dtype)
        for weights in self.stack.weights:
            np.multiply(weights, column, out=weights)

    def step(self, inputs: list[tuple[slice, Array]], after: NDArray[np.float64] | None) -> None:
        """Update all weights and biases from the errors and outputs that the passes hold.

        `inputs` are the mini-batches x (B, m) of the runs in each slice, m the columns that are
        not all zero; `after` is σ after this step, needed with L1 and lazy decay.
        """
        # −(η/B) Σ_x δ (eq. BP3) of all layers at once
        np.matmul(self.passes.all_errors, self.bias_rate, out=self.bias_step)
        if self.velocity is not None:
            self._with_momentum(inputs, self.velocity)
            return
        if self.method.l1:
            self._shrink(after)
        if self.method.biases:
            self._constrain_biases()
        np.add(self.stack.all_biases, self.bias_step, out=self.stack.all_biases)
        for layer, weights in enumerate(self.stack.weights):
            small = self._small[layer]
            if small is not None:
                # Σ_x δ aᵀ (eq. BP4), shape (K, n_out, n_in)
                error, transposed_output, gradient = small
                np.matmul(error, transposed_output, out=gradient)
                np.multiply(gradient, self.rate, out=gradient)
                np.add(weights, gradient, out=weights)
            else:
                self._accumulate(layer, inputs, weights)
        if self.method.max_norm:
            for weights, scratch in zip(self.stack.weights, self.gradients, strict=True):
                limit_norm(weights, self.limit, scratch)

    def _with_momentum(self, inputs: list[tuple[slice, Array]], velocity: Velocity) -> None:
        np.multiply(velocity.biases, self.friction, out=velocity.biases)
        np.add(velocity.biases, self.bias_step, out=velocity.biases)
        if self.method.biases:
            self._pull(velocity.biases, self.stack.all_biases, self.bias_scratch)
        np.add(self.stack.all_biases, velocity.biases, out=self.stack.all_biases)
        for layer, weights in enumerate(self.stack.weights):
            v, scratch = velocity.weights[layer], self.gradients[layer]
            # Not by gemm's β: it reaches only the columns of this mini-batch's pixels.
            np.multiply(v, self.friction, out=v)
            self._accumulate(layer, inputs, v)
            self._pull(v, weights, scratch)
            np.add(weights, v, out=weights)
            if self.method.max_norm:
                limit_norm(weights, self.limit, scratch)

    def _pull(self, v: Array, w: Array, scratch: Array) -> None:
        """Add the regularizers' part of −η ∇C to the velocity."""
        np.multiply(w, self.l2_amount, out=scratch)
        np.subtract(v, scratch, out=v)
        if self.method.l1:
            np.sign(w, out=scratch)
            np.multiply(scratch, self.shrink, out=scratch)
            np.subtract(v, scratch, out=v)

    def _shrink(self, after: NDArray[np.float64] | None) -> None:
        amount = self.shrink
        if after is not None:
            amount = _column(self.l1_amount / after, self.shrink.dtype)
        for weights, scratch in zip(self.stack.weights, self.gradients, strict=True):
            l1_shrink(weights, amount, scratch)

    def _constrain_biases(self) -> None:
        biases = self.stack.all_biases
        if self.method.l1:
            np.sign(biases, out=self.bias_scratch)
            np.multiply(self.bias_scratch, self.shrink, out=self.bias_scratch)
            np.subtract(self.bias_step, self.bias_scratch, out=self.bias_step)
        np.multiply(biases, self.bias_decay, out=biases)

    def _accumulate(self, layer: int, inputs: list[tuple[slice, Array]], target: Array) -> None:
        """target ← target + rate · Σ_x δ aᵀ, one gemm per run, over the columns that count."""
        if layer:
            for call in self._prepared(layer, 0, slice(0, len(self.stack)), None, target):
                self.gemm(*call)
            return
        for runs, x in inputs:
            for call in self._prepared(x.shape[-1], runs.start, runs, x, target):
                self.gemm(*call)

    def _prepared(
        self,
        width: int,
        start: int,
        runs: slice,
        x: Array | None,
        target: Array,
    ) -> list[gemm.Call]:
        """The gemm calls of some runs, prepared once per width of the inputs: all buffers stay."""
        key = (width, start) if x is not None else (-width, start)
        calls = self._calls.get(key)
        if calls is None:
            calls = []
            _, _, input_rates, rates = self.numbers
            for k in range(runs.start, runs.stop):
                if x is None:
                    a, delta, rate = self.passes.outputs[width - 1][k].T, width, rates
                else:
                    a, delta, rate = (x if x.ndim == 2 else x[k - start]), 0, input_rates
                calls.append(
                    gemm.accumulate(
                        rate[k, 0],
                        self.passes.errors[delta][k],
                        a,
                        self.one,
                        target[k][:, : a.shape[1]],
                        self._keep,
                    )
                )
            self._calls[key] = calls
        return calls


@dataclass(frozen=True)
class Velocity:
    """The velocities of momentum, in the shapes of the weights and of all biases of a stack."""

    weights: list[Array]
    biases: Array

    @classmethod
    def at_rest(cls, stack: Stack) -> Velocity:
        """All velocities zero."""
        return cls([np.zeros_like(w) for w in stack.weights], np.zeros_like(stack.all_biases))

    def keep(self, runs: Sequence[int]) -> Velocity:
        """The velocities of some of the runs, in that order."""
        return Velocity([w[list(runs)] for w in self.weights], self.biases[list(runs)])


def _large(weights: Array) -> bool:
    return bool(weights[0].size >= LARGE_LAYER)


def _factor(column: Array) -> Array:
    """A view of factors (K, 1, 1) to multiply by; of one run 0-d: NumPy takes half the time."""
    return column[0, 0, 0, ...] if len(column) == 1 else column


def _column(values: NDArray[np.float64], dtype: np.dtype[Any]) -> Array:
    return values.astype(dtype)[:, None, None]
