"""Reading tags: a record may be foreign or damaged."""

from __future__ import annotations

from collections.abc import Mapping


def number(tags: Mapping[str, str], name: str, otherwise: int = 0) -> int:
    """A tag's whole number; `otherwise` where there is none."""
    try:
        return int(tags.get(name, otherwise))
    except ValueError:
        return otherwise
