"""A cost, an activation … of your own, in a file that `--load FILE` or `nnexp.load_parts` loads.

    from nnexp import register

    @register.activation("leaky", slope=lambda z, a: np.where(z > 0, 1, 0.1), compiled=(f, slope))
    def leaky(z):
        return np.where(z > 0, z, 0.1 * z)

Plain functions are of NumPy arrays and train with `train.engine=numpy`; `compiled` ones are of
numbers, the function and its derivative, and numba compiles them with the kernel. Both are checked
when they are registered: the derivative against the function, compiled functions against plain
ones. docs/extending.md has an example of each kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from inspect import getdoc
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nnexp.config import extensions, schema
from nnexp.data import dataset as datasets
from nnexp.errors import UserError
from nnexp.kernel.own import Function
from nnexp.nn import regularizers
from nnexp.nn.activations import ACTIVATIONS, Activation, sigmoid
from nnexp.nn.costs import COSTS, Cost
from nnexp.nn.initializers import DRAWN
from nnexp.nn.parameters import Array
from nnexp.own_calls import (
    GRID,
    OwnMetric,
    arrays_of,
    called,
    check_compiled,
    check_derivative,
    check_parameters,
    initial,
    kept_precision,
)
from nnexp.train import monitor

if TYPE_CHECKING:
    from collections.abc import Iterator

_F = TypeVar("_F", bound=Callable[..., Any])

Pair = tuple[Function, Function]

COMPILED: dict[tuple[str, str], Pair] = {}
"""The functions for the kernel, by key and name."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")

_TAKEN = {
    "model.activation": schema.ACTIVATIONS,
    "cost.name": schema.COSTS,
    "init.name": schema.INITIALIZERS,
    "data.name": schema.DATASETS,
    "reg.name": schema.REGULARIZERS,
    "monitor.metrics": (
        *("cost", "data_cost", "penalty", "accuracy", "correct", "cost_network2"),
        *("validation_accuracy", "epoch"),
    ),
}


def activation(name: str, *, slope: Function, compiled: Pair | None = None) -> Callable[[_F], _F]:
    """Register f(z), elementwise, as `model.activation=NAME`.

    Args:
        name: letters, digits and underscores.
        slope: slope(z, a) is f′(z), given z and a = f(z).
        compiled: (f, slope) once more, of numbers.
    """

    def add(function: Function) -> None:
        f, df = _plain(function, slope, "z, a")
        check_derivative(f"{called(slope)}(z, a)", f(GRID), f, df(GRID, f(GRID)))
        _compile("model.activation", name, compiled, ((GRID,), (GRID, f(GRID))), (f, df))
        ACTIVATIONS[name] = Activation(name, f, df)

    return _registered("activation", name, "z", add, compiled is not None)


def cost(name: str, *, error: Function, compiled: Pair | None = None) -> Callable[[_F], _F]:
    """Register C(z, y), elementwise, as `cost=NAME`: its sum over sigmoid outputs is the cost.

    Args:
        name: letters, digits and underscores.
        error: error(a, y) is ∂C/∂z, given a = σ(z) and the targets y of 0 to 1.
        compiled: (C, error) once more, of numbers.
    """

    def add(function: Function) -> None:
        c, de = _plain(function, error, "a, y")
        for target in (0.0, 1.0, 0.1, 0.8):
            y, a = np.full_like(GRID, target), sigmoid(GRID)
            given = f"at y = {target:g}, {called(error)}(a, y)"
            check_derivative(given, c(GRID, y), partial(_swapped, c, y), de(a, y))
        _compile("cost.name", name, compiled, ((GRID, y), (a, y)), (c, de))
        COSTS[name] = Cost(name, "sigmoid", sigmoid, lambda z, y: np.sum(c(z, y), axis=0), de)

    return _registered("cost", name, "z, y", add, compiled is not None)


def regularizer(name: str, *, slope: Function, compiled: Pair | None = None) -> Callable[[_F], _F]:
    """Register p(w), elementwise, as `reg=NAME`: (λ/n) Σ p(w) is added to the cost.

    Args:
        name: letters, digits and underscores.
        slope: slope(w) is p′(w), 0 where w is.
        compiled: (p, slope) once more, of numbers.
    """

    def add(function: Function) -> None:
        p, dp = _plain(function, slope, "w")
        zero = np.zeros(1)
        if p(zero)[0] != 0 or dp(zero)[0] != 0:
            raise UserError("p(0) or its slope at 0 is not 0, which both must be")
        check_derivative(f"{called(slope)}(w)", p(GRID), p, dp(GRID))
        _compile("reg.name", name, compiled, ((GRID,), (GRID,)), (p, dp))
        regularizers.OWN[name] = regularizers.Penalty(p, dp)

    return _registered("regularizer", name, "w", add, compiled is not None)


