"""A run's name tells its setting from any other, and says nothing of what is as usual."""

from __future__ import annotations

from typing import Any

import pytest

from nnexp.config.compose import schema_keys
from nnexp.config.run_names import setting_name
from nnexp.config.schema import Config
from tests.record.test_fingerprint import WITHOUT_EFFECT, with_value

MAXNORM, ELASTIC, L2 = ({"reg.name": name} for name in ("maxnorm", "elastic", "l2"))
SHIFT, DISTORT = ({"expand.name": name} for name in ("shift", "distort"))
STEP, INVERSE, HALVE = ({"schedule.name": name} for name in ("step", "inverse", "halve"))
HALF = {"dropout.hidden": 0.5}
FIXED, EARLY = {"init.name": "fixed"}, {"stop.name": "early"}

# By key: where it has an effect, another value, and what the name then ends in or holds.
CHANGES: dict[str, tuple[dict[str, Any], Any, str]] = {
    "rng": ({"train.dtype": "float64"}, "nielsen2014", "nielsen2014"),
    "cost.name": ({}, "quadratic", "quadratic"),
    "cost.smoothing": ({}, 0.1, "crossentropy smoothing 0.1"),
    "reg.name": ({}, "maxnorm", "maxnorm 3"),
    "reg.lmbda": (L2, 5.0, "l2 λ5"),
    "reg.lmbda_l1": (ELASTIC, 5.0, "elastic λ0+5"),
    "reg.max_norm": (MAXNORM, 2.0, "maxnorm 2"),
    "reg.biases": (L2, True, "biases too"),
    "data.name": ({}, "fashion_mnist", "fashion_mnist"),
    "data.n_validation": ({}, 5000, "validation 5000"),
    "data.subset": ({}, "random", "random subset"),
    "dropout.hidden": ({}, 0.5, "dropout 0.5/0"),
    "dropout.input": ({}, 0.2, "dropout 0/0.2"),
    "dropout.mask": (HALF, "batch", "dropout 0.5/0 batch mask"),
    "dropout.scale": (HALF, "test", "dropout 0.5/0 scaled at test"),
    "expand.name": ({}, "shift", "expand shift"),
    "expand.fixed": (SHIFT, True, "expand shift fixed"),
    "expand.angle": (DISTORT, 30.0, "expand distort angle 30"),
    "expand.alpha": (DISTORT, 20.0, "expand distort alpha 20"),
    "expand.sigma": (DISTORT, 4.0, "expand distort sigma 4"),
    "model.hidden": ({}, [100, 30], "100-30"),
    "model.activation": ({}, "relu", "relu"),
    "init.name": ({}, "large", "large"),
    "init.weight": (FIXED, 2.0, "w2 b0"),
    "init.bias": (FIXED, 2.0, "w0 b2"),
    "train.epochs": ({}, 5, "5 epochs"),
    "train.batch_size": ({}, 20, "batch 20"),
    "train.eta": ({}, 0.1, "η0.1"),
    "train.momentum": ({}, 0.9, "μ0.9"),
    "train.nesterov": ({"train.momentum": 0.9}, True, "μ0.9 nesterov"),
    "train.average": ({}, 0.99, "average 0.99"),
    "train.dtype": ({}, "float64", "float64"),
    "train.engine": ({}, "numpy", "numpy engine"),
    "schedule.name": ({}, "cosine", "schedule cosine"),
    "schedule.factor": (STEP, 0.1, "schedule step factor 0.1"),
    "schedule.every": (STEP, 3, "schedule step every 3"),
    "schedule.half": (INVERSE, 3.0, "schedule inverse half 3"),
    "schedule.patience": (HALVE, 3, "schedule halve patience 3"),
    "schedule.least": (HALVE, 0.25, "schedule halve least 0.25"),
    "stop.name": ({}, "early", "stop early"),
    "stop.patience": (EARLY, 3, "patience 3"),
}
# Of `size` the name says what `data.n_train` is; the seed is added.
OTHERS = WITHOUT_EFFECT | {
    "seed",
    "data.n_train",
    "monitor.test",
    "monitor.every",
    "monitor.metrics",
}


def changed(values: dict[str, Any]) -> Config:
    config = Config()
    for key, value in values.items():
        config = with_value(config, key, value)
    return config


def test_every_key_that_makes_another_setting_is_tried() -> None:
    assert set(schema_keys()) == {*CHANGES, *OTHERS}
    assert setting_name(Config()) == "crossentropy 50k"


@pytest.mark.parametrize("key", CHANGES)
def test_what_differs_shows_in_the_name(key: str) -> None:
    base, value, said = CHANGES[key]
    before, after = setting_name(changed(base)), setting_name(changed({**base, key: value}))
    assert before != after
    assert said not in before
    assert f" {said} " in f" {after} "


def test_epochs_of_a_neuron_show() -> None:
    neuron = {"data.name": "neuron", "model.hidden": [], "train.batch_size": 1}
    assert setting_name(changed(neuron)) == "crossentropy neuron"
    assert setting_name(changed({**neuron, "train.epochs": 3})) == "crossentropy neuron 3 epochs"


def test_single_precision_with_the_books_generator_shows() -> None:
    book = {"rng": "nielsen2014", "train.dtype": "float64"}
    assert "float" not in setting_name(changed(book))
    assert "float32" in setting_name(changed({**book, "train.dtype": "float32"}))
