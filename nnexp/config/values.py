"""The values of a config by their dotted keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, TypeVar

from nnexp.config.schema import Config

_Leaf = TypeVar("_Leaf", str, float)


def value_of(config: Config, key: str) -> Any:
    """The value at a dotted key."""
    value: Any = config
    for part in key.split("."):
        value = getattr(value, part)
    return value


def leaves_of(config: Config, kind: type[_Leaf]) -> Iterator[tuple[str, _Leaf]]:
    """All values of one type with their dotted keys."""
    for group in dataclasses.fields(config):
        part = getattr(config, group.name)
        if isinstance(part, kind):
            yield group.name, part
        elif dataclasses.is_dataclass(part):
            for field in dataclasses.fields(part):
                value = getattr(part, field.name)
                if isinstance(value, kind):
                    yield f"{group.name}.{field.name}", value


def shown(value: Any) -> str:
    """A value as the user would type it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ",".join(map(str, value)) + "]"
    return "null" if value is None else str(value)
