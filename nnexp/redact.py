"""Keeping secrets out of screen, log and record."""

from __future__ import annotations

import os
import re

_CREDENTIALS = re.compile(r"(?<=://)(?!(?<=sqlite://)/)[^\s'\"<>]*@")
"""Up to the last @: a password may hold any of `/ : @`. A path of SQLite holds none."""

_WHOLE = re.compile(r"(?s)(?<=://)(?!(?<=sqlite://)/).*@")
"""The same in a text that is one address, whose password may hold spaces and quotes too."""

_NAMED = re.compile(
    r"(?i)\b([\w-]*(?:password|passwd|pwd|secret|token|api_?key|access_?key))(=|%3D)[^\s&;,'\"]+"
)
"""`sslpassword=…` and its like, in the query of an address or anywhere else."""

_WEBHOOK = re.compile(r"(?i)(notify(?:=|: *)['\"]?https?://)[^\s'\"]+")
"""An address that is told at the end: whoever has its path may write there."""

_SECRET_NAMES = re.compile(r"(?i)(password|passwd|secret|token|credential|api_?key|access_?key)")

_SHORTEST = 8
"""Characters of a variable's value that is worth hiding; shorter ones are words."""


_known: set[str] = set()


def hide(address: str) -> None:
    """Keep name and password of an address out of all that this process says from here on."""
    if found := _WHOLE.search(address):
        _known.add(found.group())


def redact(text: str) -> str:
    """Text without the names and passwords of addresses, and without this process's secrets.

    Secrets are what `hide` was told of, and the values of environment variables whose names say so
    (`…_TOKEN`, `…_PASSWORD`).
    """
    for value in sorted(_known, key=len, reverse=True):
        text = text.replace(value, "***@")
    for value in _secrets():
        text = text.replace(value, "***")
    text = _WEBHOOK.sub(r"\1***", text)
    return _NAMED.sub(r"\1\2***", _CREDENTIALS.sub("***@", text))


def _secrets() -> list[str]:
    found = {
        value
        for name, value in os.environ.items()
        if _SECRET_NAMES.search(name) and len(value) >= _SHORTEST and not os.path.isabs(value)
    }
    # The longest first: one may be part of another.
    return sorted(found, key=len, reverse=True)
