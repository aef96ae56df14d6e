"""Elementary functions: near the true values everywhere, and the same bits on every processor."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import TypingError

from nnexp.kernel import elementary
from nnexp.kernel.jit import jit
from tests.kernel.processors import PROCESSORS, printed
from tests.kernel.ulps import (
    BOUNDS,
    GOLDEN,
    KINDS,
    WIDE,
    compiled,
    digests,
    errors,
    worst,
)

BOTH = pytest.mark.parametrize("kind", ["float32", "float64"])
inf, nan = np.inf, np.nan


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_error_is_within_its_bound(name: str, kind: str) -> None:
    if kind == "float64" and not WIDE:
        pytest.skip("no wider type to compare with")
    # An odd stride: last digits of all kinds.
    top, where = worst(name, kind, stride=1_023, count=2_000_000)
    assert top <= BOUNDS[name, kind], f"{name}({where!r}) is {top:.3f} ulp off"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_error_is_within_its_bound_for_every_float32_and_many_float64(name: str, kind: str) -> None:
    if kind == "float64" and not WIDE:
        pytest.skip("no wider type to compare with")
    top, where = worst(name, kind, stride=1, count=100_000_000)
    assert top <= BOUNDS[name, kind], f"{name}({where!r}) is {top:.3f} ulp off"


@pytest.mark.parametrize("name", ["exp", "log", "log1p", "tanh", "sigmoid"])
def test_error_against_decimal_arithmetic(name: str) -> None:
    """The reference above is libm's: here is one of 50 digits that owes it nothing."""

    def true(x: Decimal) -> Decimal:
        match name:
            case "exp":
                return x.exp()
            case "log":
                return x.ln()
            case "log1p":
                return (1 + x).ln()
            case "tanh":
                return ((2 * x).exp() - 1) / ((2 * x).exp() + 1)
            case _:
                return 1 / (1 + (-x).exp())

    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(-0.9, 0.9, 500), rng.uniform(-20, 700, 500)])
    x = np.abs(x) if name == "log" else x[x > -1] if name == "log1p" else x
    with localcontext() as context:
        context.prec = 50
        for argument, got in zip(x.tolist(), compiled(name, x).tolist(), strict=True):
            expected = true(Decimal(argument))
            last = Fraction(np.spacing(float(abs(expected))))
            off = abs(Fraction(got) - Fraction(expected)) / last
            assert off <= BOUNDS[name, "float64"], f"{name}({argument!r}) is {float(off):.3f} off"


SPECIAL: dict[str, list[tuple[float, float]]] = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0), (1e30, inf), (-1e30, 0.0)],
    "log": [(1.0, 0.0), (0.0, -inf), (-0.0, -inf), (inf, inf), (-1.0, nan), (-inf, nan)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -inf), (inf, inf), (-1.5, nan), (-inf, nan)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (1e30, 1.0), (-20.0, -1.0)],
    "sigmoid": [(0.0, 0.5), (-0.0, 0.5), (inf, 1.0), (-inf, 0.0), (1e30, 1.0), (-1e30, 0.0)],
}


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_special_values(name: str, kind: str) -> None:
    special = [*SPECIAL[name], (nan, nan), (-nan, nan)]
    x, expected = (np.array(column, kind) for column in zip(*special, strict=True))
    got = compiled(name, x)
    # Equal to the sign of a zero.
    np.testing.assert_array_equal(got, expected)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got[known]), np.signbit(expected[known]))


def neighbours(x: float, kind: str, count: int = 2_000) -> Any:
    """The numbers around x, ascending."""
    width = {"float32": np.int32, "float64": np.int64}[kind]
    bits = np.array(x, kind).view(width) + np.arange(-count, count).astype(width)
    return np.sort(bits.view(kind))


