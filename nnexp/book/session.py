"""What `SGD` is asked for, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from operator import index
from typing import Any

import numpy as np

from nnexp.book.columns import Network, check_pairs, sequence_of
from nnexp.book.pairs import TEST, touches
from nnexp.book.sgd_output import EVALUATION_ACCURACY, EVALUATION_COST
from nnexp.errors import UserError


@dataclass(frozen=True)
class Session:
    """One call of `SGD`."""

    training_data: Sequence[Any]
    epochs: int
    mini_batch_size: int
    eta: float
    lmbda: float
    evaluation_data: Sequence[Any] | None
    monitored: tuple[str, ...]
    """Of `sgd_output.MONITORED`."""
    early_stopping_n: int
    """Epochs without a better accuracy on the evaluation data; 0 trains to the end."""

    @property
    def sizes(self) -> tuple[int, int]:
        """How many pairs are trained on, and evaluated."""
        return len(self.training_data), len(self.evaluation_data or ())


def session_of(
    network: Network,
    training_data: Any,
    evaluation_data: Any,
    monitored: Sequence[str],
    epochs: Any,
    mini_batch_size: Any,
    eta: Any,
    lmbda: Any,
    early_stopping_n: Any,
) -> Session:
    """The arguments of `SGD`, checked.

    Raises:
        UserError: one line naming argument, value and what is allowed.
    """
    numbers = (
        whole_number("epochs", epochs, 0),
        whole_number("mini_batch_size", mini_batch_size, 1),
        real_number("eta", eta, above_zero=True),
        real_number("lmbda", lmbda),
    )
    patience = whole_number("early_stopping_n", early_stopping_n, 0)
    training = sequence_of("training_data", training_data)
    check_pairs("training_data", training, network)
    evaluation = None
    if evaluation_data is not None:
        evaluation = sequence_of("evaluation_data", evaluation_data)
        check_pairs("evaluation_data", evaluation, network)
    _check_evaluation(evaluation, monitored, patience)
    return Session(training, *numbers, evaluation, tuple(monitored), patience)


def _check_evaluation(
    evaluation: Sequence[Any] | None, monitored: Sequence[str], patience: int
) -> None:
    if evaluation is None:
        for name in (EVALUATION_COST, EVALUATION_ACCURACY):
            if name in monitored:
                raise UserError(f"monitor_{name}=True: allowed with evaluation_data")
        if patience:
            raise UserError(
                f"early_stopping_n={patience}: allowed with evaluation_data=validation_data, "
                "by which stopping is judged"
            )
    elif patience and touches(evaluation, TEST):
        raise UserError(
            f"early_stopping_n={patience}: stopping is never judged on test data; allowed with "
            "evaluation_data=validation_data"
        )


def whole_number(name: str, value: Any, least: int, most: int | None = None) -> int:
    """An integer of an interval, Python's or NumPy's.

    Raises:
        UserError: one line naming argument, value and what is allowed.
    """
    text = f"at least {least}" if most is None else f"{least} to {most}"
    try:
        # True is 1 to Python; here it is an argument that got into the wrong place.
        number = least - 1 if isinstance(value, bool) else index(value)
    except TypeError:
        number = least - 1
    if number < least or (most is not None and number > most):
        raise UserError(f"{name}={value!r}: allowed: a whole number, {text}")
    return number


def true_or_false(name: str, value: Any) -> bool:
    """True or False, also as NumPy has them, or as 1 and 0.

    Raises:
        UserError: one line naming argument, value and what is allowed; the text "False" would
            count as true.
    """
    if isinstance(value, (bool, Integral, np.bool_)) and value in (0, 1):
        return bool(value)
    raise UserError(f"{name}={value!r}: allowed: True, False")


def real_number(name: str, value: Any, *, above_zero: bool = False) -> float:
    """A finite number of 0 or more, or above 0.

    Raises:
        UserError: one line naming argument, value and what is allowed.
    """
    try:
        number = math.nan if isinstance(value, (str, bool)) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or number < 0 or (above_zero and number == 0):
        text = "greater than 0" if above_zero else "0 or more"
        raise UserError(f"{name}={value!r}: allowed: a finite number, {text}")
    return number
