"""Noise in the inputs of recorded networks, and the norms of their weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nnexp.config.schema import Config, DataConfig, ModelConfig
from nnexp.data.dataset import Examples
from nnexp.nn.parameters import Parameters
from nnexp.study.sensitivity import at_noise, noisy, norms
from tests.inside import inside
from tests.small import made


def test_noise_is_gaussian_the_same_each_time_and_stays_within_the_pixels() -> None:
    grey = Examples(np.full((1500, 100), 128, np.uint8), np.zeros(1500, np.uint8))
    moved = noisy(grey, 0.1)
    np.testing.assert_array_equal(moved.images, noisy(grey, 0.1).images)
    off = (moved.images - 128.0) / 255.0
    assert abs(off.mean()) < 0.001
    assert off.std() == pytest.approx(0.1, rel=0.01)
    # Half the noise is the same noise half as strong.
    half = noisy(grey, 0.05).images - 128.0
    np.testing.assert_allclose(2 * half, 255 * off, atol=1.6)
    assert noisy(grey, 5.0).images.min() == 0
    assert noisy(grey, 5.0).images.max() == 255
    assert noisy(grey, 0.0) is grey


def test_a_network_of_large_weights_is_moved_more() -> None:
    dataset = made(inputs=30, train=40, test=50)
    config = Config(model=ModelConfig([]), data=DataConfig(n_train=30, n_validation=10))
    rng = np.random.default_rng(0)
    small = Parameters((rng.standard_normal((3, 30)) / 10,), (np.zeros(3),))
    large = Parameters((small.weights[0] * 20,), (np.zeros(3),))
    tests = [(sigma, noisy(dataset.test, sigma)) for sigma in (0.0, 0.3)]
    calm, moved = (at_noise(config, p, dataset, tests) for p in (small, large))
    assert calm[0].change == moved[0].change == 0.0
    assert 0.0 < calm[1].change < moved[1].change
    assert calm[0].accuracy == moved[0].accuracy  # The order of the outputs is the same.


def test_norms_are_those_of_linear_algebra() -> None:
    weights = np.diag([3.0, 2.0, 1.0])[:, :3]
    [found] = norms(Parameters((weights,), (np.zeros(3),)))
    assert found.frobenius == pytest.approx(np.sqrt(14.0))
    assert found.spectral == pytest.approx(3.0)
    assert found.median == pytest.approx(2.0)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sensitivity")
    typed = ("-m", "size=100", "train.epochs=1,3", "seed=range(2)", "tracking.artifacts=light")
    assert inside(folder, *typed).returncode == 0
    return folder


def test_command_says_what_noise_does(store: Path) -> None:
    done = inside(store, "sensitivity", "--noise", "0.5", "--format", "json")
    assert done.returncode == 0, done.stderr
    accuracy, cost, change, weights = json.loads(done.stdout)
    assert len(accuracy["rows"]) == 2
    for rows in (accuracy, cost, change):
        assert set(rows["rows"][0]) == {"setting", "networks", "noise 0", "noise 0.5"}
    assert float(weights["rows"][0]["norm 1"]) > 0
    runs = json.loads(inside(store, "runs", "--format", "json").stdout)
    means = {
        f"{100 * np.mean([r['test/accuracy'] for r in runs if r['train.epochs'] == e]):.2f}"
        for e in (1, 3)
    }
    assert {row["noise 0"].split()[0] for row in accuracy["rows"]} == means


def test_markdown_names_the_command_and_no_noise_gives_the_norms_alone(store: Path) -> None:
    done = inside(store, "sensitivity", "--noise", "", "--format", "markdown")
    assert done.stdout.count("###") == 1
    assert "made by `python -m nnexp sensitivity --noise '' --format markdown`" in done.stdout


@pytest.mark.parametrize("noise", ["-1", "0", "abc", "nan", "11"])
def test_other_noise_is_refused(store: Path, noise: str) -> None:
    done = inside(store, "sensitivity", f"--noise={noise}")
    assert done.returncode == 2
    assert f"--noise {noise}: allowed: numbers above 0" in done.stderr
