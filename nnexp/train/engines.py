"""The engines that `train.engine` names, and whether one can be had here."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from nnexp.config.schema import Config
from nnexp.errors import UserError


def check_engine(config: Config, *, trains: bool = True) -> None:
    """Refuse a config whose engine cannot be had here.

    The compiler takes a while to import. Who does not train himself (`trains=False`) only looks
    whether it is there.

    Raises:
        UserError: one line naming the key, the reason and what is allowed.
    """
    if config.train.engine != "compiled":
        return
    try:
        if trains:
            import_module("numba")
        elif find_spec("numba") is None:
            raise ImportError("No module named 'numba'")
    except Exception as error:  # It refuses a Python or a NumPy in more ways than one.
        reason = " ".join(str(error).split())
        raise UserError(
            f"train.engine=compiled: numba cannot be imported here ({reason}); "
            "allowed: train.engine=numpy, or install numba"
        ) from error
