"""Which runs are trained side by side, and in how wide stacks."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nnexp.config.schema import Config, DataConfig
from nnexp.data.dataset import Dataset
from nnexp.sweep.cache import second_level_bytes
from nnexp.train.engine import Shape
from nnexp.train.plan import shape_of

WIDEST_BYTES = 5 << 19
"""Bytes of a stack beyond which wider gains nothing where it cannot stay in the second-level cache:
more than that, far less than the third (measured with 1 MB: 8 runs of 784-100-10, 16 to 32 of
784-30-10)."""

LARGE_CACHE = 2 << 20
CACHE_SHARE = 0.8
"""A second-level cache this large is best filled to this part and no further (measured with 2 MB:
4 runs of 784-100-10 are a quarter faster than 8, 8 of 784-30-10 and as many seeds than 16)."""

WIDEST = 32


@dataclass(frozen=True)
class StackPlan:
    """Runs to be trained as one stack, as positions in the list of configs."""

    runs: tuple[int, ...]
    cost: float
    """Estimated work, in multiply-adds: only ratios matter."""


def stacks(
    configs: Sequence[Config], datasets: Sequence[Dataset], *, fuse: str, workers: int
) -> list[StackPlan]:
    """Group runs of equal shapes, cut the groups into stacks, longest first.

    Runs in one stack may differ in seed, η, λ, dropout rate, subset, epochs and stopping. Those of
    one seed stay neighbours, since they share their mini-batches. With `fuse=auto` stacks are as
    wide as the cache likes, and there are as many as keep all workers busy to the end.
    """
    groups: dict[Hashable, list[int]] = {}
    for k, (config, dataset) in enumerate(zip(configs, datasets, strict=True)):
        groups.setdefault(_group_key(config, dataset), []).append(k)
    plans = []
    for runs in groups.values():
        shape = shape_of(configs[runs[0]], datasets[runs[0]])
        runs.sort(key=lambda k: (configs[k].train.epochs, configs[k].seed, k))
        feeds = len({configs[k].seed for k in runs}) / len(runs)
        for part in _cut(runs, _width(shape, len(runs), feeds, fuse, workers)):
            cost = sum(work(configs[k], shape) for k in part)
            plans.append(StackPlan(tuple(part), cost))
    return sorted(plans, key=lambda p: -p.cost)


def work(config: Config, shape: Shape) -> float:
    """Multiply-adds of a run, calls and evaluation counted in at what they cost beside them."""
    weights = sum(a * b for a, b in pairwise(shape.sizes))
    steps = shape.n / shape.batch_size
    evaluated = shape.n + config.data.n_validation
    if config.monitor.test == "epoch":
        evaluated += 10_000
    training = steps * (weights * shape.batch_size + 100_000)
    return config.train.epochs * (training + 0.4 * evaluated * weights / config.monitor.every)


def _group_key(config: Config, dataset: Dataset) -> tuple[Shape, Hashable]:
    data: DataConfig = config.data
    return shape_of(config, dataset), (data.name, data.root, data.n_validation)


def _width(shape: Shape, runs: int, feeds: float, fuse: str, workers: int) -> int:
    """Runs per stack; `feeds` is how many mini-batches there are per run, 1 or less."""
    if fuse == "off":
        return 1
    if fuse != "auto":
        return int(fuse)
    weights = sum(a * b for a, b in pairwise(shape.sizes))
    itemsize = 4 if shape.dtype == "float32" else 8
    batch = shape.batch_size * shape.sizes[0] * (itemsize + 1)
    cache = second_level_bytes() or 0
    room = CACHE_SHARE * cache if cache >= LARGE_CACHE else WIDEST_BYTES
    widest = max(1, min(WIDEST, round(room / (weights * itemsize + feeds * batch))))
    rounds = math.ceil(runs / (workers * widest))
    return math.ceil(runs / (workers * rounds))


def _cut(runs: Sequence[int], width: int) -> list[Sequence[int]]:
    """Parts of at most `width`, as equal as possible."""
    parts = math.ceil(len(runs) / width)
    ends = [round(i * len(runs) / parts) for i in range(parts + 1)]
    return [runs[a:b] for a, b in pairwise(ends)]
