"""exp, log, log1p, tanh and sigmoid with the same bits on every processor.

They are made of operations that IEEE 754 defines to the bit (+, -, ×, ÷, fused multiply-add,
comparison) and of integer arithmetic on the bits of a number. No libm and no vector library takes
part, whose results differ between versions and processors. There are no branches, only selections,
so LLVM vectorizes loops over them; no number out of range is ever turned into an integer.

Method: exp(x) = 2ⁿ exp(r) with n = x / ln 2 rounded (adding 1.5·2²³ or 1.5·2⁵² leaves n in the
last bits) and |r| ≤ ln 2 / 2, exp(r) by a polynomial; log by the series of fdlibm in
s = f / (2 + f) for 1 + f in [√½, √2); log1p is that with the rounding of 1 + x put back; tanh and
sigmoid come from exp(2|x|) and exp(-|x|), where nothing cancels (sigmoid in two parts each, so that
only its last operation rounds); small tanh is a polynomial.

Sources: Cephes (Moshier, 1989: expf, tanhf); fdlibm (Sun Microsystems, 1993: e_log.c,
s_log1p.c); Muller, "Elementary Functions", 3rd edition, 2016, chapters 3 and 11. The
coefficients are minimax fits of the relative error in 160-bit arithmetic by Remez's exchange
(float64) and, for float32, by Lawson's weighted least squares, where each coefficient is rounded
before the next are fitted.

Worst errors in ulps, as `python -m tests.kernel.ulps` measures them, on all float32 values and on
200 million float64 values each:

              float32  float64
    exp          0.891    0.936
    log          0.500    0.815
    log1p        0.500    0.832
    tanh         0.959    1.386
    sigmoid      0.891    1.090
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

Real: TypeAlias = Any
"""A float32 or float64 in compiled code; what comes out has the same type."""

_OPTIONS: dict[str, Any] = {"forceinline": True, "error_model": "numpy"}

_inlined: Callable[[Callable[..., Any]], Any] = njit(**_OPTIONS)
"""Into its caller before LLVM vectorizes: a call would keep a loop scalar."""

_intrinsic: Callable[[Callable[..., Any]], Any] = intrinsic


# ---------------------------------------------------------------------------------------------
# What compiled code calls. Each stands for two functions below, chosen by the type of x.


def exp(x: Real) -> Real:
    """e to the power of x. Worst error: float32 0.9 ulp, float64 1 ulp.

    Below the smallest normal number results are subnormal and rounded once, then 0; beyond the
    largest they are infinite.
    """
    raise NotImplementedError("compiled code only")


def log(x: Real) -> Real:
    """The natural logarithm. Worst error: float32 0.51 ulp, float64 1 ulp.

    log(0) is minus infinity, that of a negative number NaN.
    """
    raise NotImplementedError("compiled code only")


def log1p(x: Real) -> Real:
    """log(1 + x) without rounding 1 + x. Worst error: float32 0.51 ulp, float64 1 ulp.

    log1p(-1) is minus infinity, that of less NaN; log1p(-0) is -0.
    """
    raise NotImplementedError("compiled code only")


def tanh(x: Real) -> Real:
    """The hyperbolic tangent. Worst error: float32 1 ulp, float64 1.5 ulp."""
    raise NotImplementedError("compiled code only")


def sigmoid(x: Real) -> Real:
    """1 / (1 + exp(-x)). Worst error: float32 1 ulp, float64 1.2 ulp.

    For x < 0 it is exp(x) / (1 + exp(x)), which stays as exact down to the subnormal numbers.
    """
    raise NotImplementedError("compiled code only")


# ---------------------------------------------------------------------------------------------
# Single instructions.


@_intrinsic
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """a · b + c, rounded once. Without such an instruction libm computes it: slowly, same bits."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return (a(a, b, c), code) if a == b == c and isinstance(a, types.Float) else None


