"""A process that draws the figures of a run, made ready while the training goes on.

Importing matplotlib and drawing for the first time takes longer than the training of a small run;
on a second core it costs the user nothing.
"""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from nnexp.config.compose import scratch
from nnexp.config.extensions import Source
from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.errors import NnexpError
from nnexp.extension_files import load, loaded
from nnexp.memory import collect_seldom
from nnexp.output import quiet_matplotlib
from nnexp.record.artifacts import Probabilities, Row, write_figures
from nnexp.signals import held_interrupts, ignore_interrupts
from nnexp.train.plan import initial_parameters, sizes_of
from nnexp.train.report import Outcome


class NotDrawn(NnexpError):
    """The other process could not draw, or is gone."""


class FigureProcess:
    """Draws the figures of one run. Use as a context manager around the training."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._pipe, theirs = (context := get_context("spawn")).Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve, args=(theirs, config, scratch(), loaded()), daemon=True
        )
        with held_interrupts():
            self._process.start()
        theirs.close()

    def __enter__(self) -> FigureProcess:
        return self

    def __exit__(self, *_: object) -> None:
        # It has nothing to tidy, and taking down all that it has imported would take a while.
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def draw(
        self, folder: Path, outcome: Outcome, rows: Sequence[Row], test: Probabilities | None
    ) -> Callable[[], None]:
        """Begin to draw into a folder, as `write_figures` does; what to call to wait for them.

        That raises OSError where nothing can be written there, and NotDrawn.
        """
        with suppress(BrokenPipeError, ConnectionResetError):  # Noticed when it does not answer.
            self._pipe.send((folder, outcome, list(rows), test))
        return self._wait

    def _wait(self) -> None:
        try:
            answer = self._pipe.recv()
        except (EOFError, ConnectionResetError) as error:
            # Such as for want of memory, which this process should not run out of too.
            raise NotDrawn("the process that draws them died") from error
        if answer is not None:
            raise answer


def _serve(pipe: Connection, config: Config, scratch: str, parts: Sequence[Source]) -> None:
    """Make ready, then draw once; ends when the other end is gone. `scratch` is a folder."""
    ignore_interrupts()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    collect_seldom()
    quiet_matplotlib()
    # What a library puts there (matplotlib, where it may not keep a cache) goes with the folder:
    # this process is killed, and tidies nothing.
    tempfile.tempdir = scratch
    for part in parts:
        load(part, checked=False)
    # What is wrong with drawing will be raised when it is asked for.
    with suppress(Exception):
        _rehearse(config, Path(scratch) / "rehearsal", pipe.poll)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        folder, outcome, rows, test = pipe.recv()
        try:
            write_figures(folder, config, dataset_of(config), outcome, rows, test)
            pipe.send(None)
        except OSError as error:
            pipe.send(error)
        except Exception as error:
            pipe.send(NotDrawn(f"{type(error).__name__}: {error}"))


def _rehearse(config: Config, folder: Path, asked: Callable[[], bool]) -> None:
    """Draw the untrained network, so that fonts and the like are there; not if asked already."""
    import nnexp.record.figures

    assert nnexp.record.figures
    dataset = dataset_of(config)
    if asked():
        return
    outcome = Outcome(initial_parameters(config, sizes_of(config, dataset)), {}, 1)
    rows = [{"step": float(k), "train/cost": 1.0, "train/accuracy": 0.5} for k in range(2)]
    test = np.full((len(dataset.test), dataset.n_outputs), 0.5)
    write_figures(folder, config, dataset, outcome, rows, test)
