"""How the kernel is compiled: no reordering, no contraction, one cache per source and version.

The rules that make bits the same on every processor (docs/portability.md) are kept here and in
`kernel.elementary`: LLVM gets no licence to reorder or contract (`fastmath` stays off), and a
fused multiply-add is written where one is meant.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba import extending
from numba.core import config as numba_config
from numba.core.compiler import Compiler

Compiled = Callable[..., Any]

PACKAGE = Path(__file__).resolve().parent


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


def _compiled(function: Compiled, **options: bool) -> Compiled:
    before = numba_config.CACHE_DIR
    numba_config.CACHE_DIR = cache_folder()
    try:
        compiled: Compiled = numba.njit(
            nogil=True, cache=True, error_model="numpy", pipeline_class=_NoAliasing, **options
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


@lru_cache(maxsize=1)
def cache_folder() -> str:
    """Where compiled kernels are kept: one folder per kernel source and compiler version.

    numba looks at the file of a function only, not at those of the functions that it calls. A
    folder of its own per source makes sure that nothing compiled from other source is ever run.
    It is below `NUMBA_CACHE_DIR`, the user's cache folder, or where that cannot be written the
    system's folder for temporary files.
    """
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__}".encode())
    for path in sorted(PACKAGE.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    name = f"kernel-{digest.hexdigest()[:16]}"
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    named = [Path(p) for p in (os.environ.get("NUMBA_CACHE_DIR"),) if p]
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    for base in [*named, user / "nnexp", Path(tempfile.gettempdir()) / f"nnexp-{owner}"]:
        folder = base / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=folder):
                return str(folder)
        except OSError:
            continue
    return tempfile.mkdtemp(prefix="nnexp-kernel-")
