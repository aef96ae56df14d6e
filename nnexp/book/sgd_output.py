"""What `SGD` prints and returns: names and lines as the book's program has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

Lists: TypeAlias = tuple[list[float], list[int], list[float], list[int]]
"""evaluation_cost, evaluation_accuracy, training_cost, training_accuracy; one value per epoch."""


TRAINING_COST, TRAINING_ACCURACY = "training_cost", "training_accuracy"
EVALUATION_COST, EVALUATION_ACCURACY = "evaluation_cost", "evaluation_accuracy"
MONITORED = (TRAINING_COST, TRAINING_ACCURACY, EVALUATION_COST, EVALUATION_ACCURACY)
"""All that can be asked for, in the order of the lines; accuracies are counts of right answers."""


class Told:
    """The lines so far, and what they say."""

    def __init__(self, monitored: Collection[str], training: int, evaluation: int) -> None:
        """`training` and `evaluation` are the sizes of the two sets."""
        self.monitored = tuple(name for name in MONITORED if name in monitored)
        self._sizes = {TRAINING_ACCURACY: training, EVALUATION_ACCURACY: evaluation}
        self._values: dict[str, list[float]] = {name: [] for name in MONITORED}

    def epoch(self, epoch: int, values: Mapping[str, float]) -> None:
        """Print an epoch, counted from 0 as the book does, and keep its values.

        Raises:
            KeyError: something that is monitored has no value.
        """
        lines = [f"Epoch {epoch} training complete"]
        for name in self.monitored:
            value = float(values[name])
            self._values[name].append(value)
            what, _, kind = name.partition("_")
            size = self._sizes.get(name)
            text = f"{value!r}" if size is None else f"{int(value)} / {size}"
            lines.append(f"{kind.capitalize()} on {what} data: {text}")
        print("\n".join([*lines, ""]), flush=True)

    @property
    def lists(self) -> Lists:
        """What `SGD` returns; empty lists for what was not monitored."""
        found = self._values
        return (
            found[EVALUATION_COST],
            [int(value) for value in found[EVALUATION_ACCURACY]],
            found[TRAINING_COST],
            [int(value) for value in found[TRAINING_ACCURACY]],
        )


def kept(epoch: int, patience: int) -> str:
    """The line at the end of a training with early stopping; the epoch as of our record."""
    which = f"of epoch {epoch - 1}" if epoch else "of the untrained network"
    return (
        f"early stopping (early_stopping_n={patience}): the weights are those {which}, "
        "the best on the evaluation data"
    )
