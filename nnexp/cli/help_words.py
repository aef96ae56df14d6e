"""What a word may mean that is no full name: part of one, a choice, or the word used elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnexp.config.arguments import GROUPS
from nnexp.config.choices import choices_of_groups, opening
from nnexp.config.compose import schema_keys
from nnexp.config.key_help import allowed, meaning
from nnexp.config.suggest import OTHER_WORDS
from nnexp.study import glossary

MOST_MENTIONS = 12
"""So many names are listed where a word is mentioned."""


def names_meant(word: str) -> list[str]:
    """Keys, metrics and choices (`reg=l2`) that a word is part of the name of, or a synonym for."""
    plain = _plain(word)
    synonyms = {
        name
        for other, names in OTHER_WORDS.items()
        if _plain(other) == plain
        for name in map(_plain, names)
    }
    found = [name for name in _names() if plain in map(_plain, re.split(r"[./=]", name))]
    if synonyms:
        found += [n for n in _names() if synonyms & {_plain(n), _plain(n.partition("=")[2])}]
    return list(dict.fromkeys(found))


def mentions(word: str) -> list[str]:
    """Names in whose explanation a word stands."""
    # One word there may be several here: mini-batch, mini batch.
    parts = map(re.escape, re.split(r"[-_ ]+", word))
    pattern = re.compile(rf"\b{'[-_ ]?'.join(parts)}s?\b", re.IGNORECASE)
    texts = ((name, _explained(name)) for name in _names())
    return [name for name, text in texts if pattern.search(text)][:MOST_MENTIONS]


def _names() -> Iterator[str]:
    yield from GROUPS
    yield from (key for key in schema_keys() if key not in GROUPS)
    for group, choices in choices_of_groups().items():
        yield from (f"{group}={choice}" for choice in choices if group != "experiment")
    yield from glossary.metrics()


def _explained(name: str) -> str:
    group, equals, choice = name.partition("=")
    if equals:
        return opening(group, choice)
    if name in schema_keys():
        return "; ".join([meaning(name), *allowed(name)])
    return glossary.meaning(name) or ""


def _plain(word: str) -> str:
    """Without what is written now so, now so: `cross-entropy`, `Cross entropy`, `crossentropy`."""
    return re.sub(r"[-_ ]", "", word).lower()
