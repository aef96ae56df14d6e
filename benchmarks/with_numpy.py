"""Loops that one writes oneself: plain NumPy, example by example, and the bare products."""

from __future__ import annotations

import numpy as np

from benchmarks.work import BATCH, DECAY, ETA, Ready, Work, arrays, evaluated, start

EXAMPLES = 2000
"""Of these alone the per-example program is measured."""


def plain(work: Work) -> Ready:
    """The loop that one writes from the book's equations, a mini-batch at a time."""
    x, y = arrays(work)
    every, wanted = evaluated(work)
    w1, b1, w2, b2 = start(*work.hidden)
    rng = np.random.default_rng(0)
    rate, decay = np.float32(ETA / BATCH), np.float32(1 - ETA * DECAY)

    def epoch() -> None:
        nonlocal w1, b1, w2, b2
        order = rng.permutation(work.n)
        for first in range(0, work.n, BATCH):
            rows = order[first : first + BATCH]
            a0, target = x[rows], y[rows]
            a1 = 1 / (1 + np.exp(-(a0 @ w1.T + b1)))
            a2 = 1 / (1 + np.exp(-(a1 @ w2.T + b2)))
            d2 = a2 - target
            d1 = (d2 @ w2) * a1 * (1 - a1)
            w2 = decay * w2 - rate * (d2.T @ a1)
            w1 = decay * w1 - rate * (d1.T @ a0)
            b2 = b2 - rate * d2.sum(0)
            b1 = b1 - rate * d1.sum(0)

    def evaluate() -> list[int]:
        a1 = 1 / (1 + np.exp(-(every @ w1.T + b1)))
        z = a1 @ w2.T + b2
        np.mean(np.sum(np.logaddexp(0, z) - wanted * z, axis=1))
        return [int(np.count_nonzero(z.argmax(1) == wanted.argmax(1)))]

    return Ready(1, epoch, evaluate)


def per_example(work: Work) -> Ready:
    """In the manner of network2: every example on its own, float64."""
    n = min(work.n, EXAMPLES)
    x, y = arrays(Work(n, work.hidden, 1))
    x, y = x.astype(np.float64)[:, :, None], y.astype(np.float64)[:, :, None]
    images, targets = evaluated(work)
    # The same part of them as of an epoch.
    chosen = slice(None, None, max(1, work.n // n))
    every, wanted = (a[chosen].astype(np.float64)[:, :, None] for a in (images, targets))
    w1, b1, w2, b2 = (p.astype(np.float64) for p in start(*work.hidden))
    b1, b2 = b1[:, None], b2[:, None]
    rng = np.random.default_rng(0)

    def epoch() -> None:
        nonlocal w1, b1, w2, b2
        order = rng.permutation(n)
        for first in range(0, n, BATCH):
            sums = [np.zeros_like(p) for p in (w1, b1, w2, b2)]
            for row in order[first : first + BATCH]:
                a0, target = x[row], y[row]
                a1 = 1 / (1 + np.exp(-(np.dot(w1, a0) + b1)))
                a2 = 1 / (1 + np.exp(-(np.dot(w2, a1) + b2)))
                d2 = a2 - target
                d1 = np.dot(w2.T, d2) * a1 * (1 - a1)
                parts = (np.dot(d1, a0.T), d1, np.dot(d2, a1.T), d2)
                sums = [total + part for total, part in zip(sums, parts, strict=True)]
            decay, rate = 1 - ETA * DECAY, ETA / BATCH
            w1, b1 = decay * w1 - rate * sums[0], b1 - rate * sums[1]
            w2, b2 = decay * w2 - rate * sums[2], b2 - rate * sums[3]

    def evaluate() -> list[int]:
        cost, hits = 0.0, 0
        for a0, target in zip(every, wanted, strict=True):
            a1 = 1 / (1 + np.exp(-(np.dot(w1, a0) + b1)))
            a2 = 1 / (1 + np.exp(-(np.dot(w2, a1) + b2)))
            cost += np.sum(np.nan_to_num(-target * np.log(a2) - (1 - target) * np.log(1 - a2)))
            hits += int(np.argmax(a2) == np.argmax(target))
        return [hits]

    return Ready(1, epoch, evaluate, n / work.n)


def floor(work: Work) -> Ready:
    """The bare matrix products of a step over all 784 columns, nothing else; no monitoring."""
    x, _ = arrays(Work(min(work.n, 1000), work.hidden, 1))
    (hidden,) = work.hidden
    w1, _, w2, _ = start(hidden)
    z1, g1 = np.empty((hidden, BATCH), np.float32), np.empty_like(w1)
    d2, z2 = np.ones((10, BATCH), np.float32), np.empty((10, BATCH), np.float32)
    d1, g2 = np.empty_like(z1), np.empty_like(w2)
    batches = [x[s : s + BATCH] for s in range(0, len(x), BATCH)]

    def epoch() -> None:
        for step in range(work.n // BATCH):
            a0 = batches[step % len(batches)]
            np.matmul(w1, a0.T, out=z1)
            np.matmul(w2, z1, out=z2)
            np.matmul(w2.T, d2, out=d1)
            np.matmul(d2, z1.T, out=g2)
            np.matmul(d1, a0, out=g1)

    return Ready(1, epoch, None)
