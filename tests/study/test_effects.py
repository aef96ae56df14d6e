"""Effects and interactions of factors against NumPy and SciPy by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from nnexp.study.bootstrap import mean_interval
from nnexp.study.effects import Design, design_of, effects_of, interactions_of, simple_effect
from nnexp.study.multiple_comparisons import holm
from nnexp.study.setting import Setting
from nnexp.study.statistics import summarize

Floats = NDArray[np.float64]
KEYS = ("reg", "size", "cost", "eta")


def setting(levels: Mapping[str, str], values: Mapping[Any, float]) -> Setting:
    name = ", ".join(levels.values())
    summary = summarize(list(values.values()))
    return Setting(name, summary, 0, dict(values), levels=tuple(levels.items()))


def table(y: Floats) -> list[Setting]:
    """The settings of values with one axis per factor and one of seeds, the last."""
    return [
        setting(
            {KEYS[k]: f"{KEYS[k]}{v}" for k, v in enumerate(cell)},
            {s: float(v) for s, v in enumerate(y[cell])},
        )
        for cell in np.ndindex(y.shape[:-1])
    ]


def drawn(shape: Sequence[int], seed: int = 0) -> Floats:
    """Accuracies with a part that all runs of a seed share."""
    rng = np.random.default_rng(seed)
    return 0.9 + 0.01 * rng.standard_normal(shape) + 0.01 * rng.standard_normal(shape[-1])


def test_an_effect_is_the_paired_difference_of_means_over_the_other_factors() -> None:
    y = drawn((2, 3, 2, 7))
    found, missing = effects_of(design_of(table(y)))
    assert missing == ()
    assert [(e.factor, e.a, e.b) for e in found] == [
        ("reg", "reg=reg0", "reg=reg1"),
        ("size", "size=size0", "size=size1"),
        ("size", "size=size0", "size=size2"),
        ("size", "size=size1", "size=size2"),
        ("cost", "cost=cost0", "cost=cost1"),
    ]
    tests = []
    for effect in found:
        mine = np.moveaxis(y, effect.at, 0).reshape(y.shape[effect.at], -1, 7).mean(axis=1)
        a, b = mine[effect.u], mine[effect.v]
        assert effect.mean == pytest.approx((a - b).mean(), abs=1e-12)
        assert effect.t_p == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-6)
        assert (effect.low, effect.high) == pytest.approx(mean_interval(a - b), abs=1e-9)
        assert (effect.n, effect.left_out, effect.paired) == (7, 0, True)
        assert effect.cells == effect.of_cells == y[..., 0].size // y.shape[effect.at]
        tests.append(effect.t_p)
    assert [e.p for e in found] == holm(tests)


def test_an_interaction_is_a_t_test_of_the_difference_of_differences() -> None:
    y = drawn((2, 3, 2, 6), seed=1)
    y[1, 2] += 0.06
    found = interactions_of(design_of(table(y)))
    assert len(found) == 3 + 1 + 3  # reg × size, reg × cost, size × cost
    (one,) = (
        t for t in found if (t.factor, t.here, t.there) == ("reg", "size=size1", "size=size2")
    )
    m = y.mean(axis=2)
    z = (m[0, 1] - m[1, 1]) - (m[0, 2] - m[1, 2])
    assert one.mean == pytest.approx(z.mean(), abs=1e-12)
    assert one.t_p == pytest.approx(stats.ttest_1samp(z, 0.0).pvalue, rel=1e-6)
    assert one.p == pytest.approx(holm([t.t_p for t in found])[found.index(one)])
    assert one.resolved
    resolved = {(t.factor, t.other) for t in found if t.resolved}
    assert resolved == {("reg", "size")}


@given(
    shape=st.tuples(st.integers(2, 3), st.integers(1, 3), st.integers(1, 2), st.integers(2, 5)),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=30, deadline=None)
def test_in_a_balanced_design_effects_are_differences_of_marginal_means(
    shape: tuple[int, ...], seed: int
) -> None:
    y = drawn(shape, seed)
    found, missing = effects_of(design_of(table(y)))
    assert missing == ()
    for effect in found:
        axis = KEYS.index(effect.factor)
        marginal = np.moveaxis(y, axis, 0).reshape(y.shape[axis], -1).mean(axis=1)
        assert effect.mean == pytest.approx(marginal[effect.u] - marginal[effect.v], abs=1e-11)


def test_effects_do_not_mind_the_order_of_settings_nor_shifts_of_a_cell() -> None:
    """What all levels of a combination share does not enter: a harder size widens nothing."""
    y = drawn((2, 2, 6), seed=2)
    shifted = y + np.array([0.0, -0.3])[None, :, None]
    plain, moved = (effects_of(design_of(table(x)))[0][0] for x in (y, shifted))
    assert moved.mean == pytest.approx(plain.mean, abs=1e-12)
    assert (moved.low, moved.high) == pytest.approx((plain.low, plain.high), abs=1e-9)
    again = effects_of(design_of(table(y)[::-1]))[0][0]
    assert (again.a, again.b) == (plain.b, plain.a)
    assert (again.mean, again.low, again.high) == pytest.approx(
        (-plain.mean, -plain.high, -plain.low), abs=1e-12
    )


def test_missing_seeds_and_cells_leave_what_is_paired_and_are_counted() -> None:
    y = drawn((2, 3, 8), seed=3)
    runs = table(y)
    del runs[0].values[5]  # reg0, size0
    del runs[4].values[6]  # reg1, size1
    del runs[5]  # reg1, size2
    (reg, *sizes), missing = effects_of(design_of(runs))
    assert missing == ()
    kept = [0, 1, 2, 3, 4, 7]
    z = (y[0, :2] - y[1, :2]).mean(axis=0)[kept]
    assert reg.mean == pytest.approx(z.mean(), abs=1e-12)
    assert reg.t_p == pytest.approx(stats.ttest_1samp(z, 0.0).pvalue, rel=1e-6)
    assert (reg.n, reg.left_out, reg.cells, reg.of_cells) == (6, 2, 2, 3)
    last = next(e for e in sizes if (e.a, e.b) == ("size=size1", "size=size2"))
    assert last.mean == pytest.approx((y[0, 1] - y[0, 2]).mean(), abs=1e-12)
    assert (last.n, last.cells, last.of_cells) == (8, 1, 2)


def test_settings_without_common_seeds_are_independent() -> None:
    """Welch's test between two; the cells of other seeds are blocks of their own."""
    a, b = drawn((1, 6), seed=4)[0], drawn((1, 9), seed=5)[0] + 0.02
    runs = [
        setting({"reg": "none"}, dict(enumerate(map(float, a)))),
        setting({"reg": "l2"}, {s + 100: float(v) for s, v in enumerate(b)}),
    ]
    (effect,), _ = effects_of(design_of(runs))
    assert not effect.paired
    assert effect.t_p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue, rel=1e-6)
    assert effect.more_seeds is None
    y = drawn((2, 2, 5), seed=6)
    runs = table(y)
    for run in (runs[1], runs[3]):  # the second size has seeds of its own
        moved = {s + 50: v for s, v in run.values.items()}
        run.values.clear()
        run.values.update(moved)
    reg = effects_of(design_of(runs))[0][0]
    d = y[0] - y[1]
    v = d.var(axis=1, ddof=1) / 5 / 4
    t, nu = d.mean() / np.sqrt(v.sum()), v.sum() ** 2 / (v**2 / 4).sum()
    assert reg.mean == pytest.approx(d.mean(), abs=1e-12)
    assert reg.t_p == pytest.approx(2 * stats.t.sf(abs(t), nu), rel=1e-6)


