"""A config held against all rules, and the keys that do nothing unless another has a value."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

from nnexp.config.arguments import TAGS, cut, printable
from nnexp.config.check_arguments import check_tag
from nnexp.config.rules import LMBDA_ALLOWED, MAX_TEXT, RULES, has_lmbda
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


Need = Callable[[Config], str | None]
"""What is missing for a key to have an effect; None where nothing is."""


def _only(group: str, *names: str) -> Need:
    allowed = f"allowed with {group}={' or '.join(names)}"
    return lambda c: None if getattr(c, group).name in names else allowed


def _with_dropout(c: Config) -> str | None:
    dropped = c.dropout.hidden or c.dropout.input
    return None if dropped else "allowed with dropout=half, dropout.hidden or dropout.input above 0"


NEEDS: dict[str, Need] = {
    "reg.lmbda": lambda c: None if has_lmbda(c) else LMBDA_ALLOWED,
    "reg.lmbda_l1": _only("reg", "elastic"),
    "reg.max_norm": _only("reg", "maxnorm"),
    "init.weight": _only("init", "fixed"),
    "init.bias": _only("init", "fixed"),
    "train.nesterov": lambda c: (
        None if c.train.momentum or not c.train.nesterov else "allowed with train.momentum above 0"
    ),
    "schedule.factor": _only("schedule", "step", "halve"),
    "schedule.every": _only("schedule", "step"),
    "schedule.half": _only("schedule", "inverse"),
    "schedule.patience": _only("schedule", "halve"),
    "schedule.least": _only("schedule", "halve"),
    "stop.patience": _only("stop", "early"),
    "expand.fixed": _only("expand", "shift"),
    "expand.angle": _only("expand", "distort"),
    "expand.alpha": _only("expand", "distort"),
    "expand.sigma": _only("expand", "distort"),
    "size": lambda c: (
        "allowed with data other than neuron, which is one example"
        if c.data.name == "neuron"
        else None
    ),
    "dropout.mask": _with_dropout,
    "dropout.scale": _with_dropout,
    "dropout.hidden": lambda c: (
        None if c.model.hidden or not c.dropout.hidden else "allowed with a hidden layer"
    ),
}
"""By key; a key that needs what is missing is refused if it was typed."""
