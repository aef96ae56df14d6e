"""PyTorch: all runs of a share as batched products. One run: `with_torch_layers`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

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

RATE, KEPT = ETA / BATCH, 1 - ETA * DECAY
bce = torch.nn.functional.binary_cross_entropy_with_logits


def batched(work: Work) -> Ready:
    """All runs of the share, each of another seed, as bmm; gradients by hand, in place."""
    x, y = data(work)
    width = work.width
    w1, b1, w2, b2 = map(torch.from_numpy, start(*work.hidden, (width,)))
    b1, b2 = b1[:, None], b2[:, None]

    @torch.no_grad()
    def epoch() -> None:
        orders = torch.stack([torch.randperm(work.n) for _ in range(width)])
        for first in range(0, work.n, BATCH):
            rows = orders[:, first : first + BATCH]
            a0 = x[rows]
            a1 = torch.sigmoid(torch.baddbmm(b1, a0, w1.transpose(1, 2)))
            d2 = torch.sigmoid(torch.baddbmm(b2, a1, w2.transpose(1, 2))) - y[rows]
            d1 = torch.bmm(d2, w2) * a1 * (1 - a1)
            w2.baddbmm_(d2.transpose(1, 2), a1, beta=KEPT, alpha=-RATE)
            w1.baddbmm_(d1.transpose(1, 2), a0, beta=KEPT, alpha=-RATE)
            b2.sub_(d2.sum(1, keepdim=True), alpha=RATE)
            b1.sub_(d1.sum(1, keepdim=True), alpha=RATE)

    return Ready(width, epoch, _judge_stack(work, w1, b1, w2, b2))


def shared(work: Work) -> Ready:
    """8 settings of a seed: the first layer's products of all are one, on shared mini-batches."""
    x, y = data(work)
    (h,) = work.hidden
    w1, b1, w2, b2 = map(torch.from_numpy, start(h, (SETTINGS,)))
    b1, b2 = b1[:, None], b2[:, None]
    flat = w1.view(SETTINGS * h, 784)
    decay = torch.from_numpy(decays(SETTINGS))[:, None, None]
    per_row = decay.expand(SETTINGS, h, 1).reshape(-1, 1).contiguous()

    @torch.no_grad()
    def epoch() -> None:
        order = torch.randperm(work.n)
        for first in range(0, work.n, BATCH):
            rows = order[first : first + BATCH]
            a0 = x[rows]
            z1 = (flat @ a0.t()).view(SETTINGS, h, -1).transpose(1, 2)
            a1 = torch.sigmoid(z1 + b1)
            d2 = torch.sigmoid(torch.baddbmm(b2, a1, w2.transpose(1, 2))) - y[rows]
            d1 = torch.bmm(d2, w2) * a1 * (1 - a1)
            w2.mul_(decay).baddbmm_(d2.transpose(1, 2), a1, alpha=-RATE)
            flat.mul_(per_row).addmm_(d1.transpose(1, 2).reshape(SETTINGS * h, -1), a0, alpha=-RATE)
            b2.sub_(d2.sum(1, keepdim=True), alpha=RATE)
            b1.sub_(d1.sum(1, keepdim=True), alpha=RATE)

    return Ready(SETTINGS, epoch, _judge_stack(work, w1, b1, w2, b2))


def data(work: Work) -> tuple[Any, Any]:
    torch.set_num_threads(1)
    x, y = arrays(work)
    return torch.from_numpy(x), torch.from_numpy(y)


def evaluated_tensors(work: Work) -> tuple[Any, Any]:
    x, y = evaluated(work)
    return torch.from_numpy(x), torch.from_numpy(y)


@torch.no_grad()
def judge(outputs: Callable[[], Any], wanted: Any) -> int:
    z = outputs()
    float(bce(z, wanted, reduction="sum") / len(wanted))
    return int((z.argmax(1) == wanted.argmax(1)).sum())


def _judge_stack(work: Work, w1: Any, b1: Any, w2: Any, b2: Any) -> Callable[[], list[int]]:
    every, wanted = evaluated_tensors(work)

    def evaluate() -> list[int]:
        def outputs(k: int) -> Any:
            return torch.sigmoid(every @ w1[k].t() + b1[k]) @ w2[k].t() + b2[k]

        return [judge(lambda k=k: outputs(k), wanted) for k in range(len(w1))]  # type: ignore[misc]

    return evaluate
