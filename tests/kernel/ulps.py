"""The elementary functions over arrays: how far from the true values, in ulps; digests of values.

`python -m tests.kernel.ulps` measures on 2³² float32 values (all there are) and on 200 million
float64 values per function, and prints the table in the docstring of `nnexp.kernel.elementary`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.kernel import elementary
from nnexp.kernel.jit import jit

Numbers = NDArray[Any]
Function = Callable[[Numbers], Numbers]

WIDE = np.finfo(np.longdouble).nmant >= 63
"""Whether there is a type to measure float64 with: on x86 and, slowly, on aarch64."""


@jit
def _exp(x: Numbers, y: Numbers) -> None:
    for i in range(len(x)):
        y[i] = elementary.exp(x[i])


@jit
def _log(x: Numbers, y: Numbers) -> None:
    for i in range(len(x)):
        y[i] = elementary.log(x[i])


@jit
def _log1p(x: Numbers, y: Numbers) -> None:
    for i in range(len(x)):
        y[i] = elementary.log1p(x[i])


@jit
def _tanh(x: Numbers, y: Numbers) -> None:
    for i in range(len(x)):
        y[i] = elementary.tanh(x[i])


@jit
def _sigmoid(x: Numbers, y: Numbers) -> None:
    for i in range(len(x)):
        y[i] = elementary.sigmoid(x[i])


_LOOPS: dict[str, Callable[[Numbers, Numbers], None]] = {
    "exp": _exp,
    "log": _log,
    "log1p": _log1p,
    "tanh": _tanh,
    "sigmoid": _sigmoid,
}
KINDS = [(name, kind) for name in _LOOPS for kind in ("float32", "float64")]

BOUNDS = {
    ("exp", "float32"): 0.9,
    ("exp", "float64"): 1.0,
    ("log", "float32"): 0.51,
    ("log", "float64"): 1.0,
    ("log1p", "float32"): 0.51,
    ("log1p", "float64"): 1.0,
    ("tanh", "float32"): 1.0,
    ("tanh", "float64"): 1.5,
    ("sigmoid", "float32"): 1.0,
    ("sigmoid", "float64"): 1.2,
}
"""What the docstrings promise, in ulps."""

# Where values are finite and not trivial.
_RANGES: dict[str, tuple[float, float]] = {
    "exp": (-746.0, 710.0),
    "log": (0.0, np.inf),
    "log1p": (-1.0, np.inf),
    "tanh": (-30.0, 30.0),
    "sigmoid": (-746.0, 50.0),
}


GOLDEN = {
    "exp float32": "83b0110ca0a0480a9433b7acb36a7e8bc0956c2a60c882676b817e8144ce122d",
    "exp float64": "832912d3a66b152dd23a762d60509a42fa95b665a37a08cf713061298889f5da",
    "log float32": "ef448d332217a00174b1776af5aabcab1d9cd53267bc86602ebd39f71ba8fdfe",
    "log float64": "876a9edd51e778fed996830e9a70569fc3dbd3bac877c8bbedc983b3804f6bba",
    "log1p float32": "cd1b495e83a7c5733fb3700a01c229cc8c05e20d13349c98d36c908f68bf9463",
    "log1p float64": "bbcf27bbac9ccd0bb3abff90b5a8d8ea266508e58e04b1953759534167091a9e",
    "tanh float32": "f2b608f8eff884d0b50842e2a6613edccac0cc0567fd98fdf3e60544d98af4ca",
    "tanh float64": "48fa63f6d83636193053dd111816f7bbd7de9f1a1e5c3746473d97d0a6823229",
    "sigmoid float32": "1b9a0f99ab2bf81204f06be16eb0fadf8f74bc653873d7512d3b7c777531f86e",
    "sigmoid float64": "26caeca1d1cf131f332e4c70e4accac9a4c6c319de63fcbef0588499f6195145",
}
"""SHA-256 of the values at fixed points. A change is a change of every recorded number."""


def compiled(name: str, x: Numbers) -> Numbers:
    """The values of the kernel's function."""
    y = np.empty_like(x)
    _LOOPS[name](x, y)
    return y


