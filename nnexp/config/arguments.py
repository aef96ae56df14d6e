"""The arguments of the command line, and what is made of them for Hydra."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

FLAGS = {
    "--multirun": 0,
    "-m": 0,
    "--cfg": 1,
    "-c": 1,
    "--resolve": 0,
    "--package": 1,
    "-p": 1,
    "--info": 1,
    "-i": 1,
    "--config-dir": 1,
    "-cd": 1,
    "--hydra-help": 0,
    "--help": 0,
    "-h": 0,
    "--version": 0,
}
"""Flags that are let through, and how many values follow each."""

_CONFIGS = ("job", "hydra", "all")
_INFOS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
CHOICES = {"--cfg": _CONFIGS, "-c": _CONFIGS, "--info": _INFOS, "-i": _INFOS}
"""Flags whose value is one of a few."""

NOTIFY = "tracking.notify"
"""The key that is never recorded, nor read from a record or preset: it may be a command."""

TEXTS = ("tracking.uri", "tracking.experiment", "data.root", "sweep.address", NOTIFY)
"""Keys whose values are free text, which Hydra's grammar would not always read."""

TAGS = "tracking.tags."
"""What the keys of a user's own tags begin with."""

PROSE = ("tracking.name", "tracking.note")
"""Keys that take a text as it is, commas and all: nobody sweeps over what a run is called."""

RETIRED = {
    "sweep.fuse": "no longer a key: runs are trained one by one; allowed: leave it out",
    "sweep.engine": "no longer a key; allowed: sweep.executor=processes or dask",
    "train.schedule": "no longer a key; allowed: schedule=constant, step, inverse, cosine or halve",
}
"""Keys of earlier versions, and what is said to who types one. In records they are passed over."""

GROUPS = (
    *("cost", "reg", "data", "dropout", "expand", "init", "schedule", "stop", "rng"),
    "experiment",
)

CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""What steers a terminal, turns the direction of text, ends a line, or is no text at all."""

OTHER_TYPE = re.compile(r"(?i)[-+]?(\d[\d_.]*(e[-+]?\d+)?|\.\d+|inf|nan)|true|false|null")
"""What Hydra reads as a number, a truth value or nothing."""

_CHOICES = re.compile(r"[\w\s,'\"()*?=-]*")
"""Names of choices, and Hydra's ways to say several (`l1,l2`, `choice(l1,l2)`, `glob(l*)`)."""

_CAST = re.compile(r"(?i)\b(int|float|bool|json_str)\s*\(")
"""Hydra's ways to make something else of a text, which is the name of no choice then."""


def config_dirs(arguments: Sequence[str]) -> list[str]:
    """The folders given with `--config-dir`."""
    return [value for flag, value in split_flags(arguments) if flag in ("--config-dir", "-cd")]


def quoted_texts(arguments: Iterable[str]) -> list[str]:
    """Arguments with free-text values quoted for Hydra's grammar, as addresses may need.

    A tag of the user's own is one that Hydra has to add, as the schema cannot know its name.
    """
    return [
        f"++{_quote(argument)}" if argument.startswith(TAGS) else _quote(argument)
        for argument in arguments
    ]


def split_flags(arguments: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each flag with its value, which may be empty; overrides with an empty flag."""
    words = iter(arguments)
    for word in words:
        if not word.startswith("-") or word[1:2].isdigit():
            yield "", word
            continue
        flag, equals, value = word.partition("=")
        yield flag, next(words, "") if FLAGS.get(flag) and not equals else value


def flags_first(arguments: Iterable[str]) -> list[str]:
    """Flags with their values, then overrides: the only order that Hydra's parser takes."""
    split = list(split_flags(arguments))
    flags = [f"{flag}={value}" if value else flag for flag, value in split if flag]
    return [*flags, *(override for flag, override in split if not flag)]


def is_choices(value: str) -> bool:
    """Whether a text names choices of a group, in one of Hydra's ways."""
    return _CHOICES.fullmatch(value) is not None and _CAST.search(value) is None


def _quote(argument: str) -> str:
    key, equals, value = argument.partition("=")
    if equals and key in (*GROUPS, "hydra/launcher"):
        # A choice that is no name (`rng=0`, `reg=[l1]`) is looked for, not found, and refused in a
        # line that names the others.
        if is_choices(value):
            words = [f"'{w}'" if OTHER_TYPE.fullmatch(w) else w for w in value.split(",")]
            return f"{key}={','.join(words)}"
        return f"{key}={quoted(value)}"
    if equals and (key in PROSE or key.startswith(TAGS)):
        return argument if value == "null" else f"{key}={quoted(value)}"
    plain = re.fullmatch(r"[\w./:+-]*", value, re.ASCII) is not None
    if not equals or key not in TEXTS or plain or value[:1] in ("'", '"') or "," in value:
        return argument
    return f"{key}={quoted(value)}"


def quoted(value: str) -> str:
    """A text as Hydra's grammar takes it whatever is in it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def without_retired(arguments: Iterable[str]) -> list[str]:
    """A recorded command line without keys that are gone, nor a command of somebody's choice."""
    left_out = (*RETIRED, NOTIFY)
    return [argument for argument in arguments if argument.partition("=")[0] not in left_out]


def given_keys(overrides: Iterable[str]) -> list[str]:
    """The dotted keys that were typed with a value."""
    return [override.partition("=")[0] for override in overrides]


def cut(text: str, most: int = 80) -> str:
    """Text as a line can hold it: one of thousands of digits would hide what is allowed."""
    return text if len(text) <= most else f"{text[: most - 20]}… ({len(text):,} characters)"


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters written out."""
    return CONTROL.sub(lambda match: ascii(match.group())[1:-1], text)
