"""A table as text: the same for terminal, Markdown and HTML."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextTable:
    """A table as rows of text, and the command that makes it."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    command: str = ""
    texts: int = 1
    """So many columns, from the left, hold text; the others numbers."""
