"""One run: trained, shown and recorded."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, load_dataset
from nnexp.errors import NnexpError
from nnexp.record.artifacts import write_artifacts
from nnexp.record.run import RunRecord
from nnexp.record.store import Store, experiment_id, open_store
from nnexp.sweep.screen import RunScreen, Stopwatch, ending, header
from nnexp.train.loop import train
from nnexp.train.plan import check_data
from nnexp.train.report import Outcome


class RunFailed(NnexpError):
    """A run could not go on; it is recorded as FAILED."""


@dataclass(frozen=True)
class Result:
    """A recorded run."""

    run_id: str
    config: Config
    outcome: Outcome


def run_single(config: Config, console: Console) -> Result:
    """Train one run, record it in MLflow, and show what came out.

    Raises:
        UserError: the request cannot be carried out; nothing was recorded.
        RunFailed: training diverged; the run is recorded as FAILED with the reason.
    """
    watch = Stopwatch()
    dataset = load_dataset(config.data)
    check_data(config, dataset)
    store = open_store(config.tracking.uri)
    experiment = experiment_id(store, config.tracking.experiment)
    console.print(header(config, dataset), highlight=False, markup=False)
    record = RunRecord.start(store, experiment, config, dataset)
    outcome = _train(record, config, dataset, console)
    if outcome.failure is not None:
        record.fail(outcome.failure)
        raise RunFailed(f"run {record.run_id} failed: {outcome.failure}")
    try:
        _finish(record, config, dataset, outcome, store)
    except KeyboardInterrupt:
        record.fail("interrupted while recording", status="KILLED")
        raise
    ending(config, store, record.run_id, record.last, outcome, console, watch.seconds)
    return Result(record.run_id, config, outcome)


def _train(record: RunRecord, config: Config, dataset: Dataset, console: Console) -> Outcome:
    sizes = {
        "train": config.data.n_train,
        "validation": config.data.n_validation,
        "test": len(dataset.test),
    }
    outcome: Outcome | None = None
    try:
        with RunScreen(config, sizes, console) as screen:
            for report in train([config], dataset):
                record.add(report)
                screen.show(report)
                outcome = report.outcome or outcome
    except KeyboardInterrupt:
        record.fail("interrupted", status="KILLED")
        raise
    except Exception as error:
        record.fail(f"{type(error).__name__}: {error}")
        raise
    assert outcome is not None
    return outcome


def _finish(
    record: RunRecord, config: Config, dataset: Dataset, outcome: Outcome, store: Store
) -> None:
    level = "all" if config.tracking.artifacts == "auto" else config.tracking.artifacts
    if level == "none":
        record.finish(outcome, None)
        return
    store.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{record.run_id}-", dir=store.folder))
    try:
        write_artifacts(folder, level, config, dataset, outcome, record.rows)
        record.finish(outcome, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
