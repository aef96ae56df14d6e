"""Functions of a user's own: whether they are what they are registered as, and their calls.

A derivative is held against central differences of its function, a compiled function against the
plain one. A mistake in a call is one line that names it and the place; `check_own` calls what a
config names before anything is recorded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.config import extensions
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, dataset_of, forget
from nnexp.errors import UserError
from nnexp.kernel.own import Function
from nnexp.nn.initializers import Normal
from nnexp.nn.parameters import Array, Parameters
from nnexp.train.monitor import OWN
from nnexp.train.plan import initial_parameters, sizes_of


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Whatever a user's own function raises is said to be its mistake.

    Raises:
        UserError: one line with the line of the user's file, where it is known.
    """
    try:
        yield
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        said, trace, line = f"{type(error).__name__}: {error}", error.__traceback__, 0
        while trace is not None:
            own = str(trace.tb_frame.f_globals.get("__name__")).startswith(extensions.MODULE)
            line = trace.tb_lineno if own else line
            trace = trace.tb_next
        where = f"line {line}: " if line else ""
        raise UserError(f"{what}: {where}{' '.join(said.split())}") from error


def initial(
    name: str, function: Callable[..., Any], sizes: Sequence[int], rng: Normal
) -> Parameters:
    """What an initializer draws, as float64, if it has the right shapes and is finite."""
    what = f"init={name}"
    with explained(what):
        weights, biases = (
            tuple(np.array(a, dtype=np.float64) for a in part) for part in function(sizes, rng)
        )
    shapes = list(zip(sizes[1:], sizes, strict=False))
    if [w.shape for w in weights] != shapes or [b.shape for b in biases] != [
        (n,) for n, _ in shapes
    ]:
        said = " ".join(str(a.shape) for a in (*weights, *biases))
        raise UserError(f"{what}: gave {said}; allowed: weights of {shapes}, then the biases")
    if not all(np.isfinite(a).all() for a in (*weights, *biases)):
        raise UserError(f"{what}: gave numbers that are not finite")
    return Parameters(weights, biases)


@dataclass(frozen=True)
class OwnMetric:
    """A metric of a user's own."""

    name: str
    function: Callable[..., Any]

    def __call__(self, outputs: NDArray[np.float64], labels: NDArray[np.uint8]) -> float:
        """What it gives for outputs (N, n_outputs) and labels (N,), neither of which it can change.

        Raises:
            UserError: that is no finite number.
        """
        value = self.number(outputs, labels)
        if not math.isfinite(value):
            raise UserError(f"metric {self.name}: is {value}; allowed: a finite number")
        return value

    def number(self, outputs: NDArray[np.float64], labels: NDArray[np.uint8]) -> float:
        """The same, finite or not.

        Raises:
            UserError: that is no number.
        """
        with explained(f"metric {self.name}"):
            found = self.function(_unchanging(outputs), _unchanging(labels))
            value = np.asarray(found)
        if value.ndim or value.dtype.kind not in "biuf":
            said = f"shape {value.shape}" if value.ndim else type(found).__name__
            raise UserError(f"metric {self.name}: gave {said}; allowed: a number")
        return float(value)


