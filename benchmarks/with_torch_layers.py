"""PyTorch, one run of any depth: the step by hand, compiled, and the plain loop with autograd.

Tried on the wide networks: see README.md, "The contenders".
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch

from benchmarks.with_torch import bce, data, evaluated_tensors, judge
from benchmarks.work import TASKS, Ready, Task, Work, first_layers


def by_hand(work: Work) -> Ready:
    """Gradients by hand, in place, into buffers that are made once: no autograd, no allocation."""
    task, (x, y) = TASKS[work.task], data(work)
    weights, biases = _parameters(work)
    kept, rate = 1 - task.eta * task.decay, task.eta / task.batch
    inputs = [torch.empty(task.batch, n) for n in work.sizes]
    errors = [torch.empty_like(a) for a in inputs]
    wanted, masks = torch.empty(task.batch, 10), [torch.empty_like(a) for a in inputs]
    bits = [torch.empty(a.numel() // 8, dtype=torch.int64) for a in inputs]
    # One random bit of a byte as 0 or 2 = 1 / (1 − p): 0.2 ms where bernoulli_ takes 1.2.
    assert task.dropout in (0.0, 0.5)
    last = len(weights)

    @torch.no_grad()
    def epoch() -> None:
        order = torch.randperm(work.n)
        for first in range(0, work.n, task.batch):
            rows = order[first : first + task.batch]
            torch.index_select(x, 0, rows, out=inputs[0])
            torch.index_select(y, 0, rows, out=wanted)
            for layer in range(1, last + 1):
                w, b, a = weights[layer - 1], biases[layer - 1], inputs[layer]
                torch.addmm(b, inputs[layer - 1], w.t(), out=a)
                if not task.relu or layer == last:
                    a.sigmoid_()
                else:
                    a.clamp_min_(0.0)
                if task.dropout and layer < last:
                    drawn = bits[layer].random_().view(torch.uint8).bitwise_and_(2)
                    masks[layer].copy_(drawn.view_as(a))
                    a.mul_(masks[layer])
            torch.sub(inputs[last], wanted, out=errors[last])
            for layer in range(last, 0, -1):
                w, d, a = weights[layer - 1], errors[layer], inputs[layer - 1]
                if layer > 1:
                    below = errors[layer - 1]
                    torch.mm(d, w, out=below)
                    _times_slope(task, below, a)
                w.addmm_(d.t(), a, beta=kept, alpha=-rate)
                biases[layer - 1].sub_(d.sum(0), alpha=rate)

    return _ready(work, weights, biases, epoch)


def _times_slope(task: Task, below: Any, a: Any) -> None:
    """δ ← δ ⊙ f′(z), from a = f(z), in place."""
    if not task.relu:
        below.mul_(torch.addcmul(a, a, a, value=-1))
        return
    # Where a unit was deleted or is below 0, its output is 0.
    torch.ops.aten.threshold_backward.grad_input(below, a, 0.0, grad_input=below)
    if task.dropout:
        below.mul_(1 / (1 - task.dropout))


def compiled(work: Work) -> Ready:
    """The step by hand, without autograd, as one function that torch.compile compiles."""
    task, (x, y) = TASKS[work.task], data(work)
    weights, biases = _parameters(work)
    kept, rate = 1 - task.eta * task.decay, task.eta / task.batch

    @torch.compile(fullgraph=True, dynamic=False)
    def step(rows: Any) -> None:
        inputs, slopes = [x[rows]], []
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            z = torch.addmm(b, inputs[-1], w.t())
            a = torch.relu(z) if task.relu else torch.sigmoid(z)
            slope = (z > 0).to(z.dtype) if task.relu else a * (1 - a)
            if task.dropout:
                mask = (torch.rand_like(z) >= task.dropout) * (1 / (1 - task.dropout))
                a, slope = a * mask, slope * mask
            inputs.append(a)
            slopes.append(slope)
        d = torch.sigmoid(torch.addmm(biases[-1], inputs[-1], weights[-1].t())) - y[rows]
        for layer in reversed(range(len(weights))):
            w, below = weights[layer], None
            if layer:
                below = (d @ w) * slopes[layer - 1]
            w.mul_(kept).sub_(rate * (d.t() @ inputs[layer]))
            biases[layer].sub_(rate * d.sum(0))
            d = below

    @torch.no_grad()
    def epoch() -> None:
        order = torch.randperm(work.n)
        for first in range(0, work.n, task.batch):
            step(order[first : first + task.batch])

    return _ready(work, weights, biases, epoch)


def eager(work: Work) -> Ready:
    """The plain loop: nn.Sequential, autograd, fused SGD with weight decay on the weights only."""
    task, (x, y) = TASKS[work.task], data(work)
    first_weights, first_biases = _parameters(work)
    layers: list[Any] = []
    for n_in, n_out in pairwise(work.sizes):
        layers += [
            torch.nn.Linear(n_in, n_out),
            torch.nn.ReLU() if task.relu else torch.nn.Sigmoid(),
        ]
        if task.dropout:
            layers.append(torch.nn.Dropout(task.dropout))
    # The cost takes the last layer's z.
    model = torch.nn.Sequential(*layers[: -2 if task.dropout else -1])
    weights = [p for p in model.parameters() if p.ndim == 2]
    biases = [p for p in model.parameters() if p.ndim == 1]
    with torch.no_grad():
        for p, value in zip(weights + biases, first_weights + first_biases, strict=True):
            p.copy_(value)
    groups = [{"params": weights, "weight_decay": task.decay}, {"params": biases}]
    descent = torch.optim.SGD(groups, lr=task.eta, fused=True)

    def epoch() -> None:
        model.train()
        order = torch.randperm(work.n)
        for first in range(0, work.n, task.batch):
            rows = order[first : first + task.batch]
            cost = bce(model(x[rows]), y[rows], reduction="sum") / task.batch
            descent.zero_grad()
            cost.backward()
            descent.step()

    return _ready(work, weights, biases, epoch)


def _parameters(work: Work) -> tuple[list[Any], list[Any]]:
    weights, biases = first_layers(work.sizes, relu=TASKS[work.task].relu)
    return list(map(torch.from_numpy, weights)), list(map(torch.from_numpy, biases))


def _ready(work: Work, weights: list[Any], biases: list[Any], epoch: Callable[[], object]) -> Ready:
    task, (every, wanted) = TASKS[work.task], evaluated_tensors(work)

    def outputs() -> Any:
        a = every
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            z = torch.addmm(b, a, w.t())
            a = z.clamp_min_(0.0) if task.relu else z.sigmoid_()
        return torch.addmm(biases[-1], a, weights[-1].t())

    return Ready(1, epoch, lambda: [judge(outputs, wanted)])
