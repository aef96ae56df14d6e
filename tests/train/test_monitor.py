"""Metrics of an epoch by their definitions."""

from __future__ import annotations

import pytest

from nnexp.nn.regularizers import Regularization
from nnexp.train.engine import Measured
from nnexp.train.monitor import Penalty, gaps, named


def test_network2_divides_the_penalty_by_the_size_of_the_set_that_is_measured() -> None:
    penalty = Penalty(8.0, 3.0, 0.0, Regularization(l2=5.0, l1=0.0))
    metrics = named("validation", Measured(1.0, 30), penalty, n=100, size=40)
    assert metrics["validation/penalty"] == pytest.approx(5.0 / 200.0 * 8.0)
    assert metrics["validation/cost"] == pytest.approx(1.0 + 0.2)
    assert metrics["validation/cost_network2"] == pytest.approx(1.0 + 5.0 / 80.0 * 8.0)
    assert (metrics["validation/accuracy"], metrics["validation/correct"]) == (0.75, 30.0)
    assert "train/cost_network2" not in named("train", Measured(1.0, 30), penalty, 100, 100)


def test_gaps_are_what_training_accuracy_is_above_that_on_test_data() -> None:
    final = {"train/accuracy": 1.0, "test/accuracy": 0.75}
    best = {"train/accuracy": 1.0, "test/accuracy": 0.875}
    assert gaps(final, best) == {"gap/final": 0.25, "gap/best": 0.125}
    assert gaps({"train/accuracy": 1.0}, {}) == {}
