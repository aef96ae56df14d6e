"""The engine: epochs of mini-batch descent for a stack of K runs of one shape.

From here a step of training is `Pass.forward`, `Pass.backward` (`nn.network`) and `Descent.step`
(`nn.sgd`); this module feeds them mini-batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.activations import ACTIVATIONS
from nnexp.nn.costs import COSTS
from nnexp.nn.network import Pass, Product, Stack
from nnexp.nn.parameters import Array
from nnexp.nn.regularizers import l2_decay
from nnexp.nn.sgd import Decay, Descent, Method, Rates, Velocity
from nnexp.train.evaluation import one_hot
from nnexp.train.feed import Feed
from nnexp.train.masks import Masks

BLOCK = 64
"""Mini-batches whose targets and masks are prepared at once."""


@dataclass(frozen=True)
class Shape:
    """What runs must have in common to be trained in one stack."""

    sizes: tuple[int, ...]
    activation: str
    cost: str
    dtype: str
    batch_size: int
    n: int
    """Training examples per epoch."""
    input_scale: float
    method: Method


@dataclass(frozen=True)
class Member:
    """What a run of the stack has to itself, or shares with the other runs of its seed."""

    rates: Rates
    """Arrays of shape (1,)."""
    feed: Feed
    dropout: float
    dropout_stream: np.random.Generator
    input_dropout: float
    input_stream: np.random.Generator

    def feeds_like(self, other: Member) -> bool:
        """Whether both see the very same inputs in every step."""
        return self.feed is other.feed and self.input_dropout == other.input_dropout


@dataclass(frozen=True)
class Group:
    """Neighbouring runs of the stack that share their mini-batches."""

    runs: slice
    feed: Feed
    input_masks: Masks | None


class Engine:
    """Trains a stack epoch by epoch. Members that share inputs stand side by side."""

    def __init__(
        self, shape: Shape, stack: Stack, members: Sequence[Member], velocity: Velocity | None
    ) -> None:
        self.shape, self.stack, self.velocity = shape, stack, velocity
        self.members = list(members)
        self._arrange()

    def keep(self, runs: Sequence[int]) -> None:
        """Let all other runs leave the stack; those that stay are not disturbed."""
        self.stack = self.stack.keep(runs)
        if self.velocity is not None:
            self.velocity = self.velocity.keep(runs)
        self.members = [self.members[k] for k in runs]
        self._arrange()

    def epoch(self) -> None:
        """Train every run on each of its examples once."""
        size = self.shape.batch_size
        for feed in {id(g.feed): g.feed for g in self.groups}.values():
            feed.start_epoch(size)
        full, rest = divmod(self.shape.n, size)
        # Overflow of e^(−z) is the limit 0 of σ; a run that diverges is found after the epoch.
        with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
            for first in range(0, full, BLOCK):
                self._chain(size).run(first, min(BLOCK, full - first))
            if rest:
                self._chain(rest).run(full, 1)

    def _arrange(self) -> None:
        self.rates = Rates.join([m.rates for m in self.members])
        dtype: np.dtype[Any] = np.dtype(self.shape.dtype)
        starts = [
            k
            for k, member in enumerate(self.members)
            if k == 0 or not member.feeds_like(self.members[k - 1])
        ]
        self.groups = []
        for start, stop in zip(starts, [*starts[1:], len(self.members)], strict=True):
            member, masks = self.members[start], None
            if member.input_dropout:
                rates, units = [member.input_dropout], self.shape.sizes[:1]
                masks = Masks([member.input_stream], rates, units, dtype)
            self.groups.append(Group(slice(start, stop), member.feed, masks))
        self.masks = None
        hidden = self.shape.sizes[1:-1]
        if hidden and any(m.dropout for m in self.members):
            streams = [m.dropout_stream for m in self.members]
            self.masks = Masks(streams, [m.dropout for m in self.members], hidden, dtype)
        steps = -(-self.shape.n // self.shape.batch_size)
        factor = l2_decay(self.rates.eta, self.rates.l2, self.shape.n)
        if self.shape.method.momentum:
            factor = np.ones_like(factor)
        self.decay = Decay(factor, steps)
        self._chains: dict[int, _Chain] = {}

    def _chain(self, examples: int) -> _Chain:
        if examples not in self._chains:
            self._chains[examples] = _Chain(self, examples)
        return self._chains[examples]


class _Chain:
    """Everything for mini-batches of one size: passes, descent, and the buffers between them."""

    def __init__(self, engine: Engine, examples: int) -> None:
        shape, stack = engine.shape, engine.stack
        self.engine, self.examples = engine, examples
        dropout = engine.masks is not None
        activation, cost = ACTIVATIONS[shape.activation], COSTS[shape.cost]
        self.passes = Pass(stack, activation, cost, examples, dropout=dropout)
        self.descent = Descent(
            stack,
            self.passes,
            engine.rates,
            shape.method,
            shape.n,
            shape.input_scale,
            engine.velocity,
        )
        n_inputs, groups = shape.sizes[0], len(engine.groups)
        self.raw = np.empty((groups, examples, n_inputs), np.uint8)
        self.x = np.empty((groups, examples, n_inputs), np.dtype(shape.dtype))
        self._all_raw = self.raw.reshape(-1, n_inputs)
        self._single: dict[int, tuple[list[Product], list[tuple[slice, Array]]]] = {}
        self._parts: dict[tuple[int, int], tuple[Product, tuple[slice, Array]]] = {}

    def run(self, first: int, steps: int) -> None:
        """Make some steps of the epoch, from step `first` (counted from 0)."""
        engine, passes, descent, decay = self.engine, self.passes, self.descent, self.engine.decay
        groups = engine.groups
        start = first * engine.shape.batch_size
        rows = slice(start, start + steps * self.examples)
        picks = [g.feed.picks[rows].reshape(steps, self.examples) for g in groups]
        widths = [g.feed.widths[first : first + steps] for g in groups]
        shared_source = all(g.feed.images is groups[0].feed.images for g in groups)
        gathers = np.stack(picks, axis=1).reshape(steps, -1) if shared_source else None
        targets = self._targets(picks)
        masks = engine.masks.draw(steps, self.examples) if engine.masks is not None else None
        input_masks = [
            g.input_masks.draw(steps, self.examples)[0] if g.input_masks is not None else None
            for g in groups
        ]
        some_input_masks = any(m is not None for m in input_masks)
        table = descent.table(decay, first, steps) if decay.active else None
        sigma = descent.decay if decay.active else None
        after: NDArray[np.float64] | None = None
        numbers, l1 = descent.numbers, engine.shape.method.l1
        parts = [self._parts_of(width) for width in zip(*widths, strict=True)]
        for t, (products, batches) in enumerate(parts):
            if gathers is not None:
                groups[0].feed.images.take(gathers[t], axis=0, out=self._all_raw, mode="clip")
            else:
                for raw, group, pick in zip(self.raw, groups, picks, strict=True):
                    group.feed.images.take(pick[t], axis=0, out=raw, mode="clip")
            np.copyto(self.x, self.raw)
            if some_input_masks:
                for x, mask in zip(self.x, input_masks, strict=True):
                    if mask is not None:
                        np.multiply(x, mask[t, 0].T, out=x)
            if masks is not None:
                passes.masks = [m[t] for m in masks]
            if table is not None:
                numbers[...] = table[t]
                if l1:
                    after = decay.after[first + t]
            passes.forward(products, descent.input_scale, sigma)
            passes.backward(targets[t], sigma)
            descent.step(batches, after)
            if table is not None and decay.restores[first + t]:
                descent.restore(decay, first + t)

    def _targets(self, picks: list[NDArray[np.int64]]) -> Array:
        """One-hot targets of all steps, shape (steps, K or 1, n_outputs, B)."""
        engine, n_outputs, dtype = self.engine, self.engine.shape.sizes[-1], self.x.dtype
        steps = len(picks[0])
        targets = np.empty((steps, len(engine.groups), n_outputs, self.examples), dtype)
        for g, group in enumerate(engine.groups):
            y = one_hot(group.feed.labels[picks[g].ravel()], n_outputs, dtype)
            targets[:, g] = y.reshape(steps, self.examples, n_outputs).swapaxes(1, 2)
        if len(engine.groups) == 1:
            return targets
        return np.repeat(targets, [g.runs.stop - g.runs.start for g in engine.groups], axis=1)

    def _parts_of(self, widths: tuple[int, ...]) -> tuple[list[Product], list[tuple[slice, Array]]]:
        """The products and the mini-batches of all groups; of a single group they are kept."""
        if len(widths) > 1:
            parts = [self._part(g, width) for g, width in enumerate(widths)]
            return [product for product, _ in parts], [batch for _, batch in parts]
        kept = self._single.get(widths[0])
        if kept is None:
            product, batch = self._part(0, widths[0])
            kept = self._single[widths[0]] = ([product], [batch])
        return kept

    def _part(self, g: int, width: int) -> tuple[Product, tuple[slice, Array]]:
        """The first layer's product of a group over a prefix, and its mini-batch, as views."""
        part = self._parts.get((g, width))
        if part is None:
            runs = self.engine.groups[g].runs
            x = self.x[g, :, :width]
            weights = self.engine.stack.weights[0][runs, :, :width]
            product = (weights, x.T, self.passes.activations[0][runs])
            part = self._parts[g, width] = (product, (runs, x))
        return part
