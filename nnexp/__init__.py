"""nnexp: controlled experiments on how cost, regularization, dropout and data change a network.

For notebooks and scripts:

>>> import nnexp
>>> result = nnexp.run("cost=crossentropy", "reg=l2", seed=3)
>>> result.metrics["test/accuracy"], result.curves, result.predict(images)
>>> nnexp.sweep("size=1k,50k", seed=range(5)).compare(by="size")
>>> nnexp.search("train.eta=log(0.01,3)", size="1k").best
>>> nnexp.study.runs(), nnexp.study.curves()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nnexp.errors import NnexpError, UserError
from nnexp.source import begun as _begun

if TYPE_CHECKING:
    from nnexp import register, study
    from nnexp.api import load, run, search, sweep
    from nnexp.extension_files import load_parts
    from nnexp.results import Run, Sweep
    from nnexp.search_result import Search

__version__ = "0.2.0.dev0"

__all__ = [
    "NnexpError",
    "Run",
    "Search",
    "Sweep",
    "UserError",
    "load",
    "load_parts",
    "register",
    "run",
    "search",
    "study",
    "sweep",
]

# The numeric source as it is before any of it is imported: what a fingerprint is of.
_begun()

_LATE = {
    "run": "nnexp.api",
    "load": "nnexp.api",
    "Run": "nnexp.results",
    "Sweep": "nnexp.results",
    "Search": "nnexp.search_result",
    "load_parts": "nnexp.extension_files",
    "register": "",
    "sweep": "nnexp.api",
    "search": "nnexp.api",
    "study": "",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: `python -m nnexp --help` needs neither pandas nor MLflow.
    if name not in _LATE:
        raise AttributeError(f"module 'nnexp' has no attribute {name!r}")
    if not _LATE[name]:
        return import_module(f"nnexp.{name}")
    return getattr(import_module(_LATE[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
