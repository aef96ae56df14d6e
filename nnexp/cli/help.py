"""`python -m nnexp help WORD`: what a key, a group, a preset, a metric or a command is."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from nnexp.cli import BY_USE, COMMANDS, WORDS
from nnexp.cli.options import Parser
from nnexp.config.arguments import GROUPS, TAGS
from nnexp.config.compose import schema_keys
from nnexp.config.key_help import (
    about_group,
    allowed,
    choices_of_groups,
    default_of,
    meaning,
    opening,
)
from nnexp.config.suggest import OTHER_WORDS, suggestion
from nnexp.errors import UserError
from nnexp.help import help_text
from nnexp.program import as_started
from nnexp.study import glossary
from nnexp.terminal import new_console


def main(arguments: Sequence[str]) -> int:
    """Explain a word."""
    parser = Parser(
        "help",
        "What a config key, a group or one of its choices, a preset, a metric or a command is: "
        "meaning, allowed values, default.",
        "python -m nnexp help reg.lmbda",
    )
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="such as reg, train.eta, gap/final, learning rate"
    )
    word = " ".join(parser.parse_args(arguments).words).rstrip("=").strip()
    if not word:
        print(as_started(help_text(BY_USE)), end="")
        return 0
    if word in WORDS:
        return _of_command(word)
    lines = [*_about(word)] or [line for name in names_meant(word) for line in _about(name)]
    if not lines and (named := mentions(word)):
        lines = [f"{word}: no name of this program; help tells more of {', '.join(named)}"]
    if not lines:
        presets = choices_of_groups()["experiment"]
        known = [*WORDS, *GROUPS, *schema_keys(), *glossary.metrics(), *presets]
        raise UserError(
            f"help {shlex.quote(word)}: no such command, key, group, preset or metric"
            f"{suggestion(word, known)}"
        )
    new_console().say(*lines)
    return 0


def _of_command(word: str) -> int:
    try:
        return COMMANDS[word](["--help"])
    except SystemExit as ended:  # argparse has printed it.
        return ended.code if isinstance(ended.code, int) else 0


def _about(word: str) -> Iterator[str]:
    groups = choices_of_groups()
    group, _, choice = word.partition("=")
    if choice in groups.get(group, ()):
        yield f"{word}, a choice: {opening(group, choice) or meaning(f'{group}.name')}"
        return
    if word in groups:
        yield from _of_group(word, groups[word])
    if word in schema_keys() or word.startswith(TAGS):
        yield from _of_key(word)
    if word in groups["experiment"]:
        yield f"experiment={word}, a preset: {opening('experiment', word)}"
        yield f"  python -m nnexp experiment={word}"
    if said := glossary.meaning(word):
        yield f"{word}, a metric: {said}"
    if inside := [key for key in schema_keys() if key.startswith(f"{word}.")]:
        yield f"keys in {word}.: {', '.join(inside)}"


def _of_group(group: str, choices: Sequence[str]) -> Iterator[str]:
    key = group if group in schema_keys() else f"{group}.name"
    what = "Presets: files that set many keys at once."
    if group != "experiment":
        what = meaning(key) if key in schema_keys() else about_group(group)
    yield f"{group}=, a group: {what}"
    for choice in choices:
        yield f"  {group}={choice:<14} {opening(group, choice)}".rstrip()


def _of_key(key: str) -> Iterator[str]:
    yield f"{key}, a key: {meaning(key)}"
    yield f"  default  {default_of(key)}"
    for text in allowed(key):
        yield f"  allowed  {text}"


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
