"""What a config key is: its meaning as the schema tells it, its default, what is allowed."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from functools import lru_cache

from nnexp.config.arguments import TAGS
from nnexp.config.dependent_keys import NEEDS
from nnexp.config.messages import kind_of
from nnexp.config.rules import RULES
from nnexp.config.schema import Config
from nnexp.config.values import shown, value_of


def meaning(key: str) -> str:
    """What the schema says of a key, on one line."""
    if key.startswith(TAGS):
        key = TAGS.rstrip(".")
    *groups, name = key.split(".")
    owner: type = type(value_of(Config(), groups[0])) if groups else Config
    return _docstrings(owner).get(name, "")


def allowed(key: str) -> list[str]:
    """What values a key may have: its type, and the rules about it."""
    default = Config()
    texts = [kind_of(key) or "text"]
    for rule in RULES:
        if rule.key == key:
            said = rule.allowed if isinstance(rule.allowed, str) else rule.allowed(default)
            texts.append(said.removeprefix("allowed: ").partition("; did you mean")[0])
    if key in NEEDS and (why := NEEDS[key](default)):
        texts.append(why.removeprefix("allowed "))
    return texts


def default_of(key: str) -> str:
    """The default of a key as it would be typed, before groups and sizes have their say."""
    return "none" if key.startswith(TAGS) else shown(value_of(Config(), key))


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
