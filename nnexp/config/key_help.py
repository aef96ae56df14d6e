"""What a config key and its choices are: as the schema and the files in `conf/` tell it."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from functools import lru_cache
from itertools import takewhile

from nnexp.config import extensions
from nnexp.config.arguments import GROUPS, TAGS
from nnexp.config.check import NEEDS
from nnexp.config.compose import choice_file, config_dir, names_of
from nnexp.config.messages import kind_of
from nnexp.config.rules import RULES
from nnexp.config.schema import Config
from nnexp.config.values import shown, value_of

_BY_OTHERS = {
    "reg.lmbda": "n/10,000 with reg=l2, l1, elastic or decoupled; else 0",
    "reg.lmbda_l1": "n/10,000 with reg=elastic; else 0",
}
"""Defaults that follow other keys."""


def meaning(key: str) -> str:
    """What the schema says of a key, on one line."""
    if key.startswith(TAGS):
        key = TAGS.rstrip(".")
    *groups, name = key.split(".")
    owner: type = type(value_of(Config(), groups[0])) if groups else Config
    return _docstrings(owner).get(name, "")


def about_group(group: str) -> str:
    """What the schema says of the keys of a group together, on one line."""
    said = " ".join((type(value_of(Config(), group)).__doc__ or "").split())
    return said.partition(": ")[2]


def allowed(key: str) -> list[str]:
    """What values a key may have: its type, and the rules about it."""
    default = Config()
    texts = [kind_of(key) or "text"]
    for rule in RULES:
        if rule.key == key:
            said = rule.allowed if isinstance(rule.allowed, str) else rule.allowed(default)
            said = said.partition("; did you mean")[0]
            # Some say first how much it is now, here with the default.
            said = re.sub(r"^[\d,]+ (\w+); allowed: (.*)", r"\2 \1", said)
            texts.append(re.sub(r"^allowed:? ", "", said))
    if len(texts) > 1 and texts[1].startswith("a list"):
        del texts[0]
    if key in NEEDS and (why := NEEDS[key](default)):
        texts.append(why.removeprefix("allowed "))
    return texts


def default_of(key: str) -> str:
    """The default of a key as it would be typed, before groups and sizes have their say."""
    if key.startswith(TAGS):
        return "none"
    return _BY_OTHERS.get(key, shown(value_of(Config(), key)))


@lru_cache(maxsize=32)
def _docstrings(owner: type) -> dict[str, str]:
    """The strings below a dataclass's fields, which Python itself does not keep."""
    assert dataclasses.is_dataclass(owner)
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(after.value.value).split())
    return found


def choices_of_groups() -> dict[str, list[str]]:
    """The names that can be given to each group, in alphabetical order."""
    return {
        group: sorted(path.stem for path in (config_dir() / group).glob("*.yaml"))
        + [name for name in names_of(group) if not choice_file(group, name).exists()]
        for group in GROUPS
    }


def opening(group: str, choice: str) -> str:
    """What a choice's file says of itself in its first comment; of a user's own, its docstring."""
    if (part := extensions.PARTS.get((f"{group}.name", choice))) is not None:
        return part.about
    file = choice_file(group, choice)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    comment = [line[2:] for line in takewhile(lambda line: line.startswith("#"), lines)]
    said = [line for line in comment if not line.startswith(("@", "  python"))]
    return " ".join(said)
