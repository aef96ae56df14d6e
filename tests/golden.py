"""Runs whose every bit is written down: the same on any processor, or something is wrong.

    python -m tests.golden              digests of all of them, as JSON
    python -m tests.golden main wide    of some
    python -m tests.golden --write      replaces tests/golden.json

A digest is a SHA-256 over all metrics of all epochs, the final ones, and the weights, of a short
training of the first images of MNIST. Nothing here needs Hydra, MLflow or a test runner, so that it
runs where those cannot be had (`make test-arm`).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import Dataset, load_dataset
from tests.small import configured, head, run

FILE = Path(__file__).with_suffix(".json")

SHORT: dict[str, Any] = {
    "data.n_train": 200,
    "data.n_validation": 50,
    "model.hidden": [30],
    "train.epochs": 2,
    "train.dtype": "float32",
    "train.engine": "compiled",
}

CONFIGS: dict[str, dict[str, Any]] = {
    "main": {"reg.name": "l2", "reg.lmbda": 0.1},
    "quadratic": {"cost.name": "quadratic", "train.dtype": "float64", "init.name": "large"},
    "softmax": {"cost.name": "loglikelihood", "model.activation": "tanh", "seed": 1},
    "elastic": {"reg.name": "elastic", "reg.lmbda": 2.0, "reg.lmbda_l1": 0.2},
    "l1": {"reg.name": "l1", "reg.lmbda": 0.2, "train.dtype": "float64"},
    "maxnorm": {
        "reg.name": "maxnorm",
        "reg.max_norm": 0.9,
        "model.activation": "relu",
        "init.name": "he",
        "dropout.hidden": 0.5,
        "cost.name": "loglikelihood",
        "train.eta": 0.1,
    },
    "momentum": {"train.momentum": 0.9, "reg.name": "l2", "reg.lmbda": 1.0, "reg.biases": True},
    "nesterov": {
        "train.momentum": 0.9,
        "train.nesterov": True,
        "reg.name": "decoupled",
        "reg.lmbda": 2.0,
        "schedule.name": "cosine",
        "train.epochs": 4,
    },
    "averaged": {
        "train.average": 0.99,
        "cost.smoothing": 0.1,
        "cost.name": "loglikelihood",
        "schedule.name": "inverse",
        "schedule.half": 3.0,
    },
    "halved": {"schedule.name": "halve", "schedule.patience": 1, "train.epochs": 12},
    "in steps": {
        "schedule.name": "step",
        "schedule.every": 1,
        "schedule.factor": 0.3,
        "cost.name": "quadratic",
        "cost.smoothing": 0.2,
        "train.dtype": "float64",
    },
    "dropout": {"dropout.hidden": 0.3, "dropout.input": 0.2, "model.hidden": [40, 20]},
    "shared mask": {"dropout.hidden": 0.3, "dropout.input": 0.2, "dropout.mask": "batch"},
    "scaled afterwards": {
        "dropout.hidden": 0.5,
        "dropout.input": 0.1,
        "dropout.scale": "test",
        "train.momentum": 0.5,
        "reg.name": "l2",
        "stop.name": "early",
    },
    "whole set": {"train.batch_size": 200, "model.hidden": [], "train.epochs": 5},
    "one by one": {"train.batch_size": 1, "model.hidden": [20, 10], "model.activation": "tanh"},
    "short last": {"train.batch_size": 7, "reg.name": "elastic", "reg.lmbda_l1": 0.1},
    "early stopping": {"stop.name": "early", "stop.patience": 2, "train.epochs": 12},
    "shift": {"expand.name": "shift"},
    "all shifts": {"expand.name": "shift", "expand.fixed": True, "train.dtype": "float64"},
    "distort": {"expand.name": "distort"},
    "nielsen2014": {
        "rng": "nielsen2014",
        "seed": 12345678,
        "init.name": "large",
        "train.dtype": "float64",
    },
    "random subset": {"data.subset": "random", "data.n_train": 150, "seed": 2},
    "wide": {"model.hidden": [300, 130], "train.batch_size": 20, "dropout.hidden": 0.5},
    "wide in float64": {"model.hidden": [257], "train.batch_size": 13, "train.dtype": "float64"},
    "rectified": {
        "model.hidden": [30, 30, 30],
        "model.activation": "relu",
        "cost.name": "quadratic",
        "train.eta": 0.1,
    },
    "fixed start": {
        "init.name": "fixed",
        "init.weight": 0.01,
        "init.bias": -0.5,
        "train.momentum": 0.5,
        "reg.name": "maxnorm",
        "train.dtype": "float64",
    },
    "dense": {"reg.name": "l2", "reg.lmbda": 0.1},
    "neuron": {
        "data.n_train": 1,
        "data.n_validation": 0,
        "model.hidden": [],
        "train.batch_size": 1,
        "train.epochs": 20,
        "train.eta": 0.15,
        "init.name": "fixed",
        "init.weight": 2.0,
        "init.bias": 2.0,
        "cost.name": "quadratic",
        "monitor.test": "end",
    },
}


def digest(name: str) -> str:
    """Of one of `CONFIGS`."""
    everything = run(configured({**SHORT, **CONFIGS[name]}), dataset_of(name)).everything()
    return hashlib.sha256(repr(everything).encode()).hexdigest()


def digests(names: Iterable[str] = CONFIGS) -> dict[str, str]:
    """By name."""
    return {name: digest(name) for name in names}


def golden() -> dict[str, str]:
    """What the digests must be."""
    found: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def dataset_of(name: str) -> Dataset:
    """The first 250 training and 60 test images; `dense` has no zeros among its pixels."""
    if name == "neuron":
        return load_dataset(DataConfig(name="neuron"))
    if name != "dense":
        return _first()
    train, test = (replace(e, images=e.images | 1) for e in (_first().train, _first().test))
    return replace(_first(), train=train, test=test)


@lru_cache(maxsize=1)
def _first() -> Dataset:
    return head(load_dataset(DataConfig()), 250, 60)


def main(arguments: list[str]) -> None:
    """Print, or write."""
    names = [a for a in arguments if not a.startswith("-")] or list(CONFIGS)
    text = json.dumps(digests(names), indent=2) + "\n"
    if "--write" in arguments:
        FILE.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main(sys.argv[1:])
