"""The nearest name to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(word: str, names: Iterable[str]) -> str:
    """`; did you mean …?` with the nearest name, or nothing if none is near."""
    near = difflib.get_close_matches(word, list(names), n=1, cutoff=0.55)
    return f"; did you mean {near[0]}?" if near else ""
