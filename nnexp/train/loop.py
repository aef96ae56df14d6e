"""Training: a generator of one report per completed epoch.

Progress bar, record, checkpoint and early stopping all consume this one stream of reports; data
flows from config to reports and never back.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.nn.parameters import Parameters
from nnexp.train.engine import DropoutStreams, Engine
from nnexp.train.engines import engine_of
from nnexp.train.examples import EvaluatedSet, TrainingExamples, evaluated_sets, laid_out
from nnexp.train.monitor import (
    Metrics,
    Penalty,
    gaps,
    named,
    neuron,
    own_metrics,
    without_classes,
)
from nnexp.train.plan import initial_parameters, problem_of, randomness_of
from nnexp.train.report import EpochReport, Outcome
from nnexp.train.schedule import SCHEDULES, Halving
from nnexp.train.snapshot import Snapshot, named_parameters, parameters_of
from nnexp.train.streams import set_state, stream


def train(
    config: Config, dataset: Dataset, resume: Snapshot | None = None
) -> Iterator[EpochReport]:
    """Train a run; yield a report after each completed epoch.

    The first report is that of the untrained network (epoch 0), the last carries the `Outcome`.
    With `resume`, the snapshot of an earlier report, training goes on after that epoch.

    Raises:
        ValueError, KeyError: the snapshot is not of such a run.
    """
    training = _Training(config, dataset)
    if resume is not None:
        training.resume(resume)
    yield from training.reports()


@dataclass
class _History:
    """What has been seen of a run: its last and best metrics, and its best weights."""

    last: Metrics = field(default_factory=dict)
    best: Metrics = field(default_factory=dict)
    best_epoch: int = 0
    best_validation: float = -math.inf
    best_parameters: Parameters | None = None

    def see(self, epoch: int, metrics: Metrics) -> bool:
        """Take note of an evaluation; whether its validation accuracy is the best so far."""
        self.last = metrics
        for name in ("train/accuracy", "test/accuracy"):
            if name in metrics:
                self.best[name] = max(metrics[name], self.best.get(name, 0.0))
        validation = metrics.get("validation/accuracy", -math.inf)
        better = validation > self.best_validation
        if better:
            self.best_validation, self.best_epoch = validation, epoch
        return better


class _Training:
    """A run between two epochs."""

    def __init__(self, config: Config, dataset: Dataset) -> None:
        engine = engine_of(config)
        self.config, self.problem = config, problem_of(config, dataset)
        sizes = self.problem.sizes
        randomness = randomness_of(config, sizes, engine.permutation)
        self.examples = TrainingExamples(engine, config, dataset, randomness)
        self.sets = evaluated_sets(engine, config, dataset, self.examples.images)
        self.streams = DropoutStreams(
            stream(config.seed, "dropout"), stream(config.seed, "dropout_input")
        )
        first = initial_parameters(config, sizes)
        dense = laid_out(engine, dataset).dense
        self.engine: Engine = engine(self.problem, first, self.streams, dense)
        self.history = _History()
        self.halving = Halving(config.schedule) if config.schedule.name == "halve" else None
        self.epoch = 0
        self.train_seconds = self.evaluate_seconds = 0.0

    @property
    def follows_validation(self) -> bool:
        """Whether each epoch is evaluated, as something is decided by it."""
        return self.config.stop.name == "early" or self.halving is not None

    def reports(self) -> Iterator[EpochReport]:
        """All that are left."""
        report = None
        if self.epoch == 0:
            report = self._after_epoch()
            yield report
        while report is None or report.outcome is None:
            started = time.perf_counter()
            self.engine.epoch(*self.examples.next_epoch(), self.rate())
            self.train_seconds += time.perf_counter() - started
            self.epoch += 1
            report = self._after_epoch()
            yield report

    def rate(self) -> float:
        """What η is multiplied by in the next epoch."""
        if self.halving is not None:
            return self.halving.factor
        schedule = self.config.schedule
        return SCHEDULES[schedule.name](schedule, self.epoch, self.config.train.epochs)

    def resume(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        values, history = snapshot.values, self.history
        self.engine.restore(snapshot.arrays)
        self.examples.restore(values["examples"])
        for bits, state in zip(
            (self.streams.hidden, self.streams.inputs), values["dropout"], strict=True
        ):
            set_state(bits, state)
        self.epoch = values["epoch"]
        self.train_seconds, self.evaluate_seconds = values["seconds"]
        history.last, history.best = dict(values["last"]), dict(values["best"])
        history.best_epoch = values["best_epoch"]
        if values["best_validation"] is not None:
            history.best_validation = values["best_validation"]
        history.best_parameters = parameters_of(snapshot.arrays)
        if self.halving is not None:
            # A fork may begin to halve where its parent did not.
            self.halving.factor, self.halving.since = values.get("halving", (1.0, self.epoch))

    def _snapshot(self) -> Snapshot:
        history, best = self.history, self.history.best_validation
        arrays = dict(self.engine.state())
        if history.best_parameters is not None:
            arrays |= named_parameters(history.best_parameters)
        values = {
            "examples": self.examples.state(),
            "dropout": [self.streams.hidden.state, self.streams.inputs.state],
            "epoch": self.epoch,
            "seconds": [self.train_seconds, self.evaluate_seconds],
            "last": history.last,
            "best": history.best,
            "best_epoch": history.best_epoch,
            "best_validation": best if math.isfinite(best) else None,
        }
        if self.halving is not None:
            values["halving"] = [self.halving.factor, self.halving.since]
        return Snapshot(arrays, values)

    def _after_epoch(self) -> EpochReport:
        config, started = self.config, time.perf_counter()
        ends, due = self.epoch >= config.train.epochs, self.epoch % config.monitor.every == 0
        healthy = self.engine.finite()
        metrics: Metrics = {}
        if healthy and (ends or due or self.follows_validation):
            metrics = self._metrics()
            healthy = math.isfinite(metrics["train/cost"])
        self.evaluate_seconds += time.perf_counter() - started
        failure = None
        if not healthy:
            failure = f"diverged: weights or cost not finite after epoch {self.epoch}"
        stopped = self._note(metrics) if metrics and healthy else False
        outcome = None
        if ends or stopped or failure:
            outcome = self._outcome(stopped=stopped and not ends, failure=failure)
        shown = metrics if due or ends or stopped else {}
        return EpochReport(self.epoch, shown, outcome, None if outcome else self._snapshot)

    def _metrics(self) -> Metrics:
        """Of every set that this epoch is measured on."""
        sets = {"train": self.sets.train, "validation": self.sets.validation}
        if self.config.monitor.test == "epoch":
            sets["test"] = self.sets.test
        regularization = self.problem.regularization
        penalty = Penalty(*self.engine.penalty_sums(), regularization)
        metrics: Metrics = {}
        for name, examples in sets.items():
            if examples is not None:
                measured = self.engine.measure(examples.layout, examples.rows)
                metrics |= named(name, measured, penalty, self.problem.n, examples.size)
                metrics |= {f"{name}/{own}": v for own, v in self._own(examples).items()}
        if self.problem.sizes[-1] == 1:
            metrics = without_classes(metrics)
        if self.problem.sizes == (1, 1):
            metrics |= neuron(self._outputs(self.sets.train), self.problem.cost)
        return metrics

    def _own(self, examples: EvaluatedSet, parameters: Parameters | None = None) -> Metrics:
        """The user's own metrics of a set, where the config names any."""
        if not self.config.monitor.metrics:
            return {}
        labels = examples.layout.labels[examples.rows]
        return own_metrics(self.config.monitor.metrics, self._outputs(examples, parameters), labels)

    def _outputs(self, examples: EvaluatedSet, parameters: Parameters | None = None) -> Any:
        problem = self.problem
        return self.engine.outputs(
            parameters or self.engine.parameters(),
            problem.activation,
            problem.cost,
            examples.layout,
            examples.rows,
            problem.input_scale,
        )

    def _note(self, metrics: Metrics) -> bool:
        """Update the history; whether early stopping or `schedule=halve` ends the run."""
        history, stop = self.history, self.config.stop
        better = history.see(self.epoch, metrics)
        halved = self.halving is not None and self.halving.see(self.epoch, history.best_epoch)
        if stop.name != "early":
            return halved
        if better:
            history.best_parameters = self.engine.parameters()
        return halved or self.epoch - history.best_epoch >= stop.patience

    def _outcome(self, *, stopped: bool, failure: str | None) -> Outcome:
        """The last weights, or with early stopping the best, and their test metrics."""
        restored = self.history.best_parameters
        metrics: Metrics = {"time/train_seconds": self.train_seconds}
        metrics["time/evaluate_seconds"] = self.evaluate_seconds
        if failure is None:
            metrics |= self._final(restored)
        parameters = restored or self.engine.parameters()
        return Outcome(parameters, metrics, self.epoch, stopped, failure)

    def _final(self, restored: Parameters | None) -> Metrics:
        """Test metrics, best epoch and gaps of the weights that the run ends with."""
        history, sets = self.history, self.sets
        classes = self.problem.sizes[-1] > 1
        test: Metrics = {}
        if self.config.monitor.test != "never":
            measured = self.engine.measure(sets.test.layout, sets.test.rows, restored)
            test["data_cost"] = measured.data_cost
            if classes:
                test["accuracy"] = measured.correct / sets.test.size
                test["correct"] = float(measured.correct)
            test |= self._own(sets.test, restored)
        metrics: Metrics = {}
        if self.config.monitor.test == "end":
            metrics |= {f"test/{name}": value for name, value in test.items()}
        if restored is not None:
            metrics |= {f"best/test_{name}": value for name, value in test.items()}
        if history.best_validation > -math.inf:
            metrics["best/validation_accuracy"] = history.best_validation
            metrics["best/epoch"] = float(history.best_epoch)
        if "accuracy" in test:
            train = history.last["train/accuracy"]
            if restored is not None:
                again = self.engine.measure(sets.train.layout, sets.train.rows, restored)
                train = again.correct / sets.train.size
            final = {"train/accuracy": train, "test/accuracy": test["accuracy"]}
            metrics |= gaps(final, history.best)
        return metrics
