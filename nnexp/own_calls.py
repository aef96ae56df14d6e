"""Calls of what is of a user's own: a mistake in it is one line that names it and the place.

`check_own` calls what a config names before anything is recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.config import extensions
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, dataset_of, forget
from nnexp.errors import UserError
from nnexp.nn.initializers import Normal
from nnexp.nn.parameters import Parameters
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
