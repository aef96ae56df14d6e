"""Networks that vote: does averaging help, and do their errors differ as it needs?

The chapter's argument for dropout: different networks overfit in different ways, so that averaging
their outputs, or a vote, may eliminate that kind of error. Dropping out different sets of neurons
is rather like training different networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from nnexp.nn import draws
from nnexp.nn.dropout import mask, thinned
from nnexp.nn.parameters import Parameters
from nnexp.nn.portable import log
from nnexp.study.metric import Metric
from nnexp.study.statistics import Summary, summarize

Floats = NDArray[np.float64]
Labels = NDArray[np.uint8]

CLOSEST = 2.0**-53
"""How close to 0 or 1 an output is taken to be for its cost: float64 knows no closer to 1."""


@dataclass(frozen=True)
class Verdict:
    """What a network, or several together, say about a set of images."""

    accuracy: float
    """Of the mean outputs."""
    votes: float
    """Accuracy of the class that most networks are for."""
    cost: float
    """Mean data cost of the mean outputs."""


@dataclass(frozen=True)
class Size:
    """Ensembles of k networks: as many as the networks make without sharing one."""

    k: int
    accuracy: Summary
    votes: Summary
    cost: Summary


@dataclass(frozen=True)
class Likeness:
    """How alike the errors of two networks are, mean over all pairs."""

    agreement: float
    """Share of images that both take for the same class."""
    both_wrong: float
    """Share of images that both get wrong."""
    independent: float
    """What that share would be if errors were independent."""
    same_error: float
    """Of the images that both get wrong: the share that both take for the same class."""
    correlation: float
    """Of being wrong, over images: 0 for independent errors, 1 for the same."""
    all_right: float
    """Share of images that every network gets right."""
    none_right: float


def verdict(outputs: Floats, labels: Labels, cost: str) -> Verdict:
    """Mean outputs and votes of K networks whose outputs are (K, N, classes)."""
    mean = mean_of(outputs)
    right = float(np.mean(mean.argmax(axis=1) == labels))
    voted = float(np.mean(majority(outputs) == labels))
    return Verdict(right, voted, cost_of(mean, labels, cost))


def mean_of(outputs: Floats) -> Floats:
    """(1/K) Σ_k a_k, added up in the order of the networks: the same bits everywhere."""
    total = np.zeros(outputs.shape[1:])
    for each in outputs:
        total += each
    return total / len(outputs)


def majority(outputs: Floats) -> NDArray[np.intp]:
    """The class with most votes; of equally many, the one with the larger mean output."""
    classes = outputs.shape[2]
    ballots = outputs.argmax(axis=2)
    counts = np.stack([(ballots == c).sum(axis=0) for c in range(classes)], axis=1)
    leading = counts == counts.max(axis=1, keepdims=True)
    found: NDArray[np.intp] = np.where(leading, mean_of(outputs), -np.inf).argmax(axis=1)
    return found


def cost_of(outputs: Floats, labels: Labels, cost: str) -> float:
    """Mean over images of C_x (eq. 54, 57 and 63, 80) of outputs (N, classes)."""
    wanted = np.eye(outputs.shape[1])[labels]
    if cost == "quadratic":
        each = ((outputs - wanted) ** 2).cumsum(axis=1)[:, -1] / 2.0
    else:
        a = np.clip(outputs, CLOSEST, 1.0 - CLOSEST)
        each = -log(a[np.arange(len(a)), labels])
        if cost == "crossentropy":
            others = np.where(wanted == 1.0, 0.0, -log(1.0 - a))
            each = each + others.cumsum(axis=1)[:, -1]
    # In the order of the images: NumPy's own sums are in an order of their own.
    return float(each.cumsum()[-1] / len(each))


def sizes(outputs: Floats, labels: Labels, cost: str, wanted: Sequence[int]) -> list[Size]:
    """Ensembles of k of the networks, for each k that they are enough for.

    The first k networks are one, the next k another, and so on: no two share a network, so that
    their spread is that of ensembles.
    """
    found = []
    for k in (k for k in wanted if k <= len(outputs)):
        groups = [outputs[i : i + k] for i in range(0, len(outputs) - k + 1, k)]
        said = [verdict(group, labels, cost) for group in groups]
        summaries = (
            summarize([getattr(v, name) for v in said], bounds=Metric(f"test/{metric}").bounds)
            for name, metric in (("accuracy", "accuracy"), ("votes", "accuracy"), ("cost", "cost"))
        )
        found.append(Size(k, *summaries))
    return found


def likeness(outputs: Floats, labels: Labels) -> Likeness:
    """How alike the errors of at least two networks are.

    Raises:
        ValueError: of one network.
    """
    if len(outputs) < 2:
        raise ValueError("errors of one network are alike to no other's")
    classes = outputs.argmax(axis=2)
    wrong = classes != labels
    pairs = combinations(range(len(outputs)), 2)
    rows = [_pair(classes[a], classes[b], wrong[a], wrong[b]) for a, b in pairs]
    everybody = (np.mean(~wrong.any(axis=0)), np.mean(wrong.all(axis=0)))
    return Likeness(*(float(m) for m in (*np.mean(rows, axis=0), *everybody)))


def _pair(
    one: NDArray[np.intp], other: NDArray[np.intp], a: NDArray[np.bool_], b: NDArray[np.bool_]
) -> tuple[float, float, float, float, float]:
    both = float(np.mean(a & b))
    p, q = float(np.mean(a)), float(np.mean(b))
    spread = np.sqrt(p * (1.0 - p) * q * (1.0 - q))
    same = float(np.mean((one == other)[a & b])) if both else 0.0
    correlation = (both - p * q) / spread if spread else 1.0
    return float(np.mean(one == other)), both, p * q, same, float(correlation)


def sampled(
    parameters: Parameters, rate: float, count: int, bits: np.random.PCG64
) -> list[Parameters]:
    """Networks that dropout with the probability `rate` leaves of one: a mask for all images.

    What is left is divided by 1 − p, as while training (`nnexp.nn.dropout`).
    """
    units = [w.shape[0] for w in parameters.weights[:-1]]
    drawn = draws.halves(bits, count, sum(units))
    kept = mask(drawn, rate, parameters.weights[0].dtype)
    splits = np.cumsum(units)[:-1].tolist()
    return [thinned(parameters, np.split(row, splits)) for row in kept]
