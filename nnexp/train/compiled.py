"""The compiled engine: `nnexp.kernel`, the same bits on every processor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import DropoutConfig
from nnexp.errors import NnexpError
from nnexp.kernel import draws, structs
from nnexp.kernel.cache import mark_compiled
from nnexp.kernel.descent import Network, Rates
from nnexp.kernel.epoch import TINY, Dropout, epoch, keeps_subnormals
from nnexp.kernel.evaluate import BLOCK, evaluate, penalty_sums
from nnexp.kernel.sparse import images_of
from nnexp.kernel.structs import Images, Shape
from nnexp.nn.activations import ACTIVATIONS
from nnexp.nn.costs import COSTS, smoothed_targets
from nnexp.nn.dropout import full_network
from nnexp.nn.initializers import fixed
from nnexp.nn.parameters import Parameters
from nnexp.nn.regularizers import OWN, Regularization
from nnexp.train.engine import Bytes, DropoutStreams, Measured, Problem, fitting
from nnexp.train.streams import Order


class CompiledEngine:
    """An `Engine` whose epoch is one call of compiled code."""

    compiled: ClassVar[bool] = True

    def __init__(
        self, problem: Problem, parameters: Parameters, streams: DropoutStreams, dense: bool
    ) -> None:
        self.problem, self.streams = problem, streams
        self.dtype: np.dtype[Any] = np.dtype(problem.dtype)
        self.shape = _shape(problem.sizes, problem.activation, problem.cost, dense=dense)
        weights, biases = structs.pack(
            parameters.weights, parameters.biases, self.shape, self.dtype
        )
        moving, averaged = problem.momentum > 0.0, problem.average > 0.0
        self.network = Network(
            weights,
            biases,
            structs.zeros(len(weights) if moving else 0, self.dtype),
            structs.zeros(len(biases) if moving else 0, self.dtype),
            *(
                structs.pack(parameters.weights, parameters.biases, self.shape, self.dtype)
                if averaged
                else (structs.zeros(0, self.dtype), structs.zeros(0, self.dtype))
            ),
        )
        self.batch = min(problem.batch_size, problem.n)
        self.every = np.arange(self.batch, dtype=np.uint32)
        self._training: structs.Buffers | None = None
        self._evaluating: structs.Buffers | None = None

    @staticmethod
    def lay_out(images: Bytes, labels: Bytes) -> Images:
        """Lists of the inputs that are not zero."""
        return images_of(images, labels)

    @staticmethod
    def permutation(bits: np.random.PCG64, n: int) -> Order:
        """As `nn.draws.permutation`."""
        order, generator = np.empty(n, np.uint32), draws.generator_of(bits)
        draws.shuffle(generator, order)
        draws.hand_back(generator, bits)
        return order

    @staticmethod
    def outputs(
        parameters: Parameters,
        activation: str,
        cost: str,
        layout: Images,
        rows: Order,
        scale: float,
    ) -> NDArray[np.float64]:
        """In the precision of the parameters: what is counted as a hit is one here too."""
        dtype = parameters.weights[0].dtype
        shape = _shape(parameters.sizes, activation, cost, dense=False)
        activations = np.empty((len(rows), parameters.sizes[-1]), dtype)
        weights, biases = structs.pack(parameters.weights, parameters.biases, shape, dtype)
        buffers = _buffers(shape, BLOCK, dtype, layout)
        _evaluate(shape, weights, biases, layout, rows, buffers, scale, activations)
        return activations.astype(np.float64)

    def epoch(self, layout: Images, order: Order, rate: float = 1.0) -> None:
        """One call of `kernel.epoch`."""
        problem = self.problem
        _check_subnormals()
        hidden, inputs = (
            draws.generator_of(bits) for bits in (self.streams.hidden, self.streams.inputs)
        )
        dropped = problem.dropout
        dropout = Dropout(
            *_deleted(dropped.hidden, dropped.scale),
            hidden,
            *_deleted(dropped.input, dropped.scale),
            inputs,
            dropped.mask == "batch",
        )
        if self._training is None:
            self._training = _buffers(
                self.shape,
                self.batch,
                self.dtype,
                layout,
                hidden=dropout.hidden > 0,
                inputs=dropout.inputs > 0,
            )
        room = self._training
        epoch(
            self.shape,
            self.network,
            _rates(problem, problem.eta * rate),
            dropout,
            layout,
            Images(room.kept_starts, room.kept_columns, room.kept_pixels, layout.labels),
            _rows(order),
            self.every,
            np.uint64(self.batch),
            room,
            problem.input_scale,
            self.dtype.type(TINY[self.dtype]),
        )
        draws.hand_back(hidden, self.streams.hidden)
        draws.hand_back(inputs, self.streams.inputs)

    def measure(
        self, layout: Images, rows: Order, parameters: Parameters | None = None
    ) -> Measured:
        """One call of `kernel.evaluate`."""
        if self._evaluating is None:
            self._evaluating = _buffers(self.shape, BLOCK, self.dtype, layout)
        weights, biases = self._arrays(parameters)
        none = np.empty((0, 0), self.dtype)
        total, correct = _evaluate(
            self.shape,
            weights,
            biases,
            layout,
            rows,
            self._evaluating,
            self.problem.input_scale,
            none,
        )
        return Measured(total / len(rows), correct if self.problem.sizes[-1] > 1 else 0)

    def penalty_sums(self, parameters: Parameters | None = None) -> tuple[float, float, float]:
        """One call of `kernel.penalty_sums`."""
        weights, biases = self._arrays(parameters)
        r = self.problem.regularization
        found: tuple[float, float, float] = penalty_sums(
            self.shape, weights, biases, r.biases, _code(r)
        )
        return found

    def finite(self) -> bool:
        """Of the rows' padding too, which is 0 in a network that is well."""
        return bool(
            np.isfinite(self.network.weights).all() and np.isfinite(self.network.biases).all()
        )

    def parameters(self) -> Parameters:
        """In the book's layout."""
        return Parameters(*structs.unpack(*self._arrays(None), self.shape))

    def state(self) -> Mapping[str, NDArray[Any]]:
        """The flat arrays."""
        return {name: array.copy() for name, array in self.network._asdict().items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """The inverse of `state`."""
        for name, array in self.network._asdict().items():
            array[:] = fitting(state[name], array)

    def _arrays(self, parameters: Parameters | None) -> tuple[structs.Floats, structs.Floats]:
        dropout, network = self.problem.dropout, self.network
        kept = network.weights, network.biases
        if self.problem.average:
            kept = network.average, network.bias_average
        if parameters is None and dropout.scale == "train":
            return kept
        if parameters is None:
            trained = Parameters(*structs.unpack(*kept, self.shape))
            parameters = full_network(trained, dropout.hidden, dropout.input)
        return structs.pack(parameters.weights, parameters.biases, self.shape, self.dtype)


def _shape(sizes: tuple[int, ...], activation: str, cost: str, *, dense: bool) -> Shape:
    activations, costs = list(ACTIVATIONS), list(COSTS)
    return structs.shape_of(sizes, activations.index(activation), costs.index(cost), dense=dense)


def _rates(problem: Problem, eta: float) -> Rates:
    reg, moving = problem.regularization, problem.momentum > 0.0
    plain = not moving and reg.l1 == 0.0 and reg.max_norm == np.inf and not reg.own
    off, on = smoothed_targets(problem.sizes[-1], problem.smoothing)
    return Rates(
        eta=eta,
        l2=eta * (reg.l2 if moving else reg.l2 + reg.decay) / problem.n,
        l1=eta * reg.l1 / problem.n,
        max_norm=float(reg.max_norm),
        momentum=problem.momentum,
        biases=reg.biases,
        lazy=plain,
        decay=eta * reg.decay / problem.n if moving else 0.0,
        nesterov=problem.nesterov,
        average=1.0 - problem.average if problem.average else 0.0,
        off=off,
        on=on,
        own=eta * reg.own_lmbda / problem.n,
        own_code=_code(reg),
    )


def _code(regularization: Regularization) -> int:
    """What the kernel knows a regularizer of a user's own by: counted from 1, and 0 for none."""
    return 1 + list(OWN).index(regularization.own) if regularization.own else 0


def _deleted(rate: float, scale: str) -> tuple[Any, float]:
    """The threshold of a rate p, floor(p · 2^32), and what kept units are multiplied by."""
    return np.uint64(int(rate * 2.0**32)), 1.0 / (1.0 - rate) if scale == "train" else 1.0


def _evaluate(
    shape: Shape,
    weights: structs.Floats,
    biases: structs.Floats,
    layout: Images,
    rows: Order,
    buffers: structs.Buffers,
    scale: float,
    activations: structs.Floats,
) -> tuple[float, int]:
    """Σ C_x and the hits on some examples; their outputs into `activations`, if it has rows."""
    hits, costs = np.empty(len(rows), np.bool_), np.empty(len(rows), weights.dtype)
    number = weights.dtype.type(scale)
    total: float = evaluate(
        shape, weights, biases, layout, _rows(rows), buffers, number, hits, costs, activations
    )
    return total, int(np.count_nonzero(hits))


def _check_subnormals() -> None:
    """Refuse a thread in which numbers below the smallest normal one are taken for 0.

    Loading a library that was built with `-ffast-math` can do that to a whole process.
    """
    for dtype in (np.float32, np.float64):
        if not keeps_subnormals(np.finfo(dtype).tiny, dtype(0.5)):
            raise NnexpError(
                "this process takes subnormal numbers for 0, as a library built with -ffast-math "
                "can make it do: no run here would have the bits of others; nothing was trained"
            )


def _rows(order: Order) -> Order:
    return np.ascontiguousarray(order, dtype=np.uint32)


def _buffers(
    shape: Shape,
    examples: int,
    dtype: np.dtype[Any],
    layout: Images,
    *,
    hidden: bool = False,
    inputs: bool = False,
) -> structs.Buffers:
    columns = layout.columns.dtype
    return structs.buffers_for(shape, examples, dtype, columns, hidden=hidden, inputs=inputs)


def compile_kernel(dtype: str) -> None:
    """Compile all that a run of this precision calls, and keep it for later processes."""
    layout = CompiledEngine.lay_out(np.eye(2, 3, dtype=np.uint8), np.arange(2, dtype=np.uint8))
    problem = Problem(
        sizes=(3, 2, 2),
        activation=next(iter(ACTIVATIONS)),
        cost=next(iter(COSTS)),
        dtype=dtype,
        batch_size=1,
        n=2,
        input_scale=1.0,
        eta=0.1,
        momentum=0.0,
        nesterov=False,
        average=0.0,
        smoothing=0.0,
        regularization=Regularization(),
        dropout=DropoutConfig(),
    )
    start = fixed(problem.sizes, 0.0, 0.0)
    streams = DropoutStreams(np.random.PCG64(0), np.random.PCG64(0))
    engine = CompiledEngine(problem, start, streams, dense=False)
    rows = CompiledEngine.permutation(np.random.PCG64(0), 2)
    engine.epoch(layout, rows)
    engine.measure(layout, rows)
    engine.penalty_sums()
    engine.outputs(
        start.astype(np.dtype(dtype)), problem.activation, problem.cost, layout, rows, 1.0
    )
    mark_compiled(dtype)
