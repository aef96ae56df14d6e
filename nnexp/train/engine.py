"""What the training loop knows of an engine: one small protocol.

An engine takes parameters, trains an epoch, measures, and gives parameters back. Loop, monitor,
early stopping and snapshots see nothing else of it. `train.compiled` and `train.plain` are the two
there are; a third is one module with such a class, and a line in `train.engines`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import DropoutConfig
from nnexp.nn.parameters import Parameters
from nnexp.nn.regularizers import Regularization
from nnexp.train.streams import Order

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Problem:
    """Everything that decides what a step of training is."""

    sizes: tuple[int, ...]
    """Units per layer, inputs first."""
    activation: str
    cost: str
    dtype: str
    batch_size: int
    n: int
    """Training examples per epoch: the n of λ/n."""
    input_scale: float
    """x = byte · input_scale."""
    eta: float
    momentum: float
    nesterov: bool
    average: float
    """β of the moving average of the weights (`nn.sgd.average`); 0 for none."""
    smoothing: float
    """ε of label smoothing (`nn.costs.smoothed`)."""
    regularization: Regularization
    dropout: DropoutConfig


@dataclass(frozen=True)
class DropoutStreams:
    """Where masks are drawn from; an engine leaves them where the next epoch goes on."""

    hidden: np.random.PCG64
    inputs: np.random.PCG64


@dataclass(frozen=True)
class Measured:
    """What a set of examples says about a network."""

    data_cost: float
    """Mean of C_x over the examples, without penalty."""
    correct: int
    """Examples whose greatest output is that of their label; 0 of a single output."""


class Engine(Protocol):
    """Trains one network."""

    compiled: ClassVar[bool]
    """Whether what is done to data for it may be compiled too."""

    def __init__(
        self, problem: Problem, parameters: Parameters, streams: DropoutStreams, dense: bool
    ) -> None:
        """`dense`: whether most inputs of the data set are not zero."""
        ...

    @staticmethod
    def lay_out(images: Bytes, labels: Bytes) -> Any:
        """Examples (N, n_in) as the engine likes them; given back to it, and to nobody else."""
        ...

    @staticmethod
    def permutation(bits: np.random.PCG64, n: int) -> Order:
        """The permutation that `nn.draws.permutation` draws."""
        ...

    @staticmethod
    def outputs(
        parameters: Parameters, activation: str, cost: str, layout: Any, rows: Order, scale: float
    ) -> NDArray[np.float64]:
        """Output activations a^L, (len(rows), n_outputs)."""
        ...

    def epoch(self, layout: Any, order: Order, rate: float = 1.0) -> None:
        """Train on each example of `order` once, mini-batch by mini-batch, with η · `rate`."""
        ...

    def measure(self, layout: Any, rows: Order, parameters: Parameters | None = None) -> Measured:
        """Cost and hits on some examples of the full network, its own or the one given."""
        ...

    def penalty_sums(self, parameters: Parameters | None = None) -> tuple[float, float, float]:
        """Σ w², Σ |w| and Σ p(w) of a regularizer of a user's own, with the biases where they are
        constrained too."""
        ...

    def finite(self) -> bool:
        """Whether all weights and biases are finite numbers."""
        ...

    def parameters(self) -> Parameters:
        """Weights and biases of the full network (copies): as it is used, nothing deleted, and
        averaged if the steps are."""
        ...

    def state(self) -> Mapping[str, NDArray[Any]]:
        """What `restore` needs to go on, beside the streams (copies)."""
        ...

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a state. Raises ValueError or KeyError if it is of another network."""
        ...


def fitting(found: NDArray[Any], place: NDArray[Any]) -> NDArray[Any]:
    """An array of a state, if it can take the place of ours. Raises ValueError if not."""
    if found.shape != place.shape or found.dtype != place.dtype:
        raise ValueError(f"{found.dtype} {found.shape} where {place.dtype} {place.shape} belongs")
    return found
