"""Functions of a user's own that are compiled with the kernel; they must be known before it is.

numba takes what a function calls as it is when that is compiled. So the kernel with other functions
is another kernel: it lies in a folder of its own (`kernel.cache`), and its modules are imported
anew when the functions change (`set_functions`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import reload
from typing import Any

Function = Callable[..., Any]
Pairs = Mapping[int, tuple[Function, Function]]

MODULES = tuple(
    f"nnexp.kernel.{name}" for name in ("extension", "layers", "descent", "epoch", "evaluate")
)
"""The kernel's modules into which they are compiled, in the order of their imports."""


@dataclass(frozen=True)
class Functions:
    """A function and its derivative by the code that the kernel knows them by, all of numbers."""

    activations: Pairs = field(default_factory=dict)
    """f(z) and f′(z, a), a = f(z)."""
    costs: Pairs = field(default_factory=dict)
    """C(z, y) of one output, and ∂C/∂z as error(a, y), a = σ(z)."""
    penalties: Pairs = field(default_factory=dict)
    """p(w) and p′(w)."""
    sha256: str = ""
    """Of the files they are from, and their codes; empty without any."""


_current = [Functions()]


def functions() -> Functions:
    """Those that the kernel is compiled with."""
    return _current[0]


def set_functions(chosen: Functions) -> bool:
    """Let the kernel be compiled with other functions; whether it had been imported with others."""
    if chosen == functions():
        return False
    _current[0] = chosen
    imported = [sys.modules[name] for name in MODULES if name in sys.modules]
    for module in imported:
        reload(module)
    return bool(imported)
