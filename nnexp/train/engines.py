"""The engines there are, by the name that `train.engine=` gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.train.engine import Engine


def _compiled() -> type[Engine]:
    with _explained():
        from nnexp.train.compiled import CompiledEngine

        return CompiledEngine


def _numpy() -> type[Engine]:
    from nnexp.train.plain import NumpyEngine

    return NumpyEngine


ENGINES: dict[str, Callable[[], type[Engine]]] = {"compiled": _compiled, "numpy": _numpy}
"""Imported when asked for: numba takes a quarter of a second, and may not be there."""


def engine_of(config: Config) -> type[Engine]:
    """The engine that a config names.

    Raises:
        UserError: numba cannot be imported here.
    """
    return ENGINES[config.train.engine]()


def check_engine(config: Config, *, trains: bool = True) -> None:
    """Refuse a config whose engine cannot be had here.

    The compiler takes a while to import. Who does not train himself (`trains=False`) only looks
    whether it is there.

    Raises:
        UserError: one line naming the key, the reason and what is allowed.
    """
    if config.train.engine != "compiled":
        return
    with _explained():
        if trains:
            import_module("numba")
        elif available() != "compiled":
            raise ImportError("No module named 'numba'")


def compile_ahead(configs: Iterable[Config], say: Callable[[str], None]) -> None:
    """Compile what runs will call, unless this machine has it already; `say` so before.

    Whoever starts other processes does this first, so that they need not do it side by side.

    Raises:
        UserError: numba cannot be imported here.
    """
    from nnexp.kernel.cache import is_compiled
    from nnexp.kernel.own import functions

    wanted = sorted({c.train.dtype for c in configs if c.train.engine == "compiled"})
    missing = [dtype for dtype in wanted if not is_compiled(dtype)]
    for dtype in missing:
        with _explained():
            from nnexp.train.compiled import compile_kernel
        own = " with functions of your own" if functions().sha256 else ""
        say(f"compiling the kernel{own} for {dtype}, once: about 10 s")
        compile_kernel(dtype)


def available() -> str:
    """The fastest engine that can be had here."""
    return "compiled" if find_spec("numba") is not None else "numpy"


@contextmanager
def _explained() -> Iterator[None]:
    """What the compiler says when it is imported, in one line."""
    try:
        yield
    except Exception as error:  # It refuses a Python or a NumPy in more ways than one.
        reason = " ".join(str(error).split())
        raise UserError(
            f"train.engine=compiled: numba cannot be imported here ({reason}); "
            "allowed: train.engine=numpy, or install numba"
        ) from error
