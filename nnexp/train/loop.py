"""Training: a generator of one report per run and completed epoch.

Progress bar, record, checkpoint and early stopping all consume this one stream of reports; data
flows from configs to reports and never back.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from functools import partial

from threadpoolctl import threadpool_limits

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.nn.network import Stack
from nnexp.nn.parameters import Parameters
from nnexp.train.evaluation import ExampleSet, Measured
from nnexp.train.monitor import Metrics, Penalty, finite, gaps, measure, named, neuron
from nnexp.train.plan import Plan, plan
from nnexp.train.report import EpochReport, Outcome
from nnexp.train.snapshot import Snapshot, named_parameters, parameters_of, put, take


def train(
    config: Config, dataset: Dataset, resume: Snapshot | None = None
) -> Iterator[EpochReport]:
    """Train one run; yield a report per completed epoch."""
    return _train_stack([config], dataset, resume)


def _train_stack(
    configs: Sequence[Config], dataset: Dataset, resume: Snapshot | None = None
) -> Iterator[EpochReport]:
    """Train runs of one shape side by side; yield a report per run and completed epoch.

    The first report of a run is that of the untrained network (epoch 0), the last carries its
    `Outcome`. A run's numbers do not depend on which runs are trained beside it. BLAS is held to
    one thread meanwhile: products are small, and numbers must not depend on the number of cores.

    With `resume`, the snapshot of an earlier report, a single run goes on after that epoch.

    Raises:
        ValueError: the configs do not share one shape (`train.plan.shape_of`), or the snapshot is
            not of such a run.
    """
    with threadpool_limits(1, user_api="blas"):
        training = _Training(configs, plan(configs, dataset))
        if resume is not None:
            training.resume(resume)
        yield from training.reports()


class _History:
    """What has been seen of one run: its last and best metrics, and its best weights."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.last: Metrics = {}
        self.best: Metrics = {}
        self.best_epoch = 0
        self.best_validation = -math.inf
        self.best_parameters: Parameters | None = None

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
    """The state of a stack between epochs."""

    def __init__(self, configs: Sequence[Config], planned: Plan) -> None:
        self.plan, self.engine = planned, planned.engine
        self.positions = planned.positions
        self.configs = [configs[k] for k in self.positions]
        self.histories = [_History(config) for config in self.configs]
        self.train_sets = planned.sets.train
        self.classes = planned.shape.sizes[-1] > 1
        self.epoch = 0
        self.train_seconds = 0.0
        self.evaluate_seconds = 0.0

    def reports(self) -> Iterator[EpochReport]:
        """All epochs of all runs, until the last has left the stack."""
        if self.epoch == 0:
            yield from self._after_epoch()
        while self.configs:
            started = time.perf_counter()
            self.engine.epoch()
            self.train_seconds += (time.perf_counter() - started) / len(self.configs)
            self.epoch += 1
            yield from self._after_epoch()

    def resume(self, snapshot: Snapshot) -> None:
        """Go on with the only run of the stack from a snapshot."""
        if len(self.configs) != 1:
            raise ValueError("only a single run can be resumed")
        put(self.engine, 0, snapshot)
        history, values = self.histories[0], snapshot.values
        self.epoch = values["epoch"]
        self.train_seconds, self.evaluate_seconds = values["seconds"]
        history.last, history.best = dict(values["last"]), dict(values["best"])
        history.best_epoch = values["best_epoch"]
        if values["best_validation"] is not None:
            history.best_validation = values["best_validation"]
        history.best_parameters = parameters_of(snapshot.arrays)

    def _snapshot(self, k: int) -> Snapshot:
        taken, history = take(self.engine, k), self.histories[k]
        arrays, best = dict(taken.arrays), history.best_validation
        if history.best_parameters is not None:
            arrays |= named_parameters(history.best_parameters)
        values = {
            **taken.values,
            "epoch": self.epoch,
            "seconds": [self.train_seconds, self.evaluate_seconds],
            "last": history.last,
            "best": history.best,
            "best_epoch": history.best_epoch,
            "best_validation": best if math.isfinite(best) else None,
        }
        return Snapshot(arrays, values)

    def _after_epoch(self) -> Iterator[EpochReport]:
        started = time.perf_counter()
        healthy = finite(self.engine.stack)
        ends = [self.epoch >= c.train.epochs for c in self.configs]
        evaluated = [
            ok and (end or self.epoch % c.monitor.every == 0 or c.stop.name == "early")
            for c, end, ok in zip(self.configs, ends, healthy, strict=True)
        ]
        measured = self._evaluate() if any(evaluated) else None
        penalty = self._penalty(self.engine.stack)
        self.evaluate_seconds += (time.perf_counter() - started) / len(self.configs)
        reports, staying = [], []
        for k, config in enumerate(self.configs):
            metrics = self._metrics(k, measured, penalty) if measured and evaluated[k] else {}
            failure = None if healthy[k] else self._diverged()
            if metrics and not math.isfinite(metrics["train/cost"]):
                failure = self._diverged()
            stopped = self._note(k, metrics) if metrics and not failure else False
            shown = self.epoch % config.monitor.every == 0 or ends[k] or stopped
            outcome = None
            if ends[k] or stopped or failure:
                outcome = self._outcome(k, stopped=stopped and not ends[k], failure=failure)
            else:
                staying.append(k)
            metrics = metrics if shown else {}
            place = len(staying) - 1
            snapshot = None if outcome else partial(self._snapshot, place)
            reports.append(EpochReport(self.positions[k], self.epoch, metrics, outcome, snapshot))
        if len(staying) < len(self.configs):
            self._leave(staying)
        yield from reports

    def _evaluate(self) -> dict[str, tuple[Measured, int]]:
        """Measure every set that some run of the stack is due to be measured on."""
        stack, shape, sets = self.engine.stack, self.plan.shape, self.plan.sets
        everyone = [slice(0, len(stack))]
        parts, train_sets = _neighbours(self.train_sets)
        found = {"train": (measure(shape, stack, train_sets, parts), train_sets[0].size)}
        if sets.validation is not None:
            found["validation"] = (
                measure(shape, stack, [sets.validation], everyone),
                sets.validation.size,
            )
        if any(c.monitor.test == "epoch" for c in self.configs):
            found["test"] = (measure(shape, stack, [sets.test], everyone), sets.test.size)
        return found

    def _metrics(
        self, k: int, measured: dict[str, tuple[Measured, int]], penalty: Penalty
    ) -> Metrics:
        shape = self.plan.shape
        metrics: Metrics = {}
        for name, (values, size) in measured.items():
            if name != "test" or self.configs[k].monitor.test == "epoch":
                metrics |= named(name, values, penalty, shape.n, size, k, classes=self.classes)
        return metrics | neuron(shape, self.engine.stack, k)

    def _penalty(self, stack: Stack) -> Penalty:
        rates = self.engine.rates
        return Penalty.of(stack, rates.l2, rates.l1, biases=self.plan.shape.method.biases)

    def _note(self, k: int, metrics: Metrics) -> bool:
        """Update the history of run k; whether its patience is at an end."""
        history, stop = self.histories[k], self.configs[k].stop
        better = history.see(self.epoch, metrics)
        if stop.name != "early":
            return False
        if better:
            history.best_parameters = self.engine.stack.member(k)
        return self.epoch - history.best_epoch >= stop.patience

    def _outcome(self, k: int, *, stopped: bool, failure: str | None) -> Outcome:
        """The last weights of run k, or with early stopping the best, and their test metrics."""
        history = self.histories[k]
        restored = history.best_parameters
        parameters = restored or self.engine.stack.member(k)
        metrics: Metrics = {"time/train_seconds": self.train_seconds}
        metrics["time/evaluate_seconds"] = self.evaluate_seconds
        if failure is None:
            stack = Stack.of([parameters], self.engine.stack.all_biases.dtype)
            metrics |= self._final(k, stack, early=restored is not None)
        original = self.plan.images.pixels.restore_inputs(parameters)
        return Outcome(original, metrics, self.epoch, stopped, failure)

    def _final(self, k: int, stack: Stack, *, early: bool) -> Metrics:
        """Test metrics, best epoch and gaps of the weights that the run ends with."""
        config, history, shape = self.configs[k], self.histories[k], self.plan.shape
        sets = [self.plan.sets.test, self.train_sets[k]] if early else [self.plan.sets.test]
        found = [measure(shape, stack, [s], [slice(0, 1)]) for s in sets]
        metrics: Metrics = {}
        test = {"data_cost": float(found[0].data_cost[0])}
        if self.classes:
            test["accuracy"] = int(found[0].correct[0]) / sets[0].size
            test["correct"] = float(found[0].correct[0])
        if config.monitor.test == "end":
            metrics |= {f"test/{name}": value for name, value in test.items()}
        if early:
            metrics |= {f"best/test_{name}": value for name, value in test.items()}
        if history.best_epoch or history.best_validation > -math.inf:
            metrics["best/validation_accuracy"] = history.best_validation
            metrics["best/epoch"] = float(history.best_epoch)
        if self.classes:
            train = history.last["train/accuracy"]
            if early:
                train = int(found[1].correct[0]) / sets[1].size
            final = {"train/accuracy": train, "test/accuracy": test["accuracy"]}
            metrics |= gaps(final, history.best)
        return metrics

    def _diverged(self) -> str:
        return f"diverged: weights or cost not finite after epoch {self.epoch}"

    def _leave(self, staying: list[int]) -> None:
        self.configs = [self.configs[k] for k in staying]
        self.histories = [self.histories[k] for k in staying]
        self.positions = [self.positions[k] for k in staying]
        self.train_sets = [self.train_sets[k] for k in staying]
        if staying:
            self.engine.keep(staying)


def _neighbours(sets: list[ExampleSet]) -> tuple[list[slice], list[ExampleSet]]:
    """Neighbouring runs with the same set of examples, as slices, and their sets."""
    starts = [k for k in range(len(sets)) if k == 0 or sets[k] is not sets[k - 1]]
    stops = [*starts[1:], len(sets)]
    parts = [slice(a, b) for a, b in zip(starts, stops, strict=True)]
    return parts, [sets[a] for a in starts]
