"""YAML of plain values, within bounds: what presets and recorded configs may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

MAX_CHARACTERS = 100_000
MAX_VALUES = 10_000
"""With aliases written out: a few lines can stand for billions of values."""
MAX_DEPTH = 20


def read_plain(text: str) -> dict[str, Any]:
    """The mapping in a YAML text; an empty text is an empty one.

    Raises:
        ValueError: it is no mapping from names to plain values, or too large; in a line.
    """
    return deepcopy(_read(text))


# Of a file of results, each config is asked for twice in a row: as it is, and as it was written.
@lru_cache(maxsize=1)
def _read(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"{len(text):,} characters; allowed: at most {MAX_CHARACTERS:,}")
    try:
        content = yaml.safe_load(text)
        if content is None:
            return {}
        if not isinstance(content, dict):
            raise ValueError("allowed: key: value")
        for count, (key, _) in enumerate(leaves(content)):
            if count > MAX_VALUES:
                raise ValueError(f"allowed: at most {MAX_VALUES:,} values")
            if not isinstance(key, str | int | float | bool):
                raise ValueError(f"{key!r}: allowed: names of keys")
        # As OmegaConf will read it: it refuses keys that are there twice.
        OmegaConf.create(text)
    except (yaml.YAMLError, OmegaConfBaseException, RecursionError, TypeError) as error:
        raise ValueError(f"no YAML of plain values: {' '.join(str(error).split())}") from error
    return content


def write_plain(values: Mapping[str, Any]) -> str:
    """A mapping as YAML, in its order. libyaml is ten times as fast, where PyYAML has it."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(dict(values), Dumper=dumper, allow_unicode=True, sort_keys=False))


def leaves(value: Any, key: Any = "", depth: int = 0) -> Iterator[tuple[Any, Any]]:
    """All values with their own keys; items of lists have the list's, containers count too."""
    if depth > MAX_DEPTH:
        raise ValueError(f"allowed: at most {MAX_DEPTH} levels")
    yield key, value
    if isinstance(value, Mapping):
        for inner_key, inner in value.items():
            yield from leaves(inner, inner_key, depth + 1)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from leaves(inner, key, depth + 1)
