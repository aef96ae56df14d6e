"""Numbers of things in words."""

from __future__ import annotations


def some(count: int, what: str) -> str:
    """`1 run`, `3 runs`, `50,000 mnist images`."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")
