"""A process that draws figures and builds the model, made ready while the training goes on.

Importing matplotlib and MLflow's model code takes longer than using them; on a second core it
costs the user nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path
from types import TracebackType

from nnexp.config.schema import Config, DataConfig
from nnexp.signals import held_interrupts, ignore_interrupts
from nnexp.train.report import Outcome


class Studio:
    """Writes the artifacts of one run. Use as a context manager around the training."""

    def __init__(self, config: Config, level: str) -> None:
        """`level` is what `tracking.artifacts` comes to: `all`, `light` or `none`."""
        self._config, self._level = config, level
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Studio:
        if self._level == "all":
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin)
            with held_interrupts():
                self._pool.submit(_warm_up, self._config.data)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def write(self, folder: Path, outcome: Outcome, rows: Sequence[dict[str, float]]) -> None:
        """Write the artifacts into a folder."""
        if self._level == "none":
            return
        if self._pool is not None:
            try:
                self._pool.submit(_write, folder, self._level, self._config, outcome, rows).result()
                return
            except BrokenProcessPool:
                pass  # Killed, such as for want of memory; the training is done, and not lost.
        _write(folder, self._level, self._config, outcome, rows)


def _begin() -> None:
    ignore_interrupts()
    # A process of this kind waits for work for ever, even if nobody is left to give it any.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _warm_up(data: DataConfig) -> None:
    import mlflow.pyfunc

    import nnexp.record.figures
    from nnexp.data.dataset import load_dataset
    from nnexp.record.environment import environment

    assert mlflow.pyfunc
    assert nnexp.record.figures
    load_dataset(data)
    environment()


def _write(
    folder: Path,
    level: str,
    config: Config,
    outcome: Outcome,
    rows: Sequence[dict[str, float]],
) -> None:
    from nnexp.data.dataset import load_dataset
    from nnexp.record.artifacts import write_artifacts
    from nnexp.record.store import prepare_mlflow

    prepare_mlflow()
    write_artifacts(folder, level, config, load_dataset(config.data), outcome, rows)
