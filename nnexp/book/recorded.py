"""A session as a run of this program: the config it asks for, trained and recorded like any run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nnexp.book.pairs import TEST, TRAINING, first_of, whole
from nnexp.book.session import Session
from nnexp.book.sgd_output import MONITORED, Told, kept
from nnexp.config.check import check
from nnexp.config.schema import (
    Config,
    CostConfig,
    DataConfig,
    InitConfig,
    ModelConfig,
    MonitorConfig,
    RegConfig,
    StopConfig,
    TrainConfig,
)
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters
from nnexp.train.engines import available
from nnexp.train.report import EpochReport, Outcome

if TYPE_CHECKING:
    from nnexp.record.store import Store
    from nnexp.results import Run
    from nnexp.runner.run_progress import Recorded


@dataclass(frozen=True)
class Start:
    """The network that `SGD` is called on."""

    sizes: tuple[int, ...]
    cost: str
    """As `cost=` names it; empty for a class of one's own."""
    init: str
    seed: int
    rng: str
    fresh: bool
    """Weights and biases are those that the initializer drew."""
    changed: str
    """A method of the network that is not ours, or empty."""


def plan_of(start: Start, session: Session) -> Config | str:
    """The config of a session, or why there is none."""
    n, evaluated = first_of(session.training_data, TRAINING), whole(session.evaluation_data or ())
    if not n:
        return "training_data are not the first n pairs of the training set"
    if session.evaluation_data is not None and not evaluated:
        return "evaluation_data are not all of the validation or of the test set"
    if not start.cost:
        return "the cost is a class of your own"
    if start.changed:
        return f"{start.changed} is a method of your own"
    if not start.fresh:
        return "the network was trained, loaded or changed before, or its weights drawn otherwise"
    config = _config(start, session, n, evaluated)
    try:
        check(config)
    except UserError as error:
        # The book's program would try: so does ours, outside the record.
        return str(error)
    return config


def _config(start: Start, session: Session, n: int, evaluated: str) -> Config:
    patience = session.early_stopping_n
    return Config(
        seed=start.seed,
        rng=start.rng,
        size=f"{n // 1000}k" if n % 1000 == 0 else str(n),
        cost=CostConfig(start.cost),
        reg=RegConfig("l2", session.lmbda) if session.lmbda else RegConfig(),
        data=DataConfig(n_train=n),
        model=ModelConfig(list(start.sizes[1:-1])),
        init=InitConfig(start.init),
        train=TrainConfig(
            epochs=session.epochs,
            # Of fewer images than a mini-batch holds, one mini-batch is made.
            batch_size=min(session.mini_batch_size, n),
            eta=session.eta,
            dtype="float64",
            engine=available(),
        ),
        stop=StopConfig("early", patience) if patience else StopConfig(),
        monitor=MonitorConfig(test="epoch" if evaluated == TEST else "end"),
    )


def train(config: Config, session: Session, told: Told) -> tuple[Run, Parameters, int]:
    """Train and record a session, or print it from the record if it is there already.

    Returns:
        The run, the parameters that it ended with, and its epochs.

    Raises:
        UserError: it cannot be carried out here; nothing was recorded.
        NnexpError: it diverged; it is recorded as FAILED, with the reason.
    """
    from nnexp.api import run_on

    screen = BookScreen(told, names_of(session))
    run = run_on(config, screen)
    if screen.outcome is None:
        try:
            parameters = run.parameters
        except UserError:
            # It was recorded without its weights (`tracking.artifacts=none`), which the caller
            # is to have.
            again = replace(config.tracking, reuse=False)
            run = run_on(replace(config, tracking=again), screen)
    if screen.outcome is None:
        for row in run.curves.reset_index().to_dict("records"):
            screen.epoch(int(row["step"]), {str(name): value for name, value in row.items()})
        epochs, said = int(run.curves.index.max()), "recorded before, nothing was trained: run"
    else:
        parameters, epochs, said = screen.outcome.parameters, screen.outcome.epochs, "recorded: run"
    if session.early_stopping_n:
        print(kept(int(run.metrics["best/epoch"]), session.early_stopping_n))
    print(f"{said} {run.run_id}; look at it: python -m nnexp show {run.run_id[:8]}", flush=True)
    return run, parameters, epochs


def names_of(session: Session) -> dict[str, str]:
    """By the names of the book's lists, the metrics of ours that hold these values."""
    evaluated = whole(session.evaluation_data or ())
    ours = (
        "train/cost",
        "train/correct",
        # The book's program divides the penalty by the size of whatever set it evaluates.
        f"{evaluated}/cost_network2",
        f"{evaluated}/correct",
    )
    return dict(zip(MONITORED, ours, strict=True))


class BookScreen:
    """A run shown as the book's program shows it (`nnexp.runner.run_progress.Screen`)."""

    def __init__(self, told: Told, names: Mapping[str, str]) -> None:
        self._told, self._names = told, names
        self.outcome: Outcome | None = None
        """None if nothing was trained."""

    def epoch(self, step: int, row: Mapping[str, float]) -> None:
        """Print an epoch from its metrics, unless it is that of the untrained network."""
        if step:
            monitored = self._told.monitored
            self._told.epoch(step - 1, {name: row[self._names[name]] for name in monitored})

    def begins(self, config: Config, dataset: Dataset) -> None:
        """Nothing: the book's program is silent until the first epoch is done."""

    def found(self, config: Config, store: Store, run_id: str, final: Mapping[str, float]) -> None:
        """Nothing: the lines are printed when all of the record is at hand."""

    def training(
        self, config: Config, dataset: Dataset, rows: Sequence[Mapping[str, float]]
    ) -> AbstractContextManager[object]:
        """The lines of the epochs that an interrupted session had done."""
        for row in rows:
            self.epoch(int(row["step"]), row)
        return nullcontext()

    def show(self, report: EpochReport) -> None:
        """One more epoch is done."""
        if report.metrics:
            self.epoch(report.epoch, report.metrics)
        self.outcome = report.outcome

    def ended(self, run: Recorded) -> None:
        """Nothing: `train` has the last word."""
