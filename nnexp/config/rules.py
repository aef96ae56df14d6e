"""Rules on the values of a config, across keys too: one table, one way to refuse.

A rule names the key it is about, says when it holds, and says what is allowed. Types are checked
before, when the config is composed; what depends on a data set's files is checked when they are
read.
"""

from __future__ import annotations

import math
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from nnexp.config import extensions, schema
from nnexp.config.schema import Config
from nnexp.config.suggest import suggestion
from nnexp.config.values import value_of

MAX_SEED = 2**32 - 1
"""NumPy's legacy generator takes no greater seed; one bound serves all generators."""


MAX_NAME, MAX_TEXT = 250, 5000
"""Characters of what a user calls a run, and of a note or a tag."""

WITH_LMBDA = ("l2", "l1", "elastic", "decoupled")
"""Regularizers that `reg.lmbda` is the strength of."""
LMBDA_ALLOWED = "allowed with reg=l2, l1, elastic or decoupled"

MAX_WEIGHTS = 100_000_000
"""Weights of a network: some gigabytes with all that training needs beside them."""


@dataclass(frozen=True)
class Rule:
    """A condition on one key, perhaps in view of others."""

    key: str
    holds: Callable[[Config], bool]
    allowed: str | Callable[[Config], str]


def choice(key: str, values: Sequence[str]) -> Rule:
    """The key has one of some values, or names something of the user's own."""

    def allowed(c: Config) -> str:
        there = [*values, *extensions.names(key)]
        return f"allowed: {', '.join(there)}{suggestion(str(value_of(c, key)), there)}"

    return Rule(key, lambda c: value_of(c, key) in (*values, *extensions.names(key)), allowed)


def at_least(key: str, least: float, most: float = math.inf) -> Rule:
    """The key's number lies in a closed interval."""
    text = f"at least {least}" if most == math.inf else f"{least} to {most}"
    return Rule(key, lambda c: least <= value_of(c, key) <= most, f"allowed: {text}")


def above_zero(key: str) -> Rule:
    """The key's number is greater than zero."""
    return Rule(key, lambda c: value_of(c, key) > 0, "allowed: greater than 0")


def rate(key: str) -> Rule:
    """The key is a probability below one."""
    return Rule(
        key, lambda c: 0.0 <= value_of(c, key) < 1.0, "allowed: 0 <= p < 1, the deleted fraction"
    )


def _decay_allowed(c: Config) -> str:
    most = c.data.n_train / c.train.eta
    return f"eta * lmbda / n must stay below 1: allowed below {most:g} at n={c.data.n_train}"


_OF_A_SHELL = frozenset({"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"})


def _can_be_told(target: str) -> bool:
    try:
        words = shlex.split(target)
        if "://" in target.partition(" ")[0]:
            parts = urlsplit(target)
            return parts.scheme in ("http", "https") and bool(parts.hostname) and len(words) == 1
    except ValueError:
        return False
    # No shell reads it: these would be arguments, and the program would end with some error.
    by_shell = not _OF_A_SHELL.isdisjoint(words)
    return bool(words) and not by_shell and shutil.which(words[0]) is not None


def _own_metrics_allowed(c: Config) -> str:
    there = extensions.names("monitor.metrics")
    return f"allowed: {', '.join(there)}" if there else "allowed with --load FILE that registers it"


def _plain_only(c: Config) -> str:
    """What of a config the compiled engine has no functions for."""
    return ", ".join(f"{part.kind} {part.name}" for part in extensions.used(c) if not part.compiled)


def _judges(c: Config) -> str:
    """What of a config goes by the validation accuracy."""
    return (
        "stop=early" if c.stop.name == "early" else "schedule=halve" * (c.schedule.name == "halve")
    )


def has_lmbda(c: Config) -> bool:
    """Whether `reg.lmbda` is the strength of the config's regularizer."""
    return c.reg.name in (*WITH_LMBDA, *extensions.names("reg.name"))


def _weights(c: Config) -> int:
    """Weights of the network, for images and classes as MNIST has them."""
    sizes = [784, *c.model.hidden, 10]
    return sum(a * b for a, b in pairwise(sizes))


def _nielsen(key: str, holds: Callable[[Config], bool], allowed: str) -> Rule:
    return Rule(
        key, lambda c: c.rng != "nielsen2014" or holds(c), f"with rng=nielsen2014 {allowed}"
    )


def _neuron(key: str, holds: Callable[[Config], bool], allowed: str) -> Rule:
    return Rule(key, lambda c: c.data.name != "neuron" or holds(c), f"with data=neuron {allowed}")


