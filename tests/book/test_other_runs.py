"""`rng=nielsen2014` is no recipe for four figures: other runs of that program come out too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import Dataset, Examples, load_dataset
from tests.book.network2 import SEED, Network2, Pair
from tests.small import configured, run

EPOCHS = 3
POOL = 400
EVALUATED = 300
"""Validation and test images: the book's program takes its time over each."""

RUNS: dict[str, dict[str, Any]] = {
    "other size, rate and lambda": {
        "data.n_train": 300, "init.name": "large", "train.eta": 0.1, "reg.lmbda": 3.0,
    },
    "scaled initializer": {"data.n_train": 200, "model.hidden": [100], "train.eta": 0.25},
    "two hidden layers": {"data.n_train": 150, "model.hidden": [20, 13], "init.name": "large"},
    "quadratic cost": {"data.n_train": 200, "cost.name": "quadratic", "train.eta": 3.0},
    "short last mini-batch": {"data.n_train": 205, "train.batch_size": 16, "reg.lmbda": 0.1},
    "no hidden layer": {"data.n_train": 100, "model.hidden": [], "init.name": "large"},
    "another seed": {"data.n_train": 100, "seed": 7, "model.hidden": [15]},
}  # fmt: skip


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    """MNIST cut down: the first images, and the last as validation data."""
    whole = load_dataset(DataConfig())
    chosen = np.r_[0:POOL, len(whole.train) - EVALUATED : len(whole.train)]
    train = Examples(whole.train.images[chosen], whole.train.labels[chosen])
    test = Examples(whole.test.images[:EVALUATED], whole.test.labels[:EVALUATED])
    return replace(whole, train=train, test=test)


def pairs(examples: Examples, part: slice) -> list[Pair]:
    columns = (examples.images[part] / 256.0)[:, :, None]
    return [(x, int(digit)) for x, digit in zip(columns, examples.labels[part], strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("values", RUNS.values(), ids=RUNS.keys())
def test_other_runs_of_the_books_program_come_out_too(
    values: dict[str, Any], mnist: Dataset
) -> None:
    lmbda = values.get("reg.lmbda", 0.0)
    plain = {"seed": SEED, "model.hidden": [30], "train.epochs": EPOCHS, **values}
    config = configured(
        {"rng": "nielsen2014", "reg.name": "l2", "data.n_validation": EVALUATED, **plain}
    )
    sets = {
        "train": pairs(mnist.train, slice(config.data.n_train)),
        "validation": pairs(mnist.train, slice(POOL, None)),
        "test": pairs(mnist.test, slice(None)),
    }
    theirs = Network2(
        [784, *config.model.hidden, 10],
        config.seed,
        quadratic=config.cost.name == "quadratic",
        large=config.init.name == "large",
    )
    seen: list[dict[str, float]] = []

    def watch() -> None:
        found = {f"{name}/correct": float(theirs.accuracy(data)) for name, data in sets.items()}
        for name, data in sets.items():
            key = "train/cost" if name == "train" else f"{name}/cost_network2"
            found[key] = theirs.total_cost(data, lmbda)
        seen.append(found)

    train = config.train
    theirs.descend(sets["train"], EPOCHS, train.batch_size, train.eta, lmbda, watch)
    ours = run(config, mnist)
    for epoch, expected in enumerate(seen, start=1):
        metrics = ours.reports[epoch].metrics
        for name, value in expected.items():
            if name.endswith("correct"):
                assert metrics[name] == value, (epoch, name)
            else:
                assert metrics[name] == pytest.approx(value, rel=0, abs=1e-10), (epoch, name)
    for layer, w in enumerate(theirs.weights):
        np.testing.assert_allclose(ours.parameters.weights[layer], w, rtol=0, atol=1e-10)
