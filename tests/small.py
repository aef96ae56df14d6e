"""Small data sets and runs, and what became of them: the tests of the trainer start here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, Examples
from nnexp.nn.parameters import Parameters
from nnexp.train.loop import train
from nnexp.train.report import EpochReport, Outcome
from nnexp.train.snapshot import Snapshot

SMALL: Mapping[str, Any] = {
    "data.n_train": 30,
    "data.n_validation": 10,
    "model.hidden": [5],
    "train.epochs": 2,
    "train.dtype": "float64",
    "monitor.test": "epoch",
}
"""What a small run sets beside the defaults."""


def made(
    *, inputs: int = 40, train: int = 40, test: int = 25, classes: int = 3, seed: int = 1
) -> Dataset:
    """A data set like MNIST in what matters: some pixels are zero everywhere, many in most images.

    Every class has pixels of its own, so there is something to learn.
    """
    rng = np.random.default_rng(seed)
    frequency = rng.permutation(np.linspace(0.0, 1.1, inputs) ** 2)
    favourite = rng.integers(classes, size=inputs)

    def examples(n: int) -> Examples:
        labels = (np.arange(n) % classes).astype(np.uint8)
        bright = np.where(favourite == labels[:, None], 200, 60)
        images = rng.integers(1, 56, size=(n, inputs)) + bright
        images[rng.random((n, inputs)) >= frequency] = 0
        return Examples(images.astype(np.uint8), labels)

    return of_examples(examples(train), examples(test), classes)


def of_examples(train: Examples, test: Examples, classes: int) -> Dataset:
    """A data set of the given examples, one row of pixels each."""
    return Dataset(
        name="small",
        train=train,
        test=test,
        n_outputs=classes,
        image_shape=(1, train.images.shape[1]),
        pixel_max=255.0,
        digests={},
        source="made here",
    )


def head(dataset: Dataset, train: int, test: int) -> Dataset:
    """The first examples of a data set."""
    parts = [
        Examples(examples.images[:n], examples.labels[:n])
        for examples, n in ((dataset.train, train), (dataset.test, test))
    ]
    return replace(dataset, train=parts[0], test=parts[1])


def configured(values: Mapping[str, Any] | None = None, **plain: Any) -> Config:
    """A small run with some keys set, by their dotted names."""
    config = Config()
    for key, value in {**SMALL, **(values or {}), **plain}.items():
        group, _, name = key.rpartition(".")
        if group:
            value = replace(getattr(config, group), **{name: value})
        config = replace(config, **{group or name: value})
    return config


@dataclass
class Run:
    """All that the trainer said about one run."""

    reports: list[EpochReport] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        outcome = self.reports[-1].outcome
        assert outcome is not None
        return outcome

    @property
    def parameters(self) -> Parameters:
        return self.outcome.parameters

    @property
    def epochs(self) -> list[int]:
        return [report.epoch for report in self.reports]

    @property
    def final(self) -> dict[str, float]:
        """The metrics of the end, without the clock."""
        return {k: v for k, v in self.outcome.metrics.items() if not k.startswith("time/")}

    def series(self, name: str) -> list[float]:
        return [report.metrics[name] for report in self.reports if name in report.metrics]

    def everything(self) -> tuple[object, ...]:
        """Weights as bytes, all metrics by epoch and how it ended: equal if every bit is."""
        metrics = [(report.epoch, exactly(report.metrics)) for report in self.reports]
        outcome = self.outcome
        ended = (outcome.epochs, outcome.stopped_early, outcome.failure)
        return weight_bytes(self.parameters), metrics, exactly(self.final), ended


def run(config: Config, dataset: Dataset, resume: Snapshot | None = None) -> Run:
    """Train a run."""
    return Run(list(train(config, dataset, resume)))


def untrained(config: Config, dataset: Dataset) -> Parameters:
    """The network that a run starts from."""
    return run(replace(config, train=replace(config.train, epochs=0)), dataset).parameters


def weight_bytes(parameters: Parameters) -> list[tuple[str, bytes]]:
    """Type and bytes of all weights and biases."""
    return [(a.dtype.str, a.tobytes()) for a in arrays(parameters)]


def arrays(parameters: Parameters) -> list[NDArray[np.floating[Any]]]:
    """All weights, then all biases."""
    return [*parameters.weights, *parameters.biases]


def exactly(metrics: Mapping[str, float]) -> dict[str, str]:
    """Floats as hexadecimal text: equal only if all bits are (and NaN equals NaN)."""
    return {name: float(value).hex() for name, value in metrics.items()}