@_intrinsic
def select(typing_context: Any, condition: Any, yes: Any, no: Any) -> Any:
    """`yes` or `no`, both of them computed: no branch."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return (yes(condition, yes, no), code) if yes == no else None


_INTEGER = {types.float32: types.int32, types.float64: types.int64}
_NUMBER = {integer: number for number, integer in _INTEGER.items()}


def _same_bits(kinds: dict[Any, Any]) -> Any:
    """The bits of one kind of number taken for another kind."""

    @_intrinsic
    def cast(typing_context: Any, x: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

        return kinds[x](x), code

    return cast


_bits = _same_bits(_INTEGER)
_number = _same_bits(_NUMBER)


def _polynomial(*coefficients: float) -> Any:
    """c₀ + c₁x + c₂x² + …, by Horner's rule with fused multiply-adds."""

    @_intrinsic
    def horner(typing_context: Any, x: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            (at,) = arguments
            *rest, total = (ir.Constant(at.type, c) for c in coefficients)
            for coefficient in reversed(rest):
                total = builder.fma(total, at, coefficient)
            return total

        return x(x), code

    return horner


# ---------------------------------------------------------------------------------------------
# exp, sigmoid, tanh: one method, two precisions.


def _exponentials(
    real: Any,
    integer: Any,
    *,
    low: float,
    high: float,
    ln2_tail: float,
    exp_series: Any,
    tanh_series: Any,
    tanh_bend: float,
    tanh_one: float,
) -> tuple[Callable[[Real], Real], ...]:
    """exp, sigmoid and tanh for a type of number and the integer as wide.

    Args:
        real: np.float32 or np.float64.
        integer: np.int32 or np.int64.
        low: exp of it is 0.
        high: exp of it is infinite.
        ln2_tail: ln 2 less its rounded value.
        exp_series: polynomial for (exp(r) - 1) / r, |r| ≤ ln 2 / 2.
        tanh_series: polynomial in x² for (tanh(x) - x) / x³, |x| ≤ tanh_bend.
        tanh_bend: from here on tanh is taken from exp.
        tanh_one: tanh of it rounds to 1.
    """
    info = np.finfo(real)
    digits, bias = integer(info.nmant), integer(info.maxexp - 1)
    log2e, ln2, tail = real(1.4426950408889634), real(0.6931471805599453), real(ln2_tail)
    shifter = real(1.5 * 2.0**info.nmant)
    shifter_bits = integer(shifter.view(integer))
    sign, magnitude = integer(np.iinfo(integer).min), integer(np.iinfo(integer).max)
    lowest, highest, bend, flat = real(low), real(high), real(tanh_bend), real(tanh_one)
    nothing, one, two, by_half = real(0), real(1), real(2), integer(1)
    # 2ⁿ times this is normal for every n that exp(low) needs.
    lift, lifted = integer(digits + 1), real(2.0 ** -(digits + 1))

    @_inlined
    def reduced(x: Real) -> Any:
        """((exp(r) - 1) / r, r, n) of x = n ln 2 + r."""
        shifted = fma(x, log2e, shifter)
        whole = shifted - shifter
        # ln 2 in two parts. The inner one is exact.
        r = fma(whole, -tail, fma(whole, -ln2, x))
        return exp_series(r), r, integer(_bits(shifted) - shifter_bits)

    @_inlined
    def power(n: Any) -> Real:
        """2ⁿ, a normal number."""
        return _number(integer(integer(n + bias) << digits))

    def exp(x: Real) -> Real:
        # A NaN is neither above nor below, and comes out of the polynomial.
        p, r, n = reduced(select(x > highest, highest, select(x < lowest, lowest, x)))
        # In two steps, the first of which is exact: 2ⁿ itself may not be a normal number.
        half = integer(n >> by_half)
        return fma(p, r, one) * power(half) * power(integer(n - half))

    def sigmoid(x: Real) -> Real:
        size = select(x < nothing, x, -x)
        p, r, n = reduced(select(size < lowest, lowest, size))
        # Everything in two parts, the second what rounding has taken from the first.
        first = fma(p, r, one)
        scale = power(integer(n + lift))
        e, e_rest = first * scale * lifted, fma(p, r, one - first) * scale * lifted
        sum_ = one + e
        sum_rest = (one - sum_) + e + e_rest
        above, above_rest = select(x < nothing, e, one), select(x < nothing, e_rest, nothing)
        inverse = one / sum_
        result = above * inverse
        missing = fma(-result, sum_, above) + (above_rest - result * sum_rest)
        return fma(missing, inverse, result)

    def tanh(x: Real) -> Real:
        size = _number(integer(_bits(x) & magnitude))
        square = size * size
        small = fma(size * square, tanh_series(square), size)
        p, r, n = reduced(two * select(size > flat, flat, size))
        large = one - two / (fma(p, r, one) * power(n) + one)
        result = select(size < bend, small, large)
        return _number(integer(_bits(result) | integer(_bits(x) & sign)))

    return exp, sigmoid, tanh


_exp32, _sigmoid32, _tanh32 = _exponentials(
    np.float32,
    np.int32,
    low=-104.0,
    high=89.0,
    ln2_tail=-1.9046542121259336e-09,
    exp_series=_polynomial(
        1.0,
        0.4999999403953552,
        0.1666652113199234,
        0.04166826605796814,
        0.008368671871721745,
        0.0013820655876770616,
    ),
    tanh_bend=1.0,
    tanh_one=9.5,
    tanh_series=_polynomial(
        -0.333333283662796,
        0.13333174586296082,
        -0.0539507158100605,
        0.021774357184767723,
        -0.008571084588766098,
        0.003048144280910492,
        -0.0008212222601287067,
        0.0001162145781563595,
    ),
)
_exp64, _sigmoid64, _tanh64 = _exponentials(
    np.float64,
    np.int64,
    low=-745.2,
    high=710.0,
    ln2_tail=2.3190468138462996e-17,
    exp_series=_polynomial(
        1.0,
        0.5000000000000011,
        0.1666666666666641,
        0.04166666666653012,
        0.008333333333495481,
        0.001388888894364473,
        0.00019841269504117728,
        2.4801493080152353e-05,
        2.755758878201767e-06,
        2.763025616473945e-07,
        2.4999236482651483e-08,
    ),
    tanh_bend=0.625,
    tanh_one=19.5,
    tanh_series=_polynomial(
        -0.33333333333332854,
        0.13333333333262087,
        -0.05396825393126632,
        0.02186948757606899,
        -0.008863221002362703,
        0.003591989172074134,
        -0.0014549588706051927,
        0.0005863165196448048,
        -0.0002285641737922242,
        7.714432717587844e-05,
        -1.607255105709493e-05,
    ),
)


# ---------------------------------------------------------------------------------------------
# log, log1p: float64 only; float32 goes through it, being needed once per example.

_log_series = _polynomial(
    0.6666666666666734,
    0.3999999999941399,
    0.28571428742558697,
    0.22222198554030942,
    0.18183565399648743,
    0.1531402118952703,
    0.14796261606348485,
)
# 32 bits of ln 2, so that k times it is exact, and the rest.
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_INFINITY, _NAN = float("inf"), float("nan")
_SMALLEST_NORMAL = 2.0**-1022
_ROOT_HALF_BITS = np.int64(np.float64(0.7071067811865476).view(np.int64))
_SHIFTER = 1.5 * 2.0**52
_SHIFTER_BITS = np.int64(np.float64(_SHIFTER).view(np.int64))
_DIGITS = np.int64(52)


@_inlined
def _split(x: Real) -> Any:
    """(k, m) of x = 2ᵏ m, m in [√½, √2), for a normal x > 0."""
    bits = _bits(x)
    k = np.int64(np.int64(bits - _ROOT_HALF_BITS) >> _DIGITS)
    m = _number(np.int64(bits - np.int64(k << _DIGITS)))
    return _number(np.int64(k + _SHIFTER_BITS)) - _SHIFTER, m


@_inlined
def _log_of(k: Real, f: Real, rest: Real) -> Real:
    """k ln 2 + log(1 + f) + rest, as fdlibm's."""
    s = f / (2.0 + f)
    z = s * s
    half_square = 0.5 * f * f
    series = s * fma(z, _log_series(z), half_square)
    return k * _LN2_HIGH - ((half_square - (series + (k * _LN2_LOW + rest))) - f)


@_inlined
def _limits(x: Real, result: Real) -> Real:
    """The logarithm of x: `result`, unless x is not a positive number."""
    result = select(x < _INFINITY, result, x)
    return select(x > 0.0, result, select(x == 0.0, -_INFINITY, _NAN))


def _log64(x: Real) -> Real:
    subnormal = x < _SMALLEST_NORMAL
    k, m = _split(select(subnormal, x * 2.0**54, x))
    return _limits(x, _log_of(select(subnormal, k - 54.0, k), m - 1.0, 0.0))


def _log32(x: Real) -> Real:
    return np.float32(log(np.float64(x)))


def _log1p64(x: Real) -> Real:
    u = 1.0 + x
    k, m = _split(u)
    near = k == 0.0
    # What rounding 1 + x has lost, relative to u. Near 0 x itself stands for f: nothing is lost.
    lost = select(k > 1.0, 1.0 - (u - x), x - (u - 1.0)) / u
    result = _log_of(k, select(near, x, m - 1.0), select(near, 0.0, lost))
    return select(x == 0.0, x, _limits(u, result))


def _log1p32(x: Real) -> Real:
    return np.float32(log1p(np.float64(x)))


# ---------------------------------------------------------------------------------------------


def _offer(function: Callable[..., Any], kinds: dict[Any, Callable[..., Any]]) -> None:
    """Compiled code that calls `function` gets the one for the type of its argument."""

    def choose(x: Real) -> Real:
        return kinds.get(x)

    overload(function, jit_options=_OPTIONS)(choose)


_offer(exp, {types.float32: _exp32, types.float64: _exp64})
_offer(log, {types.float32: _log32, types.float64: _log64})
_offer(log1p, {types.float32: _log1p32, types.float64: _log1p64})
_offer(tanh, {types.float32: _tanh32, types.float64: _tanh64})
_offer(sigmoid, {types.float32: _sigmoid32, types.float64: _sigmoid64})
