"""Whether functions of a user's own are what they are registered as.

A derivative is held against central differences of its function, a compiled function against the
plain one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.errors import UserError
from nnexp.kernel.own import Function
from nnexp.nn.parameters import Array

GRID: NDArray[np.float64] = np.linspace(-4.0, 4.0, 34) + 0.0123
"""Where functions are looked at: not at whole numbers, where they may have corners."""

_STEP = 1e-6


def called(function: Function) -> str:
    """What a function is called in a message."""
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() else "the slope"


def check_parameters(function: Function, names: str) -> None:
    """Refuse what cannot be called with these parameters."""
    expected = [name for name in names.split(", ") if name]
    if not callable(function):
        raise UserError(f"{function!r} is no function; allowed: one of ({names})")
    try:
        signature(function).bind(*expected)
    except TypeError as error:
        raise UserError(
            f"{called(function)}{signature(function)}; allowed: parameters ({names})"
        ) from error


def kept_precision(function: Function) -> Callable[..., Array]:
    """The function in the precision of its first argument.

    Raises:
        ValueError: what it gives has another shape.
    """

    def kept(x: Array, *more: Array) -> Array:
        found: NDArray[Any] = np.asarray(function(x, *more))
        if found.shape != x.shape:
            raise ValueError(
                f"{called(function)} gave shape {found.shape} for {x.shape}; it is of arrays, "
                "elementwise"
            )
        return found.astype(x.dtype, copy=False)

    return kept


def check_derivative(
    what: str, values: Array, function: Callable[[Array], Array], derivative: Array
) -> None:
    """Refuse a derivative that central differences do not confirm."""
    if not (np.isfinite(values).all() and np.isfinite(derivative).all()):
        raise UserError("is not finite everywhere between -4 and 4")
    slope = (function(GRID + _STEP) - function(GRID - _STEP)) / (2 * _STEP)
    off = np.abs(slope - derivative) > 1e-5 * (1.0 + np.abs(slope))
    if off.any():
        k = int(np.argmax(off))
        raise UserError(
            f"{what} is not the derivative: at {GRID[k]:.3g} it is {derivative[k]:.6g}, the "
            f"slope is {slope[k]:.6g}"
        )


def check_compiled(
    compiled: tuple[Function, Function],
    arguments: tuple[tuple[Array, ...], ...],
    plain: tuple[Callable[..., Array], ...],
) -> None:
    """Refuse compiled functions that give something else than the plain ones for some arguments."""
    from nnexp.kernel.trial import tried

    for function, given, like in zip(compiled, arguments, plain, strict=True):
        check_parameters(function, ", ".join("xy"[: len(given)]))
        found, expected = _tried(tried, function, given), like(*given)
        off = ~np.isclose(found, expected, rtol=1e-6, atol=1e-9)
        if off.any():
            k = int(np.argmax(off))
            raise UserError(
                f"compiled {called(function)} is not what the plain one is: at "
                f"{', '.join(f'{x[k]:.3g}' for x in given)} it gives {found[k]:.6g}, not "
                f"{expected[k]:.6g}"
            )


_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def _tried(tried: Callable[..., Array], function: Function, given: tuple[Array, ...]) -> Array:
    """What a compiled function gives; why numba cannot compile it is said in a line of its text."""
    try:
        return tried(function, given)
    except UserError as error:
        if error.__cause__ is None:
            raise
        lines = _COLOURS.sub("", str(error.__cause__)).splitlines()
        told = [line.strip() for line in lines if line.strip() and "mode pipeline" not in line]
        place = re.search(r'", line (\d+)', " ".join(told))
        where = f"line {place[1]}: " if place else ""
        reason = f"{where}{' '.join(told[:2] if told[1:] and told[0].endswith(':') else told[:1])}"
        raise UserError(
            f"compiled {called(function)}: numba cannot compile it: {reason[:300]}; allowed: "
            "arithmetic, conditions, numbers of the file, and functions of nnexp.kernel.elementary"
        ) from error
