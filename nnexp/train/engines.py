"""The engines there are, by the name that `train.engine=` gives them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.train.engine import Engine


def _compiled() -> type[Engine]:
    try:
        from nnexp.train.compiled import CompiledEngine
    except ImportError as error:
        raise UserError(_without_numba(str(error))) from error
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


def check_engine(config: Config) -> None:
    """Refuse an engine that cannot be had here, without the time that importing it takes.

    Raises:
        UserError: one line naming key, value and what is allowed.
    """
    if config.train.engine == "compiled" and available() != "compiled":
        raise UserError(_without_numba("it is not installed"))


def available() -> str:
    """The fastest engine that can be had here."""
    return "compiled" if find_spec("numba") is not None else "numpy"


def _without_numba(reason: str) -> str:
    return (
        f"train.engine=compiled: numba cannot be imported here ({reason}); allowed: "
        "train.engine=numpy, or install numba"
    )
