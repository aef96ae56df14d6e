"""The evidence that one setting is worse than another, and the error that is stated of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from nnexp.selection.race import log_e_value, worse
from nnexp.study.sequential import G


def by_integration(d: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """E_n as it is defined: a ratio of integrals over σ (right Haar) and δ (half-normal)."""
    n = d.size

    def over_scale(delta: float) -> float:
        def density(log_sigma: float) -> float:
            x = d * math.exp(-log_sigma)
            return math.exp(-n * log_sigma - 0.5 * float(np.square(x - delta).sum()))

        return float(integrate.quad(density, -14, 14, limit=400)[0])

    def weighted(delta: float) -> float:
        return float(2.0 * stats.norm.pdf(delta, scale=math.sqrt(G))) * over_scale(delta)

    return float(integrate.quad(weighted, 0, 8)[0]) / over_scale(0.0)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_closed_form_is_the_integral(n: int) -> None:
    d = np.random.default_rng(n).normal(0.7, 1.0, n)
    assert log_e_value(d) == pytest.approx(math.log(by_integration(d)), abs=1e-4)


def test_it_knows_no_unit_and_grows_with_the_mean() -> None:
    d = np.array([0.3, -0.1, 0.4, 0.2])
    assert log_e_value(1000.0 * d) == pytest.approx(log_e_value(d))
    values = [log_e_value(d + shift) for shift in np.linspace(-2.0, 2.0, 21)]
    assert values == sorted(values)
    assert log_e_value(np.zeros(5)) == pytest.approx(-0.5 * math.log(6.0))


def test_the_best_of_a_race_is_dropped_at_most_as_often_as_stated() -> None:
    """Six equal settings looked at after each of twelve seeds: the worst case."""
    rng, dropped, races, alpha = np.random.default_rng(5), 0, 200, 0.1
    for _ in range(races):
        scores = rng.normal(size=(6, 12)) + rng.normal(size=12)
        alive = list(range(6))
        values: dict[int, dict[int, float]] = {k: {} for k in alive}
        for seed in range(12):
            for k in alive:
                values[k][seed] = float(scores[k, seed])
            gone = worse(values, alive, alpha)
            # Any of them may be called the best.
            dropped += 0 in gone
            alive = [k for k in alive if k not in gone]
    assert dropped / races <= alpha


def test_a_clearly_worse_setting_is_dropped_after_a_few_seeds() -> None:
    rng = np.random.default_rng(1)
    common = rng.normal(size=8)
    values = {
        k: {s: float(common[s] + 0.1 * rng.normal() - lag) for s in range(8)}
        for k, lag in enumerate((0.0, 0.02, 1.0))
    }
    assert worse(values, [0, 1, 2], 0.05) == [2]
    assert worse({k: dict(list(v.items())[:1]) for k, v in values.items()}, [0, 1, 2], 0.05) == []
