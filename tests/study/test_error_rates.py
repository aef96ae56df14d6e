"""Errors and power of verdicts, simulated: a few hundred cases always, thousands when slow."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.error_rates import (
    DIFFERENCES,
    LAST,
    at,
    calls_equivalent,
    e_rejects,
    family_errors,
    looks,
    t_rejects,
)
from nnexp.study.decision_rule import Rule
from nnexp.study.statistics import seeds_needed

ALWAYS = looks()["after every seed from 5 to 100"]
SIZES = [300, pytest.param(10_000, marks=pytest.mark.slow)]
FAMILIES = [60, pytest.param(2_000, marks=pytest.mark.slow)]


def most(share: float, cases: int) -> float:
    """What a share may come out as by chance, once in a thousand times."""
    return float(share + 3.1 * np.sqrt(share * (1 - share) / cases))


@pytest.mark.parametrize("cases", SIZES)
@pytest.mark.parametrize("name", list(DIFFERENCES)[:3])
def test_looking_after_every_seed_errs_at_most_as_often_as_promised(name: str, cases: int) -> None:
    z = DIFFERENCES[name](np.random.default_rng([1, cases]), (cases, LAST))
    assert at(e_rejects(z), ALWAYS).mean() <= 0.05
    assert at(e_rejects(z), range(2, LAST + 1)).mean() <= 0.05
    assert at(t_rejects(z), ALWAYS).mean() > 0.25  # what it is for
    assert at(t_rejects(z), [10]).mean() <= most(0.05, cases)


@pytest.mark.parametrize("cases", SIZES)
@pytest.mark.parametrize("margin", [0.5, 1.0, 2.0])
def test_settings_that_differ_by_the_margin_are_called_equivalent_in_at_most_5_percent(
    margin: float, cases: int
) -> None:
    z = margin + np.random.default_rng([2, cases]).normal(size=(cases, LAST))
    assert at(calls_equivalent(z, margin, anytime=True), ALWAYS).mean() <= 0.05
    for n in (5, 10, 30):
        assert at(calls_equivalent(z, margin, anytime=False), [n]).mean() <= most(0.05, cases)
    equal = z - margin
    assert at(calls_equivalent(equal, margin, anytime=True), [LAST]).mean() > 0.85


@pytest.mark.parametrize("cases", SIZES)
def test_it_takes_about_18_seeds_where_a_fixed_test_needs_10(cases: int) -> None:
    assert seeds_needed(1.0, 1.0, 0) == 10
    z = 1.0 + np.random.default_rng([3, cases]).normal(size=(cases, LAST))
    assert at(e_rejects(z), range(5, 19)).mean() == pytest.approx(0.8, abs=0.06)
    assert at(t_rejects(z), [10]).mean() == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("cases", FAMILIES)
@pytest.mark.parametrize(
    ("means", "within"),
    [((0.0, 0.0, 0.0, 0.0), None), ((1.5, 0.0, 0.0), None), ((1.0, 0.0, 0.0), 1.0)],
)
def test_among_all_pairs_any_verdict_is_wrong_in_at_most_5_percent(
    means: tuple[float, ...], within: float | None, cases: int
) -> None:
    """With seeds added, round by round, to the settings that are open."""
    rule = Rule(within=within, anytime=True)
    wrong = list(family_errors(means, rule, cases, seed=4, budget=40))
    assert np.mean(wrong) <= 0.05
