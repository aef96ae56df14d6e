"""Keeping secrets out of screen, log and record."""

from __future__ import annotations

import re

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


def redact(text: str) -> str:
    """Text without the user names and passwords of addresses."""
    return _CREDENTIALS.sub("***@", text)
