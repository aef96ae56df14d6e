"""Numbers of things in words."""

from __future__ import annotations


def some(count: int, what: str) -> str:
    """`1 run`, `3 runs`, `50,000 mnist images`."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def with_article(word: str) -> str:
    """`a 5`, `an 8`: numbers as they are read aloud."""
    vowel = word in ("11", "18") or word.startswith("8")
    return f"an {word}" if vowel else f"a {word}"
