"""A run whose config changes between two epochs: what it consists of, trained, and on file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nnexp.config.compose import flatten, from_params
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.record.fingerprint import fingerprint
from nnexp.train.loop import train
from nnexp.train.report import EpochReport

FILE = "stages.json"


@dataclass(frozen=True)
class Stage:
    """A config, and the completed epochs at which the next one takes over (None: the last)."""

    config: Config
    until: int | None = None


def train_stages(stages: Sequence[Stage], dataset: Dataset) -> Iterator[EpochReport]:
    """Train one stage after another, each from where the one before it was left.

    Weights, velocities, the order of examples and every random stream go on. Of one stage this is
    `train`.

    Raises:
        UserError: a stage ends before the next one could take over.
    """
    snapshot = None
    for stage in stages[:-1]:
        assert stage.until is not None
        # The last report of a run takes no snapshot, so that this one must not be the last. What is
        # not longer stays as it is: a schedule may go by the number of epochs.
        epochs = max(stage.config.train.epochs, stage.until + 1)
        longer = replace(stage.config.train, epochs=epochs)
        for report in train(replace(stage.config, train=longer), dataset, snapshot):
            if report.outcome is not None:
                raise UserError(
                    f"--at {stage.until}: the run ends after epoch {report.epoch}; allowed: less"
                )
            yield report
            if report.epoch == stage.until and report.snapshot is not None:
                snapshot = report.snapshot()
                break
    yield from train(stages[-1].config, dataset, snapshot)


def stages_sha256(stages: Sequence[Stage], dataset: Dataset) -> str:
    """The fingerprint of such a run: same fingerprint, same bits."""
    parts = [[fingerprint(stage.config, dataset), stage.until] for stage in stages]
    return hashlib.sha256(json.dumps({"stages": parts}).encode()).hexdigest()


def write_stages(path: Path, stages: Sequence[Stage]) -> None:
    """Write the stages of a run as JSON."""
    content = [{"until": s.until, "config": flatten(s.config)} for s in stages]
    text = json.dumps({"stages": content}, indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def read_stages(path: Path) -> list[Stage]:
    """The inverse of `write_stages`.

    Raises:
        UserError: the file is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))["stages"]
        pairs = [(stage["until"], dict(stage["config"])) for stage in content]
        if not pairs or any(type(until) is not int for until, _ in pairs[:-1]):
            raise ValueError("no epochs")
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{FILE}: is damaged ({type(error).__name__}: {error})") from error
    return [Stage(from_params(params), until) for until, params in pairs]
