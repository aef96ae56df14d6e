"""Where two trainings of a run part: the first epoch, mini-batch and operation that differ.

The recorded values of each epoch tell the epoch. The rest needs both machines: the one writes a
trace, the other makes the same and holds it against that one: of an epoch, mini-batch by
mini-batch, a digest of what each operation gave.

The operations are those of `nnexp.nn`, in their order: the first whose digest differs between two
machines, while all before it agree, is the one that rounds otherwise. Of the compiled engine, which
does a mini-batch as a whole, only the weights after each are seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StringConstraints, ValidationError

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.nn.costs import smoothed
from nnexp.nn.network import backward, forward
from nnexp.nn.parameters import Parameters
from nnexp.record.environment import environment
from nnexp.record.fingerprint import fingerprint_of
from nnexp.study.environment_differences import place
from nnexp.study.exchange.archive import write_asked
from nnexp.study.exchange.manifest import Model, Name, Sha256, Text, canonical, plain_json
from nnexp.train.engine import DropoutStreams, Engine
from nnexp.train.engines import engine_of
from nnexp.train.examples import TrainingExamples, laid_out
from nnexp.train.loop import train
from nnexp.train.plain import Layout, NumpyEngine
from nnexp.train.plan import initial_parameters, problem_of, randomness_of
from nnexp.train.schedule import SCHEDULES
from nnexp.train.snapshot import Snapshot
from nnexp.train.streams import Order, set_state, stream

MOST_BYTES = 500_000_000

DIGITS = 16
"""Hexadecimal digits of a digest: enough to see that two arrays are the same."""

Digest = Annotated[str, StringConstraints(pattern=rf"^[0-9a-f]{{{DIGITS}}}$")]

Operations = dict[str, str]
"""Digests by operation, in the order in which they are carried out."""


class Trace(Model):
    """What one machine got: docs/schemas/trace.json."""

    format: Literal["nnexp trace"]
    run: Sha256
    """Of the numeric config and the data."""
    where: Text
    epochs: tuple[Digest, ...]
    """Of weights, biases and velocities after epoch 0, 1, … `epoch` − 1."""
    epoch: Annotated[int, Field(ge=1)]
    """The epoch that was looked into."""
    operations: tuple[Name, ...]
    """Of a mini-batch, in their order."""
    batches: tuple[tuple[Digest, ...], ...]
    """Of each mini-batch of that epoch, what each operation gave."""


@dataclass(frozen=True)
class Parting:
    """The first place where two traces differ."""

    epoch: int
    batch: int | None = None
    """Counted from 1; None where the epoch was not looked into."""
    batches: int = 0
    operation: str = ""

    def __str__(self) -> str:
        if self.batch is None:
            return f"in epoch {self.epoch}" if self.epoch else "in the initial weights"
        return f"in epoch {self.epoch}, mini-batch {self.batch} of {self.batches}: {self.operation}"


def check_epoch(config: Config, epoch: int) -> None:
    """Refuse an epoch that a run does not have.

    Raises:
        UserError: it has none such.
    """
    if not 1 <= epoch <= config.train.epochs:
        raise UserError(f"--epoch {epoch}: allowed: 1 to {config.train.epochs}")


def trace(config: Config, dataset: Dataset, epoch: int) -> Trace:
    """Train a run up to an epoch, and that one operation by operation.

    Raises:
        UserError: the run has no such epoch.
    """
    check_epoch(config, epoch)
    epochs, before = epochs_before(config, dataset, epoch)
    batches = list(operations_of(config, dataset, before))
    return Trace(
        format="nnexp trace",
        run=_mark(config, dataset),
        where=place(environment()),
        epochs=tuple(epochs),
        epoch=epoch,
        operations=tuple(batches[0]),
        batches=tuple(tuple(batch.values()) for batch in batches),
    )


def parting(theirs: Trace, ours: Trace) -> Parting | None:
    """Where two traces of the same epoch of a run part; None if they are the same."""
    for epoch, (a, b) in enumerate(zip(theirs.epochs, ours.epochs, strict=True)):
        if a != b:
            return Parting(epoch)
    for number, (before, now) in enumerate(zip(theirs.batches, ours.batches, strict=True), 1):
        for operation, a, b in zip(ours.operations, before, now, strict=True):
            if a != b:
                return Parting(ours.epoch, number, len(ours.batches), operation)
    return None


def write_trace(path: Path, trace: Trace) -> None:
    """Write a trace as JSON.

    Raises:
        UserError: it cannot be written.
    """
    write_asked(path, canonical(trace.model_dump(mode="json")), "--trace")


def read_trace(path: Path, config: Config, dataset: Dataset) -> Trace:
    """A trace of a run.

    Raises:
        UserError: it is none, or of another run.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"--against {path}: larger than {MOST_BYTES:,} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"--against {path}: {error.strerror}; allowed: a file of --trace"
        ) from error
    plain_json(content, f"--against {path}")
    try:
        found = Trace.model_validate_json(content)
    except ValidationError as error:
        raise UserError(f"--against {path}: allowed: a file that --trace has written") from error
    lengths = {len(found.operations), *map(len, found.batches)}
    if len(found.epochs) != found.epoch or len(lengths) != 1 or not found.batches:
        raise UserError(f"--against {path}: is damaged; allowed: a file that --trace has written")
    if found.run != _mark(config, dataset):
        raise UserError(f"--against {path}: is of a run with another config, or on other data")
    return found


def _mark(config: Config, dataset: Dataset) -> str:
    """Equal for the same run, whatever the machine and the source."""
    return fingerprint_of(config, dataset.digest, "", {})


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