@BOTH
def test_exp_overflows_and_underflows_where_it_must(kind: str) -> None:
    info = np.finfo(kind)
    top, normal, bottom = (
        float(np.log(np.longdouble(v))) for v in (info.max, info.tiny, 2.0**-149)
    )
    if kind == "float64":
        bottom = -744.4400719213812
    for edge in (top, normal, bottom):
        values = compiled("exp", neighbours(edge, kind))
        assert (np.diff(values[np.isfinite(values)]) >= 0).all()
    around = compiled("exp", neighbours(top, kind))
    assert np.isinf(around[-1])
    assert np.isfinite(around[0])
    # Half of the smallest number rounds to 0, more does not.
    half = bottom - np.log(2.0)
    assert compiled("exp", np.array([half * 1.0001, half * 0.9999], kind)).tolist() == [
        0.0,
        float(info.smallest_subnormal),
    ]


@BOTH
def test_values_rise_where_the_method_changes(kind: str) -> None:
    """Nowhere by more than the two errors may a greater argument give a smaller value."""
    for name, edges in {
        "tanh": [0.625, 1.0, 9.5, 19.5],
        "sigmoid": [-104.0, -88.0, -1.0, 18.0, 37.0],
        "exp": [0.34657359, -0.34657359, 1.0397207],
        "log": [0.70710678, 1.4142135],
        "log1p": [0.41421356, -0.29289322, 1.0, 1.8284271],
    }.items():
        for edge in edges:
            y = compiled(name, neighbours(edge, kind))
            drop = np.maximum.accumulate(y) - y
            assert (drop <= 2 * BOUNDS[name, kind] * np.spacing(np.abs(y))).all(), (name, edge)


@BOTH
def test_tanh_is_odd_and_never_beyond_one(kind: str) -> None:
    x = np.random.default_rng(0).uniform(0, 25, 100_000).astype(kind)
    y = compiled("tanh", x)
    np.testing.assert_array_equal(compiled("tanh", -x), -y)
    assert y.max() == 1.0


@BOTH
def test_sigmoid_stays_between_0_and_1(kind: str) -> None:
    x = np.random.default_rng(0).uniform(-800, 800, 100_000).astype(kind)
    y = compiled("sigmoid", x)
    assert y.min() == 0.0
    assert y.max() == 1.0


@BOTH
def test_small_numbers_stay_what_they_are(kind: str) -> None:
    info = np.finfo(kind)
    small = np.array([info.smallest_subnormal, info.tiny, 1e-30, info.eps / 16], kind)
    small = np.concatenate([small, -small])
    for name in ("log1p", "tanh"):
        np.testing.assert_array_equal(compiled(name, small), small)


@jit
def _fused(a: Any, b: Any, c: Any) -> Any:
    return elementary.fma(a, b, c)


@jit
def _chosen(a: Any, b: Any) -> Any:
    return elementary.select(a < b, a, b)


def test_fma_rounds_once() -> None:
    e = np.float64(2.0**-30)
    assert _fused(1 + e, 1 - e, np.float64(-1)) == -(2.0**-60)
    single = np.float32(2.0**-13)
    one = np.float32(1)
    assert _fused(one + single, one - single, -one) == -np.float32(2.0**-26)
    assert _chosen(np.float64(2), np.float64(1)) == 1.0


def test_kinds_are_not_mixed() -> None:
    with pytest.raises(TypingError):
        _fused(np.float32(1), np.float64(1), np.float64(1))
    with pytest.raises(TypingError):
        compiled("exp", np.arange(3))


def test_ulps_are_counted_right() -> None:
    """The ruler itself: at a power of two, below the normal numbers and at infinity."""
    one = np.array([1.0, 1.0, 2.0**-149, inf], np.float32)
    true = np.array([1.0 + 2.0**-24, 1.0 - 2.0**-24, 2.0**-150, 1e39])
    assert errors(one, true).tolist() == [0.5, 1.0, 0.5, 0.0]


def test_plain_python_is_told_that_these_are_for_compiled_code() -> None:
    for function in ("exp", "log", "log1p", "tanh", "sigmoid"):
        with pytest.raises(NotImplementedError, match="compiled code only"):
            getattr(elementary, function)(1.0)


def test_bits_are_the_published_ones() -> None:
    assert digests() == GOLDEN


@pytest.mark.parametrize("processor", PROCESSORS)
def test_bits_are_the_same_on_another_processor(processor: str, tmp_path: Path) -> None:
    code = "import json; from tests.kernel.ulps import digests; print(json.dumps(digests()))"
    assert json.loads(printed(code, processor, tmp_path)) == GOLDEN
