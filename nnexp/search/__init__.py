"""Searches: settings chosen on validation data, raced over seeds, tested once.

This package is also the function `nnexp.search(…)`: one name serves both, whichever is imported
first.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    def __call__(self, *overrides: Any, **keys: Any) -> Any:
        # By name, not by an import statement: layers below may not import those above.
        return import_module("nnexp.api").search(*overrides, **keys)


# The documented way to customize a module: docs.python.org/3/reference/datamodel.html
sys.modules[__name__].__class__ = _Callable
