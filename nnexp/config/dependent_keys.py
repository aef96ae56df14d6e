"""Keys that would do nothing unless another key has a certain value."""

from __future__ import annotations

from collections.abc import Callable

from nnexp.config.rules import LMBDA_ALLOWED, has_lmbda
from nnexp.config.schema import Config

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
