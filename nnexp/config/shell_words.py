"""Command lines to be shown and copied."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable


def joined(words: Iterable[str]) -> str:
    """Words as one line for a shell, as `shlex.join` makes it.

    But for those with `'` in them, such as filters, which it makes unreadable: `"` around them does
    unless something in them means more to the shell.
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if "'" in word and not re.search(r'["$`\\!]', word):
        return f'"{word}"'
    return shlex.quote(word)