def reference(name: str, x: Numbers) -> Numbers:
    """The values in a wider type, by libm."""
    wide = x.astype(np.float64 if x.dtype == np.float32 else np.longdouble)
    with np.errstate(all="ignore"):
        if name == "sigmoid":
            e = np.exp(-np.abs(wide))
            return np.asarray(np.where(np.signbit(wide), e, 1) / (1 + e))
        function: Function = getattr(np, name)
        return function(wide)


def errors(got: Numbers, true: Numbers) -> Numbers:
    """|got - true| in units of the last digit of a number of the kind of `got` at `true`."""
    info = np.finfo(got.dtype)
    exponent = np.frexp(true)[1] - 1
    last = np.maximum(exponent - info.nmant, info.minexp - info.nmant)
    # Infinity stands for the number after the largest: what rounds to it is that far off at most.
    beyond = np.ldexp(true.dtype.type(1), info.maxexp)
    got = np.where(np.isinf(got), np.copysign(beyond, got), got)
    true = np.clip(true, -beyond, beyond)
    ulps = np.ldexp(np.abs(got - true), -last)
    return np.asarray(ulps, np.float64)


def points(name: str, kind: str, stride: int, count: int) -> Iterator[Numbers]:
    """Chunks of arguments: every `stride`-th float32, or some `count` of float64."""
    low, high = _RANGES[name]
    size = 1 << 20
    if kind == "float32":
        for start in range(0, 1 << 32, stride * size):
            bits = np.arange(start, min(start + stride * size, 1 << 32), stride, dtype=np.uint64)
            x = bits.astype(np.uint32).view(np.float32)
            yield x[(x > low) & (x < high)]
        return
    rng = np.random.default_rng(7)
    for _ in range(max(count // size, 1)):
        quarter = size // 4
        bits = rng.integers(0, 1 << 64, quarter, dtype=np.uint64).view(np.float64)
        near = np.ldexp(rng.uniform(-1, 1, quarter), rng.integers(-60, 5, quarter))
        middle = rng.uniform(-3, 3, quarter)
        broad = rng.uniform(max(low, -1e4), min(high, 1e4), quarter)
        x = np.concatenate([bits, near, middle, broad])
        yield x[(x > low) & (x < high)]


def worst(name: str, kind: str, *, stride: int, count: int) -> tuple[float, float]:
    """The worst error in ulps, and where it is."""
    top, where = 0.0, 0.0
    for x in points(name, kind, stride, count):
        if not len(x):
            continue
        off = errors(compiled(name, x), reference(name, x))
        i = int(np.argmax(off))
        if not off[i] <= top:
            top, where = float(off[i]), float(x[i])
    return top, where


def golden_points(kind: str) -> Numbers:
    """Some 100,000 arguments: bit patterns of all magnitudes and a grid, exact everywhere."""
    if kind == "float32":
        bits = np.arange(0, 1 << 32, 65_521, dtype=np.uint64).astype(np.uint32).view(np.float32)
    else:
        bits = (np.arange(65_551, dtype=np.uint64) * np.uint64(281_410_000_000_001)).view(kind)
    grid = np.arange(-24_000, 24_000).astype(kind) / np.dtype(kind).type(1024)
    return np.concatenate([bits, grid, grid * 32])


def digests() -> dict[str, str]:
    """SHA-256 of the values of each function and kind. A NaN's bits are not promised."""
    found = {}
    for name, kind in KINDS:
        y = compiled(name, golden_points(kind))
        y[np.isnan(y)] = np.nan
        little_endian = y.astype(y.dtype.newbyteorder("<"), copy=False)
        found[f"{name} {kind}"] = hashlib.sha256(little_endian.tobytes()).hexdigest()
    return found


if __name__ == "__main__":
    for name, kind in KINDS:
        top, where = worst(name, kind, stride=1, count=200_000_000)
        print(f"{name:8} {kind} {top:.3f} at {where!r} ({where.hex()})", flush=True)
