"""An epoch of a run, mini-batch by mini-batch, with a digest of what each operation gave.

The operations are those of `nnexp.nn`, in their order: the first whose digest differs between two
machines, while all before it agree, is the one that rounds otherwise. Of the compiled engine, which
does a mini-batch as a whole, only the weights after each are seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.nn.costs import smoothed
from nnexp.nn.network import backward, forward
from nnexp.nn.parameters import Parameters
from nnexp.train.engine import DropoutStreams, Engine
from nnexp.train.engines import engine_of
from nnexp.train.examples import TrainingExamples, laid_out
from nnexp.train.loop import train
from nnexp.train.plain import Layout, NumpyEngine
from nnexp.train.plan import initial_parameters, problem_of, randomness_of
from nnexp.train.schedule import SCHEDULES
from nnexp.train.snapshot import Snapshot
from nnexp.train.streams import Order, set_state, stream

DIGITS = 16
"""Hexadecimal digits of a digest: enough to see that two arrays are the same."""

Operations = dict[str, str]
"""Digests by operation, in the order in which they are carried out."""


def epochs_before(config: Config, dataset: Dataset, epoch: int) -> tuple[list[str], Snapshot]:
    """Digests of the state after epoch 0, 1, … `epoch` − 1, and the last of these states.

    Raises:
        UserError: the run ends before.
    """
    digests: list[str] = []
    for report in train(config, dataset):
        if report.snapshot is None:
            raise UserError(f"--epoch {epoch}: allowed: 1 to {report.epoch}, where the run ends")
        snapshot = report.snapshot()
        digests.append(digest(*_state(snapshot.arrays)))
        if report.epoch == epoch - 1:
            break
    return digests, snapshot


def operations_of(config: Config, dataset: Dataset, before: Snapshot) -> Iterator[Operations]:
    """Those of each mini-batch of the epoch that follows a state."""
    kind = TracedEngine if config.train.engine == "numpy" else engine_of(config)
    problem = problem_of(config, dataset)
    streams = DropoutStreams(stream(config.seed, "dropout"), stream(config.seed, "dropout_input"))
    for bits, state in zip((streams.hidden, streams.inputs), before.values["dropout"], strict=True):
        set_state(bits, state)
    first = initial_parameters(config, problem.sizes)
    engine: Engine = kind(problem, first, streams, laid_out(kind, dataset).dense)
    engine.restore(before.arrays)
    randomness = randomness_of(config, problem.sizes, kind.permutation)
    examples = TrainingExamples(kind, config, dataset, randomness)
    examples.restore(before.values["examples"])
    layout, order = examples.next_epoch()
    rate = _rate(config, before)
    for start in range(0, len(order), problem.batch_size):
        rows = order[start : start + problem.batch_size]
        if isinstance(engine, TracedEngine):
            yield engine.step(layout, rows, rate)
        else:
            engine.epoch(layout, rows, rate)
            yield {"weights and velocities": digest(*_state(engine.state()))}


def _rate(config: Config, before: Snapshot) -> float:
    """What η is multiplied by in the epoch that follows a state."""
    schedule = config.schedule
    if schedule.name == "halve":
        return float(before.values["halving"][0])
    return SCHEDULES[schedule.name](schedule, before.values["epoch"], config.train.epochs)


class TracedEngine(NumpyEngine):
    """The NumPy engine, an operation at a time."""

    def step(self, layout: Layout, rows: Order, rate: float) -> Operations:
        """Train on one mini-batch, and say what each operation gave."""
        said = self._passes(layout, rows)
        self.epoch(layout, rows, rate)
        operations = {name: digest(array) for name, array in said.items()}
        operations["update of the velocities"] = digest(*_arrays(self.velocity))
        operations["update of weights and biases"] = digest(*_arrays(self.current))
        operations["average of the weights"] = digest(*_arrays(self.average))
        return operations

    def _passes(self, layout: Layout, rows: Order) -> dict[str, NDArray[Any]]:
        """Forward and backward as `epoch` is going to do them; what is drawn is put back."""
        drawn = (self.streams.hidden, self.streams.inputs)
        states = [bits.state for bits in drawn]
        said: dict[str, NDArray[Any]] = {}
        with np.errstate(all="ignore"):  # As `epoch`: a run that diverges is found afterwards.
            x = self._inputs(layout.images[rows])
            y = smoothed(self._targets(layout.labels[rows]), self.problem.smoothing)
            masks = self._hidden_masks(len(rows))
            network = self.current
            found = forward(network, x, self.activation, self.cost, masks)
            gradient = backward(network, found, y, self.activation, self.cost)
            for layer, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
                inputs = found.inputs[layer]
                said[f"activations of layer {layer + 1}" if layer else "inputs x"] = inputs
                said[f"weighted inputs z = w a + b of layer {layer + 2}"] = w @ inputs + b[:, None]
            said["output activations"] = found.output
            delta = self.cost.error(found.output, y)
            for layer in reversed(range(len(network.weights))):
                said[f"errors of layer {layer + 2}"] = delta
                said[f"gradient of the biases of layer {layer + 2}"] = gradient.biases[layer]
                said[f"gradient of the weights of layer {layer + 2}"] = gradient.weights[layer]
                if layer:
                    delta = network.weights[layer].T @ delta
                    delta = delta if masks is None else delta * masks[layer - 1]
                    z, a = found.weighted[layer - 1], found.activations[layer - 1]
                    delta = delta * self.activation.derivative(z, a)
        for bits, state in zip(drawn, states, strict=True):
            bits.state = state
        return said


def digest(*arrays: NDArray[Any]) -> str:
    """Of the bytes of arrays, in C order."""
    whole = hashlib.sha256()
    for array in arrays:
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()[:DIGITS]


def _state(arrays: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """What an engine goes on from, without the best weights so far."""
    return [arrays[name] for name in sorted(arrays) if not name.startswith("best_")]


def _arrays(parameters: Parameters) -> Iterator[NDArray[Any]]:
    return chain(parameters.weights, parameters.biases)
