"""Logarithm, cosine and the normal distribution's quantile, the same bits on every processor.

NumPy's `log` and the C library's may round differently from one processor or version to another.
Here are only additions, multiplications, divisions, square roots, comparisons and `frexp`, each a
NumPy operation of its own, that IEEE 754 defines to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SQRT_HALF = float.fromhex("0x1.6a09e667f3bcdp-1")
# ln 2 in two parts: the first has so few digits that e · LN2_HIGH is exact for every exponent e.
LN2_HIGH = float.fromhex("0x1.62e42feep-1")
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
# (ln(1 + s) − ln(1 − s) − 2s) / s as a polynomial in s², for |s| ≤ 0.1716.
LOG = (
    float.fromhex("0x1.5555555555593p-1"),
    float.fromhex("0x1.999999997fa04p-2"),
    float.fromhex("0x1.2492494229359p-2"),
    float.fromhex("0x1.c71c51d8e78afp-3"),
    float.fromhex("0x1.7466496cb03dep-3"),
    float.fromhex("0x1.39a09d078c69fp-3"),
    float.fromhex("0x1.2f112df3e5244p-3"),
)


def log(x: Floats) -> Floats:
    """ln x for finite x > 0, in error by less than 1 unit in the last place.

    The method and the coefficients of fdlibm's `e_log.c` (Sun Microsystems, 1993): x = 2^e (1 + f)
    with 1 + f between √½ and √2, s = f / (2 + f), ln(1 + f) = f − f²/2 + s (f²/2 + R(s²)).
    """
    mantissa, exponent = np.frexp(x)
    low = mantissa < SQRT_HALF
    f = np.where(low, 2.0 * mantissa, mantissa) - 1.0
    e = np.subtract(exponent, low, dtype=np.float64)
    s = f / (2.0 + f)
    square = s * s
    half = 0.5 * f * f
    rest = square * _polynomial(LOG, square)
    value: Floats = e * LN2_HIGH - ((half - (s * (half + rest) + e * LN2_LOW)) - f)
    return value


PI = float.fromhex("0x1.921fb54442d18p+1")


def cosine(t: float) -> float:
    """cos(π t) for 0 ≤ t ≤ 1, in error by less than 1e-15: its series, mirrored beyond t = ½."""
    if t > 0.5:
        return -cosine(1.0 - t)
    square, term, total = (PI * t) * (PI * t), 1.0, 1.0
    for k in range(2, 26, 2):
        term *= -square / (k * (k - 1))
        total += term
    return total


# Coefficients from the constant term upwards: numerators A, C, E; denominators B, D, F.
A = (
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
)
B = (
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
)
C = (
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
)
D = (
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
)
E = (
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
)
F = (
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
)


def normal_quantile(q: Floats) -> Floats:
    """The x with P(X ≤ x) = ½ + q for X of N(0, 1), |q| < ½, in error by some 1e-16 of x.

    Algorithm AS 241, PPND16 (Wichura 1988, Applied Statistics 37, 477–484): a ratio of polynomials
    in 0.180625 − q² where |q| ≤ 0.425, and in r = √(−ln(½ − |q|)) beyond, less 1.6 or 5. Given q
    instead of the probability itself, both tails are equally exact.
    """
    x = np.empty_like(q)
    central = np.abs(q) <= 0.425
    inner, outer = q[central], q[~central]
    x[central] = inner * _ratio(A, B, 0.180625 - inner * inner)
    r = np.sqrt(-log(0.5 - np.abs(outer)))
    tail = np.where(r <= 5.0, _ratio(C, D, r - 1.6), _ratio(E, F, r - 5.0))
    x[~central] = np.where(outer < 0.0, -tail, tail)
    return x


def _ratio(numerator: Sequence[float], denominator: Sequence[float], r: Floats) -> Floats:
    return _polynomial(numerator, r) / _polynomial(denominator, r)


def _polynomial(coefficients: Sequence[float], r: Floats) -> Floats:
    """Horner's rule: c₀ + r (c₁ + r (c₂ + …))."""
    value = np.full_like(r, coefficients[-1])
    for c in coefficients[-2::-1]:
        value = value * r + c
    return value
