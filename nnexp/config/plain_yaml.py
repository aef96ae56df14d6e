"""YAML of plain values, within bounds: what presets and recorded configs may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nnexp.config.arguments import cut

MAX_CHARACTERS = 100_000
MAX_VALUES = 10_000
"""With aliases written out: a few lines can stand for billions of values."""
MAX_DEPTH = 20

_HINTS = (
    ("mapping values are not allowed", "a second colon; a text with one in it stands in quotes"),
    ("found character '\\t'", "begins with a tab; lines are indented by spaces"),
    ("found unexpected end of stream", "a quote that is not closed"),
    ("expected ',' or", "a bracket that is not closed, or two values without a comma"),
    ("expected the node content", "a value or a closing bracket is missing"),
    ("expected <block end>", "is not indented as the lines before it"),
)
"""What PyYAML says of the likeliest mistakes, and what mends them."""


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
        raise ValueError(f"no YAML of plain values: {_what_is_wrong(error, text)}") from error
    return content


def _what_is_wrong(error: Exception, text: str) -> str:
    """In a line; of YAML that cannot be read the line that PyYAML stumbled over."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    lines, mark, problem = text.rstrip().splitlines(), error.problem_mark, str(error.problem)
    # What is not closed is missed at the very end.
    if mark.line >= len(lines) - 1 and "stream" in problem and error.context_mark is not None:
        mark = error.context_mark
    at = min(mark.line, len(lines) - 1)
    hint = next((said for begins, said in _HINTS if problem.startswith(begins)), problem)
    return f"line {at + 1} ({cut(lines[at].strip())}): {hint}"


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