def initializer(name: str) -> Callable[[_F], _F]:
    """Register initial(sizes, rng) as `init=NAME`.

    It gives weights [(n, m), …] and biases [(n,), …] for layers of `sizes` units, inputs first,
    drawn by `rng.standard_normal((n, m))`, the run's own stream.
    """

    def add(function: Function) -> None:
        DRAWN[name] = partial(initial, name, function)

    return _registered("initializer", name, "sizes, rng", add)


def metric(name: str) -> Callable[[_F], _F]:
    """Register m(outputs, labels) as a metric that `monitor.metrics=[NAME]` measures.

    It gives a number for output activations (N, n_outputs) and labels (N,), and is recorded as
    `train/NAME`, `validation/NAME`, `test/NAME`.
    """

    def add(function: Function) -> None:
        monitor.OWN[name] = OwnMetric(name, function)

    return _registered("metric", name, "outputs, labels", add)


def dataset(name: str) -> Callable[[_F], _F]:
    """Register a function without parameters as `data=NAME`.

    It gives uint8 arrays: training images (N, height, width) or (N, inputs), their labels (N,), and
    the same for testing; labels may be of any whole numbers from 0 to 255. Their SHA-256 is part of
    the fingerprint, so it must give the same each time.
    """

    def add(function: Function) -> None:
        datasets.OWN[name] = partial(arrays_of, function)

    return _registered("dataset", name, "", add)


@dataclass
class _Loading:
    """The file that is being loaded."""

    source: extensions.Source | None = None
    checked: bool = True
    """Whether compiled functions are tried; a worker process need not do that once more."""


_loading = _Loading()


@contextmanager
def loading(source: extensions.Source, *, checked: bool) -> Iterator[None]:
    """What is registered meanwhile is from this file."""
    _loading.source, _loading.checked = source, checked
    try:
        yield
    finally:
        _loading.source = None


def forget(source: extensions.Source) -> None:
    """Take back what a file has registered."""
    for (key, name), part in list(extensions.PARTS.items()):
        if part.source != source:
            continue
        del extensions.PARTS[key, name]
        COMPILED.pop((key, name), None)
        _REGISTRIES[key].pop(name, None)


_REGISTRIES: dict[str, dict[str, Any]] = {
    "model.activation": ACTIVATIONS,
    "cost.name": COSTS,
    "reg.name": regularizers.OWN,
    "init.name": DRAWN,
    "monitor.metrics": monitor.OWN,
    "data.name": datasets.OWN,
}


def _registered(
    kind: str, name: str, parameters: str, add: Callable[[Function], None], compiled: bool = True
) -> Callable[[_F], _F]:
    """A decorator that adds a function of these parameters to its kind, and leaves it as it is."""
    if callable(name):
        raise UserError(f'@register.{kind} without a name; allowed: @register.{kind}("NAME", …)')

    def decorated(function: _F) -> _F:
        with _registering(kind, name, function, compiled):
            check_parameters(function, parameters)
            add(function)
        return function

    return decorated


@contextmanager
def _registering(kind: str, name: str, function: Function, compiled: bool) -> Iterator[None]:
    """Check a name, and note what is registered under it, once that is done.

    Raises:
        UserError: one line that names kind and name.
    """
    key, source = extensions.KEYS[kind], _loading.source
    try:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise UserError("allowed: a name of up to 40 letters, digits and _, a letter first")
        if name in (*_TAKEN[key], *extensions.names(key), "null", "true", "false"):
            raise UserError("this name is taken; allowed: another one")
        if source is None:
            raise UserError(
                "allowed in a file that is loaded: --load FILE, or nnexp.load_parts('FILE')"
            )
        # What is not finite is said in a line; warnings would say it once more.
        with np.errstate(all="ignore"):
            yield
    except UserError as error:
        raise UserError(f"{kind} {name}: {error}") from error
    except Exception as error:
        raise UserError(f"{kind} {name}: {type(error).__name__}: {error}") from error
    about = (getdoc(function) or "").partition("\n")[0]
    extensions.PARTS[key, name] = extensions.Part(kind, name, source, compiled, about)


def _plain(
    function: Function, slope: Function, parameters: str
) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """A function and its derivative, which has these parameters; float32 stays float32 in both."""
    check_parameters(slope, parameters)
    return kept_precision(function), kept_precision(slope)


def _swapped(function: Callable[..., Array], y: Array, z: Array) -> Array:
    return function(z, y)


def _compile(
    key: str,
    name: str,
    compiled: Pair | None,
    arguments: tuple[tuple[Array, ...], ...],
    plain: tuple[Callable[..., Array], ...],
) -> None:
    """Keep the functions for the kernel, after holding them against the plain ones."""
    if compiled is None:
        return
    if not isinstance(compiled, tuple) or len(compiled) != 2:
        raise UserError("compiled: allowed: (function, derivative), both of numbers")
    if _loading.checked and find_spec("numba") is not None:
        check_compiled(compiled, arguments, plain)
    COMPILED[key, name] = compiled
