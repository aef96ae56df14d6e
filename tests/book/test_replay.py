"""The published curves come out again, number for number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nnexp.data.dataset import load_dataset
from nnexp.study import published as book
from nnexp.study.published import REPLAYED, published, replay
from nnexp.train.loop import train

HERE = Path(__file__).parent


def test_shipped_curves_are_the_published_ones() -> None:
    for name in (*REPLAYED, "network2_recorded"):
        assert (book.FOLDER / f"{name}.json").read_bytes() == (HERE / f"{name}.json").read_bytes()


def shortened(name: str, epochs: int, **changed: Any) -> book.Published:
    """A published run, cut off after some epochs."""
    whole = published(name)
    train = replace(whole.config.train, epochs=epochs)
    config = replace(whole.config, train=train, **changed)
    curves = {metric: values[:epochs] for metric, values in whole.curves.items()}
    return replace(whole, config=config, curves=curves)


@pytest.mark.parametrize("name", ["overfitting", "regularized"])
def test_the_first_100_epochs_on_1000_images_agree_in_every_value(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nnexp.study.published.published", lambda name: shortened(name, 100))
    found = replay((name,))
    assert len(found) == 4
    for agreement in found:
        assert agreement.values == 100
        assert agreement.agree == 100, agreement


@pytest.mark.slow  # Half a minute for three times as many epochs.
def test_both_runs_on_1000_images_agree_in_every_value() -> None:
    found = replay(("overfitting", "regularized"))
    assert len(found) == 8
    for agreement in found:
        assert agreement.values == 400
        assert agreement.agree == 400, agreement


def test_a_wrong_seed_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = shortened("overfitting", 3, seed=1)
    monkeypatch.setattr("nnexp.study.published.published", lambda name: wrong)
    assert all(a.agree < a.values for a in replay(("overfitting",)))


@pytest.mark.slow
def test_regularized_run_on_50000_images_has_all_test_counts() -> None:
    counts = {a.metric: a for a in replay(("regularized_full",))}
    assert counts["test/correct"].agree == 30


@pytest.mark.slow
def test_unregularized_run_on_50000_images_agrees_in_its_summary() -> None:
    """Rounding differences are amplified; three times the spread over seeds is 0.6 points."""
    config = published("overfitting_full").config
    best = {"test/accuracy": 0.0, "train/accuracy": 0.0}
    for report in train(config, load_dataset(config.data)):
        for name in best:
            best[name] = max(best[name], report.metrics[name])
    assert best["test/accuracy"] == pytest.approx(0.9533, abs=0.006)
    assert best["train/accuracy"] == pytest.approx(0.9786, abs=0.006)