RULES: tuple[Rule, ...] = (
    choice("cost.name", schema.COSTS),
    choice("reg.name", schema.REGULARIZERS),
    choice("data.name", schema.DATASETS),
    choice("data.subset", schema.SUBSETS),
    choice("expand.name", schema.EXPANSIONS),
    choice("model.activation", schema.ACTIVATIONS),
    choice("init.name", schema.INITIALIZERS),
    choice("dropout.mask", schema.MASKS),
    choice("dropout.scale", schema.SCALES),
    choice("train.dtype", schema.DTYPES),
    choice("train.engine", schema.ENGINES),
    choice("schedule.name", schema.SCHEDULES),
    choice("stop.name", schema.STOPS),
    choice("rng", schema.RNGS),
    choice("monitor.test", schema.TEST_MONITORING),
    choice("sweep.executor", schema.EXECUTORS),
    choice("tracking.artifacts", schema.ARTIFACTS),
    Rule(
        "monitor.metrics",
        lambda c: set(c.monitor.metrics) <= set(extensions.names("monitor.metrics")),
        _own_metrics_allowed,
    ),
    Rule(
        "train.engine",
        lambda c: c.train.engine != "compiled" or not _plain_only(c),
        lambda c: f"{_plain_only(c)} has no compiled functions; allowed: train.engine=numpy",
    ),
    Rule(
        "tracking.notify",
        lambda c: c.tracking.notify is None or _can_be_told(c.tracking.notify),
        "allowed: http(s)://HOST/…, or a command that is installed, with its arguments (what a "
        "shell is to read: sh -c '…')",
    ),
    at_least("seed", 0, MAX_SEED),
    at_least("data.n_train", 1),
    at_least("data.n_validation", 0),
    at_least("train.epochs", 0, 1_000_000),
    at_least("train.batch_size", 1),
    above_zero("train.eta"),
    Rule("train.momentum", lambda c: 0.0 <= c.train.momentum < 1.0, "allowed: 0 <= mu < 1"),
    Rule("train.average", lambda c: 0.0 <= c.train.average < 1.0, "allowed: 0 <= beta < 1"),
    Rule("cost.smoothing", lambda c: 0.0 <= c.cost.smoothing < 1.0, "allowed: 0 <= epsilon < 1"),
    Rule("schedule.factor", lambda c: 0.0 < c.schedule.factor < 1.0, "allowed: 0 < factor < 1"),
    at_least("schedule.every", 1),
    above_zero("schedule.half"),
    at_least("schedule.patience", 1),
    at_least("schedule.least", 0, 1),
    at_least("reg.lmbda", 0),
    at_least("reg.lmbda_l1", 0),
    above_zero("reg.max_norm"),
    rate("dropout.hidden"),
    rate("dropout.input"),
    at_least("stop.patience", 1),
    at_least("monitor.every", 1),
    at_least("sweep.workers", 0),
    Rule(
        "sweep.address",
        lambda c: c.sweep.address is None or c.sweep.executor == "dask",
        "allowed with sweep.executor=dask",
    ),
    at_least("expand.angle", 0, 180),
    at_least("expand.alpha", 0, 1000),
    at_least("expand.sigma", 0.1, 100),
    Rule(
        "tracking.experiment",
        lambda c: bool(c.tracking.experiment.strip()) and len(c.tracking.experiment) <= 250,
        "allowed: a name of at most 250 characters",
    ),
    Rule(
        "tracking.name",
        lambda c: c.tracking.name is None or 0 < len(c.tracking.name.strip()) <= MAX_NAME,
        f"allowed: a name of at most {MAX_NAME} characters",
    ),
    Rule(
        "tracking.note",
        lambda c: len(c.tracking.note or "") <= MAX_TEXT,
        f"allowed: at most {MAX_TEXT:,} characters",
    ),
    Rule(
        "model.hidden",
        lambda c: all(1 <= n <= 100_000 for n in c.model.hidden),
        "allowed: a list of layer sizes of at least 1 and at most 100000, such as [30] or "
        "[100,30]; [] for none",
    ),
    Rule(
        "model.hidden",
        lambda c: _weights(c) <= MAX_WEIGHTS,
        lambda c: f"{_weights(c):,} weights; allowed: at most {MAX_WEIGHTS:,}",
    ),
    Rule(
        "train.batch_size",
        lambda c: c.train.batch_size <= c.data.n_train,
        lambda c: f"allowed: at most data.n_train={c.data.n_train}",
    ),
    Rule(
        "reg.lmbda",
        lambda c: (
            c.reg.name not in ("l2", "elastic", "decoupled")
            or c.train.eta * c.reg.lmbda < c.data.n_train
        ),
        _decay_allowed,
    ),
    Rule(
        "data.root",
        lambda c: c.data.name != "idx" or c.data.root is not None,
        "data=idx needs data.root=DIR, a folder with four IDX files",
    ),
    Rule(
        "data.root",
        lambda c: c.data.root is None or c.data.name in ("idx", "fashion_mnist"),
        "allowed with data=idx and data=fashion_mnist",
    ),
    Rule("reg.biases", lambda c: not c.reg.biases or has_lmbda(c), LMBDA_ALLOWED),
    _neuron("model.hidden", lambda c: not c.model.hidden, "there is no hidden layer: allowed: []"),
    _neuron(
        "cost.name", lambda c: c.cost.name != "loglikelihood", "allowed: crossentropy, quadratic"
    ),
    _neuron("cost.smoothing", lambda c: c.cost.smoothing == 0, "there are no classes: allowed: 0"),
    _neuron("data.n_train", lambda c: c.data.n_train == 1, "there is one example: allowed: 1"),
    _neuron("dropout.input", lambda c: c.dropout.input == 0, "allowed: 0"),
    _neuron(
        "stop.name", lambda c: c.stop.name == "none", "there is no validation data: allowed: none"
    ),
    _neuron(
        "schedule.name",
        lambda c: c.schedule.name != "halve",
        "there is no validation data: allowed: constant, step, inverse, cosine",
    ),
    Rule(
        "data.n_validation",
        lambda c: c.data.n_validation > 0 or c.data.name == "neuron" or not _judges(c),
        lambda c: f"{_judges(c)} needs validation data; allowed: at least 1",
    ),
    _neuron("expand.name", lambda c: c.expand.name == "none", "allowed: none"),
    _nielsen("dropout.hidden", lambda c: c.dropout.hidden == 0, "allowed: dropout=off"),
    _nielsen("dropout.input", lambda c: c.dropout.input == 0, "allowed: dropout=off"),
    _nielsen("expand.name", lambda c: c.expand.name == "none", "allowed: expand=none"),
    _nielsen(
        "init.name",
        lambda c: c.init.name in ("scaled", "large", "fixed"),
        "allowed: scaled, large, fixed",
    ),
    _nielsen("data.subset", lambda c: c.data.subset == "first", "allowed: first"),
)
