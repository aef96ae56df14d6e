"""A function of a user's own compiled by itself: whether it can be, and what it gives."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from nnexp.errors import UserError
from nnexp.kernel.jit import jit_unkept
from nnexp.kernel.own import Function

_LIBRARY = re.compile(
    r'call [^@\n]*@"?(?:llvm\.)?(exp|exp2|expm1|log|log2|log10|log1p|pow|powi|sin|cos|tan|'
    r'sinh|cosh|tanh|erf|erfc)(?:f|\.f32|\.f64|\.[\w.]+)?"?\('
)
"""Calls of the C library's mathematics, whose bits are not the same everywhere."""


def tried(
    function: Function, arguments: tuple[NDArray[np.floating[Any]], ...]
) -> NDArray[np.float64]:
    """What a function of numbers gives for each element of its arguments.

    Raises:
        UserError: numba cannot compile it, or it would not have the same bits on every processor.
    """
    compiled = jit_unkept(function)
    name = getattr(function, "__name__", "function")
    try:
        found = np.array([compiled(*numbers) for numbers in zip(*arguments, strict=True)])
    except NumbaError as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"compiled {name}: numba cannot compile it: {reason}") from error
    code = "".join(compiled.inspect_llvm().values())  # type: ignore[attr-defined]
    if foreign := sorted(set(_LIBRARY.findall(code))):
        raise UserError(
            f"compiled {name}: {', '.join(foreign)} of the C library differs between processors; "
            "allowed: exp, log, log1p, tanh, sigmoid of nnexp.kernel.elementary, and arithmetic"
        )
    return found.astype(np.float64)
