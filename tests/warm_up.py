"""What commands and workers import, and use for the first time, done once for all of them.

Importing this module does it: in the process that they are forked off (`tests.warm`).
"""

import tempfile
import threading
from importlib import import_module
from pathlib import Path

from nnexp.data.dataset import dataset_of
from nnexp.record.artifacts import write_artifacts
from nnexp.record.mlflow_settings import prepare_mlflow
from nnexp.record.store import import_client
from nnexp.train.compiled import compile_kernel
from nnexp.train.report import Outcome
from tests import fresh
from tests.small import configured, untrained

MODULES = (
    *("hydra_app", "results", "report.page", "study.verify", "study.compare"),
    *("runner.run", "runner.sweep", "runner.worker", "runner.figure_process"),
)


def _use() -> None:
    """Train nothing, and write its artifacts; have an empty store."""
    import_client()
    prepare_mlflow()
    for name in MODULES:
        import_module(f"nnexp.{name}")
    for dtype in ("float32", "float64"):
        compile_kernel(dtype)
    config = configured()
    dataset = dataset_of(config)
    outcome = Outcome(untrained(config, dataset), {}, 1)
    rows = [{"step": float(k), "train/cost": 1.0, "train/accuracy": 0.5} for k in range(2)]
    with tempfile.TemporaryDirectory() as folder:
        write_artifacts(Path(folder), "all", config, dataset, outcome, rows)
    fresh.template()


_use()
assert threading.active_count() == 1, "a process with threads cannot be forked safely"
