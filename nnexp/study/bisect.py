"""Where two trainings of a run part: the first epoch, mini-batch and operation that differ.

The recorded values of each epoch tell the epoch. The rest needs both machines: the one writes a
trace, the other makes the same and holds it against that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.record.environment import environment
from nnexp.record.fingerprint import fingerprint_of
from nnexp.study.environment_differences import place
from nnexp.study.exchange.archive import write_asked
from nnexp.study.exchange.manifest import Model, Name, Sha256, Text, canonical, plain_json
from nnexp.study.operation_trace import epochs_before, operations_of
from nnexp.study.verification import Difference

MOST_BYTES = 500_000_000

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


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


def first_epoch(differences: Sequence[Difference]) -> int:
    """The first epoch in which a recorded value came out otherwise."""
    return min(difference.step for difference in differences)


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