def test_what_no_seed_has_in_all_its_cells_is_named_and_not_estimated() -> None:
    runs = table(drawn((2, 1, 4)))
    for seed in (1, 2, 3):
        del runs[1].values[seed]
    found, missing = effects_of(design_of(runs))
    assert found == ()
    assert missing == ("reg=reg0 against reg=reg1",)


def test_keys_that_follow_each_other_are_one_factor() -> None:
    levels = [("none", "1000", "400"), ("none", "50000", "30"), ("l2", "1000", "400")]
    runs = [
        setting(dict(zip(("reg", "size", "train.epochs"), row, strict=True)), {0: 0.1, 1: 0.2})
        for row in levels
    ]
    design: Design = design_of(runs)
    assert [f.name for f in design.factors] == ["reg", "size, train.epochs"]
    assert design.factors[1].label(0) == "size=1000 train.epochs=400"
    found, _ = effects_of(design)
    assert [(e.b, e.cells, e.of_cells) for e in found] == [
        ("reg=l2", 1, 2),
        ("size=50000 train.epochs=30", 1, 2),
    ]


def test_a_simple_effect_is_of_one_level_of_the_other_factor() -> None:
    y = drawn((2, 3, 5), seed=8)
    z = simple_effect(design_of(table(y)), 0, 1, 2)
    assert z is not None
    assert z.mean == pytest.approx((y[0, 2] - y[1, 2]).mean(), abs=1e-12)


def test_equal_values_make_no_effect_and_a_constant_difference_a_certain_one() -> None:
    y = np.full((2, 2, 3), 0.9)
    assert [(e.p, e.resolved) for e in effects_of(design_of(table(y)))[0]] == [(1.0, False)] * 2
    assert not any(t.resolved for t in interactions_of(design_of(table(y))))
    y[1] += 0.1
    first = effects_of(design_of(table(y)))[0][0]
    assert first.resolved
    assert first.t_p == 0.0


@pytest.mark.slow
def test_intervals_cover_and_tests_err_as_promised() -> None:
    """2 × 2 with seeds in common and cells of unlike spread: coverage, and false interactions."""
    rng = np.random.default_rng(7)
    cases, covered, false_effects, false_interactions = 2000, 0, 0, 0
    spread = np.array([[1.0, 0.3], [2.0, 0.5]])[:, :, None]
    for _ in range(cases):
        shared = rng.standard_normal(6)
        y = spread * rng.standard_normal((2, 2, 6)) + shared + np.array([0.0, 4.0])[None, :, None]
        design = design_of(table(y))
        reg = effects_of(design)[0][0]
        covered += reg.low <= 0.0 <= reg.high
        false_effects += reg.t_p <= 0.05
        false_interactions += interactions_of(design)[0].t_p <= 0.05
    assert 0.93 <= covered / cases <= 0.97
    assert 0.035 <= false_effects / cases <= 0.065
    assert 0.035 <= false_interactions / cases <= 0.065


@pytest.mark.slow
def test_over_many_effects_a_false_one_is_rare() -> None:
    rng = np.random.default_rng(8)
    cases, wrong, interacting = 500, 0, 0
    for _ in range(cases):
        y = rng.standard_normal((4, 3, 5)) + rng.standard_normal(5)
        design = design_of(table(y))
        wrong += any(e.resolved for e in effects_of(design)[0])
        interacting += any(t.resolved for t in interactions_of(design))
    assert wrong / cases <= 0.07
    assert interacting / cases <= 0.07
