"""How much work a run is, for the order of a sweep's runs and for the time that is left."""

from __future__ import annotations

from itertools import pairwise

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.data.expand import MOVES

STEP = 20_000
"""What a mini-batch costs beside its products, in multiply-adds."""

EVALUATED = 0.4
"""What a multiply-add of an evaluation costs beside one of the training: it goes forward only."""


def work(config: Config, dataset: Dataset) -> float:
    """Estimated multiply-adds of a run; only ratios matter.

    An early stop is not foreseen.
    """
    n_in: int = dataset.train.images.shape[1]
    sizes = (n_in, *config.model.hidden, dataset.n_outputs)
    weights = sum(a * b for a, b in pairwise(sizes))
    n = config.data.n_train * (len(MOVES) if config.expand.fixed else 1)
    evaluated = config.data.n_train + config.data.n_validation
    if config.monitor.test == "epoch":
        evaluated += len(dataset.test)
    training = n * weights + n / config.train.batch_size * STEP
    return config.train.epochs * (training + EVALUATED * evaluated * weights / config.monitor.every)
