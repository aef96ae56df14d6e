"""A config held against all rules."""

from __future__ import annotations

import math
from collections.abc import Collection

from nnexp.config.arguments import TAGS, cut, printable
from nnexp.config.check_arguments import check_tag
from nnexp.config.dependent_keys import NEEDS
from nnexp.config.rules import MAX_TEXT, RULES
from nnexp.config.schema import Config
from nnexp.config.values import leaves_of, shown, value_of
from nnexp.errors import UserError


def check(config: Config, given: Collection[str] = ()) -> None:
    """Refuse a config that breaks a rule.

    `given` are the keys the user typed: one that would have no effect is refused too.

    Raises:
        UserError: one line naming key, value and what is allowed.
    """
    for key, value in leaves_of(config, float):
        if not math.isfinite(value):
            raise UserError(f"{key}={value}: allowed: a finite number")
    for key, text in leaves_of(config, str):
        if text != printable(text):
            raise UserError(f"{key}={printable(text)}: control characters are not allowed")
    for name, text in config.tracking.tags.items():
        check_tag(name, f"{TAGS}{name}")
        if text != printable(text) or len(text) > MAX_TEXT:
            raise UserError(
                f"{TAGS}{name}={cut(printable(text))}: allowed: a line of at most {MAX_TEXT:,} "
                "characters"
            )
    for rule in RULES:
        if not rule.holds(config):
            allowed = rule.allowed if isinstance(rule.allowed, str) else rule.allowed(config)
            raise UserError(f"{rule.key}={cut(shown(value_of(config, rule.key)))}: {allowed}")
    for key in given:
        refusal = NEEDS[key](config) if key in NEEDS else None
        if refusal:
            raise UserError(f"{key}={shown(value_of(config, key))}: has no effect here; {refusal}")