def _unchanging(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def arrays_of(function: Callable[[], Any]) -> tuple[NDArray[np.uint8], ...]:
    """What a data set's function gives; labels of any whole numbers as the bytes they are."""
    try:
        found = [np.asarray(array) for array in function()]
    except SystemExit as error:
        raise RuntimeError(f"it ends the program (SystemExit: {error})") from error
    return tuple(_bytes(array) if k % 2 else array for k, array in enumerate(found))


def _bytes(labels: NDArray[Any]) -> NDArray[Any]:
    if labels.dtype == np.uint8 or labels.dtype.kind not in "iu" or not labels.size:
        return labels
    least, greatest = labels.min(), labels.max()
    if least < 0 or greatest > 255:
        raise ValueError(f"labels are {least} to {greatest}; allowed: 0 to 255")
    return labels.astype(np.uint8)


def check_own(config: Config, dataset: Dataset) -> None:
    """Call the data set, the initializer and the metrics of a user's own that a config names.

    Raises:
        UserError: one that cannot be called so, or gives what it must not.
    """
    _check_data(config, dataset)
    _check_functions(config, dataset)


def _check_data(config: Config, dataset: Dataset) -> None:
    """Read a data set of a user's own once more: no run of another could be trained again."""
    if config.data.name not in extensions.names("data.name"):
        return
    forget()
    if dataset_of(config).digest != dataset.digest:
        raise UserError(
            f"data={config.data.name}: gave other data when it was called again; allowed: the same "
            "each time (draws of np.random.default_rng(0), not of default_rng())"
        )


def _check_functions(config: Config, dataset: Dataset) -> None:
    if config.init.name in extensions.names("init.name"):
        first, second = (initial_parameters(config, sizes_of(config, dataset)) for _ in range(2))
        pairs = zip((*first.weights, *first.biases), (*second.weights, *second.biases), strict=True)
        if any((a != b).any() for a, b in pairs):
            raise UserError(
                f"init={config.init.name}: gave other numbers when it was called again; allowed: "
                "draws of rng, the run's own stream, only"
            )
    metrics = [
        metric for name in config.monitor.metrics if isinstance(metric := OWN[name], OwnMetric)
    ]
    if metrics:  # Else no data need be read, nor outputs be made up.
        labels = dataset.train.labels[: config.data.n_train]
        outputs = np.random.default_rng(0).random((len(labels), dataset.n_outputs))
        for metric in metrics:
            metric.number(outputs, labels)  # Of outputs such as these it need not be finite.


def check_all_own(configs: Sequence[Config], datasets: Sequence[Dataset]) -> None:
    """`check_own` of the runs of a sweep, but once of those that differ in nothing of the kind.

    Raises:
        UserError: as there.
    """
    for config, dataset in {
        d.digest: (c, d) for c, d in zip(configs, datasets, strict=True)
    }.values():
        _check_data(config, dataset)
    first = {
        (c.init.name, *c.model.hidden, *c.monitor.metrics, c.data.n_train, d.digest): (c, d)
        for c, d in zip(configs, datasets, strict=True)
    }
    for config, dataset in first.values():
        _check_functions(config, dataset)


GRID: NDArray[np.float64] = np.linspace(-4.0, 4.0, 34) + 0.0123
"""Where functions are looked at: not at whole numbers, where they may have corners."""

_STEP = 1e-6


def called(function: Function) -> str:
    """What a function is called in a message."""
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() else "the slope"


def check_parameters(function: Function, names: str) -> None:
    """Refuse what cannot be called with these parameters."""
    expected = [name for name in names.split(", ") if name]
    if not callable(function):
        raise UserError(f"{function!r} is no function; allowed: one of ({names})")
    try:
        signature(function).bind(*expected)
    except TypeError as error:
        raise UserError(
            f"{called(function)}{signature(function)}; allowed: parameters ({names})"
        ) from error


def kept_precision(function: Function) -> Callable[..., Array]:
    """The function in the precision of its first argument.

    Raises:
        ValueError: what it gives has another shape.
    """

    def kept(x: Array, *more: Array) -> Array:
        found: NDArray[Any] = np.asarray(function(x, *more))
        if found.shape != x.shape:
            raise ValueError(
                f"{called(function)} gave shape {found.shape} for {x.shape}; it is of arrays, "
                "elementwise"
            )
        return found.astype(x.dtype, copy=False)

    return kept


def check_derivative(
    what: str, values: Array, function: Callable[[Array], Array], derivative: Array
) -> None:
    """Refuse a derivative that central differences do not confirm."""
    if not (np.isfinite(values).all() and np.isfinite(derivative).all()):
        raise UserError("is not finite everywhere between -4 and 4")
    slope = (function(GRID + _STEP) - function(GRID - _STEP)) / (2 * _STEP)
    off = np.abs(slope - derivative) > 1e-5 * (1.0 + np.abs(slope))
    if off.any():
        k = int(np.argmax(off))
        raise UserError(
            f"{what} is not the derivative: at {GRID[k]:.3g} it is {derivative[k]:.6g}, the "
            f"slope is {slope[k]:.6g}"
        )


def check_compiled(
    compiled: tuple[Function, Function],
    arguments: tuple[tuple[Array, ...], ...],
    plain: tuple[Callable[..., Array], ...],
) -> None:
    """Refuse compiled functions that give something else than the plain ones for some arguments."""
    from nnexp.kernel.trial import tried

    for function, given, like in zip(compiled, arguments, plain, strict=True):
        check_parameters(function, ", ".join("xy"[: len(given)]))
        found, expected = _tried(tried, function, given), like(*given)
        off = ~np.isclose(found, expected, rtol=1e-6, atol=1e-9)
        if off.any():
            k = int(np.argmax(off))
            raise UserError(
                f"compiled {called(function)} is not what the plain one is: at "
                f"{', '.join(f'{x[k]:.3g}' for x in given)} it gives {found[k]:.6g}, not "
                f"{expected[k]:.6g}"
            )


_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def _tried(tried: Callable[..., Array], function: Function, given: tuple[Array, ...]) -> Array:
    """What a compiled function gives; why numba cannot compile it is said in a line of its text."""
    try:
        return tried(function, given)
    except UserError as error:
        if error.__cause__ is None:
            raise
        lines = _COLOURS.sub("", str(error.__cause__)).splitlines()
        told = [line.strip() for line in lines if line.strip() and "mode pipeline" not in line]
        place = re.search(r'", line (\d+)', " ".join(told))
        where = f"line {place[1]}: " if place else ""
        reason = f"{where}{' '.join(told[:2] if told[1:] and told[0].endswith(':') else told[:1])}"
        raise UserError(
            f"compiled {called(function)}: numba cannot compile it: {reason[:300]}; allowed: "
            "arithmetic, conditions, numbers of the file, and functions of nnexp.kernel.elementary"
        ) from error
