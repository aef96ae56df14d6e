"""How the kernel is compiled: no reordering, no contraction.

The rules that make bits the same on every processor (docs/portability.md) are kept here and in
`kernel.elementary`: LLVM gets no licence to reorder or contract (`fastmath` stays off), and a
fused multiply-add is written where one is meant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba import extending
from numba.core import config as numba_config
from numba.core.compiler import Compiler

from nnexp.kernel.cache import cache_folder
from nnexp.kernel.own import MODULES

Compiled = Callable[..., Any]


class _NoAliasing(Compiler):  # type: ignore[misc]
    """Tells LLVM that arguments do not overlap. Without it only speed is lost."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.state.flags.noalias = True


def jit(function: Compiled) -> Compiled:
    """Compile a function when it is first called; the interpreter lock is not held meanwhile.

    Division by zero gives infinity or NaN as in NumPy. Array arguments must not overlap. Such a
    function makes no arrays, so none has its references counted: numba would count those of every
    array of every struct at every call, which took 5 % of an epoch at 784-30-10.
    """
    return _compiled(function, _nrt=False)


def jit_with_arrays(function: Compiled) -> Compiled:
    """As `jit`; the function may make arrays."""
    return _compiled(function)


def jit_unkept(function: Compiled) -> Compiled:
    """As `jit`, for functions that are only called by others, in whose code they are kept."""
    return _compiled(function, _nrt=False, cache=False)


def _compiled(function: Compiled, **options: bool) -> Compiled:
    before = numba_config.CACHE_DIR
    numba_config.CACHE_DIR = str(cache_folder(own=function.__module__ in MODULES))
    try:
        compiled: Compiled = numba.njit(
            nogil=True,
            error_model="numpy",
            pipeline_class=_NoAliasing,
            no_cfunc_wrapper=True,
            **{"cache": True, **options},
        )(function)
    finally:
        numba_config.CACHE_DIR = before
    return compiled


def intrinsic(function: Compiled) -> Compiled:
    """A function that compiled code calls and whose instructions are emitted for LLVM.

    Constants among the arguments are known when they are.
    """
    made: Compiled = extending.intrinsic(prefer_literal=True)(function)
    return made
