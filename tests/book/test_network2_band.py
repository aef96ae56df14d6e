"""The recorded, unseeded network2 run lies among ours: the same program, but for the seed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nnexp.config.schema import Config, DataConfig, RegConfig
from nnexp.data.dataset import load_dataset
from nnexp.train.loop import train

SEEDS = 10
PUBLISHED = json.loads(
    (Path(__file__).parent / "network2_recorded.json").read_text(encoding="utf-8")
)


@pytest.mark.slow
def test_recorded_validation_curves_lie_in_the_band_of_ten_seeds() -> None:
    """Of 30 epochs an eleventh run of the same kind would be inside the band at about 24.5."""
    dataset = load_dataset(DataConfig())
    accuracy = np.empty((SEEDS, 30))
    cost = np.empty((SEEDS, 30))
    for seed in range(SEEDS):
        for report in train(Config(seed=seed, reg=RegConfig("l2", 5.0)), dataset):
            if report.epoch:
                accuracy[seed, report.epoch - 1] = report.metrics["validation/correct"]
                cost[seed, report.epoch - 1] = report.metrics["validation/cost_network2"]
    for name, ours in (("validation_correct", accuracy), ("validation_cost", cost)):
        curve = np.array(PUBLISHED[name])
        inside = (ours.min(axis=0) <= curve) & (curve <= ours.max(axis=0))
        assert inside.sum() >= 20, f"{name}: inside at {inside.sum()} of 30 epochs"
    final = accuracy[:, -1] / 10_000
    assert (final >= 0.95).all()
    assert final.min() < 0.9620 < final.max() + 0.005
