"""Which costs, activations … of a user's own there are beside the schema's, and where from.

Here are their names and files only; what they compute is in the registries of `nn`, `data` and
`train`. `nnexp.register` fills both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from nnexp.config.schema import Config

MODULE = "nnexp_parts_"
"""How the names of the modules begin that are a user's own files."""

KEYS = {
    "activation": "model.activation",
    "cost": "cost.name",
    "initializer": "init.name",
    "dataset": "data.name",
    "metric": "monitor.metrics",
    "regularizer": "reg.name",
}
"""The kinds of parts, and the key that names one."""


@dataclass(frozen=True)
class Source:
    """A file that a user's own parts are from."""

    path: str
    """As it was given."""
    name: str
    """The file's name: what it is recorded as."""
    sha256: str
    """Of its syntax tree without docstrings (`nnexp.source`)."""
    content: bytes


@dataclass(frozen=True)
class Part:
    """A cost, an activation … of a user's own."""

    kind: str
    name: str
    source: Source
    compiled: bool
    """Whether the compiled engine has what it needs of it."""
    about: str
    """The first line of its docstring."""


PARTS: dict[tuple[str, str], Part] = {}
"""By key (`cost.name`) and name."""


def names(key: str) -> list[str]:
    """What a key may name beside the schema's own values."""
    return [name for of, name in PARTS if of == key]


def used(config: Config) -> Iterator[Part]:
    """The parts that a config names."""
    for (key, name), part in PARTS.items():
        group, _, field = key.partition(".")
        value = getattr(getattr(config, group), field)
        if value == name or (isinstance(value, list) and name in value):
            yield part


def sources_of(*configs: Config) -> list[Source]:
    """The files that they are from, in alphabetical order."""
    found = {part.source.name: part.source for config in configs for part in used(config)}
    return [found[name] for name in sorted(found)]


def digests_of(*configs: Config) -> str:
    """SHA-256 of each of these files by its name, as JSON; empty without any."""
    digests = {source.name: source.sha256 for source in sources_of(*configs)}
    return json.dumps(digests, separators=(",", ":")) if digests else ""


def options_of(*configs: Config) -> list[str]:
    """The options at the end of a command line that load them."""
    return [word for source in sources_of(*configs) for word in ("--load", source.path)]
