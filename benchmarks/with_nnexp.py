"""nnexp itself, through the engine that a run and a sweep use."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.work import DECAY, RUNS, SETTINGS, Ready, Work
from nnexp.config.schema import Config, DataConfig, ModelConfig, RegConfig, TrainConfig
from nnexp.data.dataset import load_dataset
from nnexp.sweep.grouping import stacks
from nnexp.train.monitor import measure
from nnexp.train.plan import plan


def single(work: Work) -> Ready:
    """One run alone."""
    return _ready([_config(work, 0, 0)])


def settings(work: Work) -> Ready:
    """A stack of the sweep of 8 settings and 4 seeds: runs of a seed share their mini-batches."""
    return _stack([_config(work, k // SETTINGS, k % SETTINGS) for k in range(RUNS)], work)


def seeds(work: Work) -> Ready:
    """A stack of the sweep of 32 seeds, each with mini-batches of its own."""
    return _stack([_config(work, k, 0) for k in range(RUNS)], work)


def _stack(configs: list[Config], work: Work) -> Ready:
    """The first of the stacks that `sweep.fuse=auto` makes."""
    datasets = [load_dataset(config.data) for config in configs]
    first, *_ = stacks(configs, datasets, fuse="auto", workers=work.processes)
    return _ready([configs[k] for k in first.runs])


def _ready(configs: list[Config]) -> Ready:
    planned = plan(configs, load_dataset(configs[0].data))
    sets, shape, engine = planned.sets, planned.shape, planned.engine
    validation = sets.validation
    assert validation is not None
    everybody = slice(0, len(configs))

    def evaluate() -> list[int]:
        # All runs of the sweep are trained on the same images.
        parts = [sets.train[0], validation]
        found = [measure(shape, engine.stack, [part], [everybody]).correct for part in parts]
        return list(sum(found))

    return Ready(len(configs), engine.epoch, evaluate)


def _config(work: Work, seed: int, setting: int) -> Config:
    return Config(
        seed=seed,
        reg=RegConfig("l2", (1 + 0.1 * setting) * work.n * DECAY),
        data=DataConfig(n_train=work.n),
        model=ModelConfig([work.hidden]),
        train=replace(TrainConfig(), epochs=1),
    )
