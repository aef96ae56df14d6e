"""Both engines train the same network: every combination, an epoch in float64, to rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nnexp.config.schema import MASKS, SCALES, SCHEDULES, Config
from nnexp.data.dataset import Dataset
from nnexp.nn.activations import ACTIVATIONS
from nnexp.nn.costs import COSTS
from nnexp.nn.initializers import DRAWN
from nnexp.nn.regularizers import REGULARIZERS
from tests.small import Run, arrays, configured, made, run

SMALL = made(inputs=40, train=90, test=30)
DENSE = made(inputs=9, train=90, test=30)
DENSE = replace(DENSE, train=replace(DENSE.train, images=DENSE.train.images | 1))


def by(engine: str, config: Config, dataset: Dataset) -> Run:
    return run(replace(config, train=replace(config.train, engine=engine)), dataset)


def assert_engines_agree(
    config: Config, dataset: Dataset, tolerance: float = 1e-12, *, ties: bool = False
) -> None:
    """`ties`: outputs may be equal but for rounding, and then either class is the answer."""

    def compared(metrics: Mapping[str, float]) -> dict[str, float]:
        counted = ("accuracy", "correct", "gap", "best")
        return {k: v for k, v in metrics.items() if not (ties and any(c in k for c in counted))}

    compiled, plain = (by(engine, config, dataset) for engine in ("compiled", "numpy"))
    for a, b in zip(arrays(compiled.parameters), arrays(plain.parameters), strict=True):
        assert a.dtype == b.dtype
        assert np.abs(a - b).max() <= tolerance * max(1.0, np.abs(b).max())
    for one, other in zip(compiled.reports, plain.reports, strict=True):
        assert one.metrics.keys() == other.metrics.keys()
        for name, value in compared(other.metrics).items():
            assert one.metrics[name] == pytest.approx(value, rel=100 * tolerance, abs=tolerance)
    expected = pytest.approx(compared(plain.final), rel=100 * tolerance, abs=tolerance)
    assert compared(compiled.final) == expected


@pytest.mark.parametrize("reg", REGULARIZERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cost", COSTS)
def test_engines_agree_on_every_combination(cost: str, activation: str, reg: str) -> None:
    values = {"cost.name": cost, "model.activation": activation, "reg.name": reg}
    values |= {"reg.lmbda": 2.0, "reg.lmbda_l1": 0.4, "reg.max_norm": 0.8, "train.epochs": 1}
    for init, dropout, momentum in product(DRAWN, (0.0, 0.5), (0.0, 0.9)):
        more = {"init.name": init, "dropout.hidden": dropout, "train.momentum": momentum}
        assert_engines_agree(configured({**values, **more}), SMALL)


CONFIGS = st.fixed_dictionaries(
    {
        "cost.name": st.sampled_from(list(COSTS)),
        "model.activation": st.sampled_from(list(ACTIVATIONS)),
        "model.hidden": st.lists(st.sampled_from([1, 5, 16, 33, 70]), max_size=3),
        "reg.name": st.sampled_from(list(REGULARIZERS)),
        "reg.lmbda": st.sampled_from([0.0, 0.1, 9.0]),
        "reg.lmbda_l1": st.sampled_from([0.0, 0.3]),
        "reg.max_norm": st.sampled_from([0.5, 3.0]),
        "train.batch_size": st.sampled_from([1, 4, 7, 10, 30]),
        "train.eta": st.sampled_from([0.05, 0.5]),
        "train.momentum": st.sampled_from([0.0, 0.0, 0.7]),
        "train.nesterov": st.booleans(),
        "train.average": st.sampled_from([0.0, 0.0, 0.9]),
        "cost.smoothing": st.sampled_from([0.0, 0.0, 0.1]),
        "schedule.name": st.sampled_from(SCHEDULES),
        "dropout.hidden": st.sampled_from([0.0, 0.3]),
        "dropout.input": st.sampled_from([0.0, 0.2]),
        "dropout.mask": st.sampled_from(MASKS),
        "dropout.scale": st.sampled_from(SCALES),
        "init.name": st.sampled_from(["scaled", "large", "he", "fixed"]),
        "data.subset": st.sampled_from(["first", "random"]),
        "data.n_train": st.sampled_from([30, 33]),
        "expand.name": st.sampled_from(["none", "none", "shift"]),
        "seed": st.integers(0, 5),
    }
)


TIED = {
    "cost.name": "crossentropy",
    "model.activation": "sigmoid",
    "model.hidden": [],
    "reg.name": "none",
    "train.batch_size": 1,
    "train.eta": 0.05,
    "train.momentum": 0.0,
    "train.nesterov": False,
    "init.name": "fixed",
    "data.n_train": 30,
}


@settings(max_examples=60, deadline=None)
@example(values=TIED, biases=False, dense=False)
@given(values=CONFIGS, biases=st.booleans(), dense=st.booleans())
def test_engines_agree_on_any_config(values: dict[str, Any], biases: bool, dense: bool) -> None:
    values["reg.biases"] = biases and values["reg.name"] in ("l2", "l1", "elastic")
    values["train.nesterov"] &= values["train.momentum"] > 0.0
    config = configured({**values, "train.epochs": 1, "init.weight": 0.1, "init.bias": -0.2})
    # Saturated units of several layers amplify what the two round differently.
    tolerance = 1e-7 if values["init.name"] == "large" and values["model.hidden"] else 1e-10
    # Units that begin alike give classes of as many images the same output.
    ties = values["init.name"] == "fixed"
    assert_engines_agree(config, DENSE if dense else SMALL, tolerance, ties=ties)


@pytest.mark.parametrize("hidden", [[300], [130, 260], [64, 64, 64]])
def test_engines_agree_on_wide_networks(hidden: list[int]) -> None:
    values = {"model.hidden": hidden, "reg.name": "l2", "reg.lmbda": 1.0, "train.batch_size": 11}
    for dataset in (SMALL, DENSE):
        assert_engines_agree(configured(values), dataset, tolerance=1e-11)


def test_engines_agree_in_single_precision_to_its_rounding() -> None:
    config = configured({"train.dtype": "float32", "reg.name": "l2", "reg.lmbda": 3.0})
    assert_engines_agree(config, SMALL, tolerance=3e-5)
