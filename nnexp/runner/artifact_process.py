"""A process that draws figures and builds the model, made ready while the training goes on.

Importing matplotlib and MLflow's model code and using them for the first time takes longer than
the work itself; on a second core it costs the user nothing.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from nnexp.config.compose import scratch
from nnexp.config.extensions import Source
from nnexp.config.schema import Config
from nnexp.extension_files import load, loaded
from nnexp.signals import held_interrupts, ignore_interrupts
from nnexp.train.report import Outcome

Rows = Sequence[dict[str, float]]


class ArtifactProcess:
    """Writes the artifacts of one run. Use as a context manager around the training."""

    def __init__(self, config: Config, level: str) -> None:
        """`level` is what `tracking.artifacts` comes to: `all`, `light` or `none`."""
        self._config, self._level = config, level
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> ArtifactProcess:
        if self._level == "all":
            context = get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(
                target=_serve,
                args=(theirs, self._config, self._level, scratch(), loaded()),
                daemon=True,
            )
            with held_interrupts():
                self._process.start()
            theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._pipe is not None:
            # It has nothing to tidy, and taking down all that it has imported would take a while.
            self._process.kill()
            self._process.join()
            self._pipe.close()

    def write(self, folder: Path, outcome: Outcome, rows: Rows) -> str:
        """Write the artifacts into a folder; what could not be made of them, and why."""
        if self._level == "none":
            return ""
        if self._pipe is None:
            return _write(folder, self._level, self._config, outcome, rows)
        try:
            self._pipe.send((folder, outcome, list(rows)))
            answer = self._pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            # Killed, such as for want of memory, which this process should not run out of too.
            shutil.rmtree(folder, ignore_errors=True)
            _write(folder, "light", self._config, outcome, rows)
            from nnexp.record.artifacts import note_missing

            return note_missing(folder, "no figures, no model (the process that makes them died)")
        if isinstance(answer, BaseException):
            raise answer
        return str(answer)


def _serve(
    pipe: Connection, config: Config, level: str, scratch: str, parts: Sequence[Source]
) -> None:
    """Make ready, then write once; ends when the other end is gone. `scratch` is a folder."""
    ignore_interrupts()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for part in parts:
        load(part, checked=False)
    # What is wrong with writing will be raised when it is asked for.
    with suppress(Exception):
        _import()
        if not pipe.poll():
            _rehearse(config, level, Path(scratch))
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        folder, outcome, rows = pipe.recv()
        try:
            pipe.send(_write(folder, level, config, outcome, rows))
        except OSError as error:
            pipe.send(error)
        except Exception as error:
            pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))


def _import() -> None:
    from nnexp.record.store import prepare_mlflow

    prepare_mlflow()
    import mlflow.pyfunc

    import nnexp.record.artifacts
    import nnexp.record.figures

    assert mlflow.pyfunc
    assert nnexp.record.artifacts
    assert nnexp.record.figures


def _rehearse(config: Config, level: str, folder: Path) -> None:
    """Write the artifacts of the untrained network, so that fonts and the like are there."""
    from nnexp.data.dataset import dataset_of
    from nnexp.train.plan import initial_parameters, sizes_of

    parameters = initial_parameters(config, sizes_of(config, dataset_of(config)))
    rows = [{"step": float(k), "train/cost": 1.0, "train/accuracy": 0.5} for k in range(2)]
    _write(folder / "rehearsal", level, config, Outcome(parameters, {}, 1), rows)


def _write(folder: Path, level: str, config: Config, outcome: Outcome, rows: Rows) -> str:
    from nnexp.data.dataset import dataset_of
    from nnexp.record.artifacts import write_artifacts
    from nnexp.record.store import prepare_mlflow

    prepare_mlflow()
    return write_artifacts(folder, level, config, dataset_of(config), outcome, rows)
