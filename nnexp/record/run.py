"""One MLflow run: opened, fed with the reports of the trainer, and closed with its outcome.

Values are sent in batches, never one by one, with the time they were measured at; what is known
is kept locally until it is delivered.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnexp.config.command import command_of, run_name
from nnexp.config.compose import flatten
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.record.environment import SCHEMA_VERSION
from nnexp.record.fingerprint import fingerprint, source_sha256
from nnexp.record.store import Store
from nnexp.record.weights import weights_sha256
from nnexp.train.report import EpochReport, Outcome

if TYPE_CHECKING:
    from mlflow.entities import Metric, Param, RunTag

BATCH = 1000
"""Metrics per request; MLflow takes no more."""

FLUSH_SECONDS = 2.0
"""How often values are sent while a run is going on, for those who watch it in the UI."""


def params_of(config: Config) -> dict[str, str]:
    """What is recorded as parameters: every key, λ and λ/n also as numbers to sort by."""
    params = flatten(config)
    if config.reg.name in ("l2", "l1", "elastic"):
        params["reg.lmbda_over_n"] = repr(config.reg.lmbda / config.data.n_train)
    return params


def tags_of(config: Config, dataset: Dataset) -> dict[str, str]:
    """The tags that a run has from its beginning."""
    return {
        "nnexp.kind": "run",
        "nnexp.schema": str(SCHEMA_VERSION),
        "nnexp.fingerprint": fingerprint(config, dataset),
        "nnexp.source": source_sha256(),
        "nnexp.data": dataset.digest,
        "nnexp.command": command_of(config),
    }


@dataclass(frozen=True)
class Sent:
    """A metric value with its step and time (milliseconds)."""

    name: str
    value: float
    step: int
    timestamp: int


class RunRecord:
    """A run being recorded. Not safe to share between threads or processes."""

    def __init__(self, store: Store, run_id: str, config: Config) -> None:
        self.store, self.run_id, self.config = store, run_id, config
        self.rows: list[dict[str, float]] = []
        self._waiting: list[Sent] = []
        self._flushed = time.monotonic()

    @classmethod
    def start(
        cls,
        store: Store,
        experiment: str,
        config: Config,
        dataset: Dataset,
        tags: Mapping[str, str] | None = None,
        started: int | None = None,
    ) -> RunRecord:
        """Open a run with its parameters, tags and data set; `started` in milliseconds."""
        all_tags = {**tags_of(config, dataset), **(tags or {})}
        run = store.client.create_run(
            experiment,
            start_time=started or now(),
            tags={"mlflow.source.name": "nnexp", "mlflow.user": _user(), **all_tags},
            run_name=run_name(config),
        )
        record = cls(store, str(run.info.run_id), config)
        record._log(params=params_of(config))
        store.client.log_inputs(record.run_id, _dataset_inputs(config, dataset))
        return record

    @property
    def last(self) -> dict[str, float]:
        """The values of the last evaluated epoch."""
        return self.rows[-1] if self.rows else {}

    def add(self, report: EpochReport) -> None:
        """Take note of a report; its values are sent with the next batch."""
        if not report.metrics:
            return
        self.add_row({"step": report.epoch, **report.metrics}, now())
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def add_row(self, row: dict[str, float], stamp: int) -> None:
        """Take note of the values of an epoch, measured at a time in milliseconds."""
        self.rows.append(row)
        step = int(row["step"])
        self._waiting += [Sent(k, v, step, stamp) for k, v in row.items() if k != "step"]

    def flush(self) -> None:
        """Send the values that wait."""
        while self._waiting:
            batch = self._waiting[:BATCH]
            self._log(metrics=batch)
            del self._waiting[: len(batch)]
        self._flushed = time.monotonic()

    def finish(self, outcome: Outcome, folder: Path | None) -> None:
        """Send the outcome and the artifacts in `folder`, and close the run."""
        stamp = now()
        values = [Sent(k, v, outcome.epochs, stamp) for k, v in outcome.metrics.items()]
        self._waiting += values
        self.flush()
        tags = {"nnexp.weights_sha256": weights_sha256(outcome.parameters)}
        tags["nnexp.epochs"] = str(outcome.epochs)
        note = _result_note(self.config, outcome)
        if note:
            tags["mlflow.note.content"] = note
        self._log(tags=tags)
        if folder is not None:
            self.store.client.log_artifacts(self.run_id, str(folder))
        self.store.client.set_terminated(self.run_id, "FINISHED", end_time=now())

    def fail(self, reason: str, status: str = "FAILED") -> None:
        """Close the run as FAILED or KILLED, with the reason as a tag."""
        self.flush()
        self._log(tags={"nnexp.reason": reason[:5000]})
        self.store.client.set_terminated(self.run_id, status, end_time=now())

    def _log(
        self,
        metrics: Sequence[Sent] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        from mlflow.entities import Metric, Param, RunTag

        values: list[Metric] = [Metric(m.name, m.value, m.timestamp, m.step) for m in metrics]
        pairs: list[Param] = [Param(k, v) for k, v in (params or {}).items()]
        labels: list[RunTag] = [RunTag(k, v) for k, v in (tags or {}).items()]
        self.store.client.log_batch(self.run_id, metrics=values, params=pairs, tags=labels)


def now() -> int:
    """Milliseconds since the epoch, as MLflow counts time."""
    return int(time.time() * 1000)


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _dataset_inputs(config: Config, dataset: Dataset) -> list[Any]:
    from mlflow.entities import Dataset as RecordedDataset
    from mlflow.entities import DatasetInput, InputTag

    digest = dataset.digest[:8]
    profile = f'{{"n_train": {config.data.n_train}, "subset": "{config.data.subset}"}}'
    recorded = RecordedDataset(
        name=dataset.name,
        digest=digest,
        source_type="nnexp",
        source=f'{{"sha256": "{dataset.digest}"}}',
        profile=profile,
    )
    return [DatasetInput(dataset=recorded, tags=[InputTag("mlflow.data.context", "training")])]


def _result_note(config: Config, outcome: Outcome) -> str:
    """The result in a line, shown as the run's description in the MLflow UI."""
    names = ("test/accuracy", "best/test_accuracy", "best/validation_accuracy", "gap/final")
    said = [f"{n} {outcome.metrics[n]:.2%}" for n in names if n in outcome.metrics]
    return f"{run_name(config)}: " + ", ".join(said) if said else ""
