"""What a run shows while it trains and when it ends: a progress bar, or plain lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nnexp.config.plurals import some
from nnexp.config.rules import has_lmbda
from nnexp.config.run_names import run_name
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.record.store import Store
from nnexp.record.weights import weights_sha256
from nnexp.runner.run_text import (
    Stopwatch,
    command_there,
    kept_artifacts,
    kept_labels,
    recorded_lines,
    result_table,
    summary_lines,
    time_lines,
)
from nnexp.terminal import Console
from nnexp.train.nielsen2014 import SEED
from nnexp.train.report import EpochReport, Outcome

DIGITS = 16
"""Digits of a digest on the screen: enough to see that two are the same."""


def header(config: Config, dataset: Dataset) -> list[str]:
    """What is about to be trained, in a few lines."""
    sizes = [dataset.train.images.shape[1], *config.model.hidden, dataset.n_outputs]
    lines = [
        run_name(config),
        f"  network {'-'.join(map(str, sizes))}, {config.cost.name}, init {config.init.name}, "
        f"{config.train.dtype}",
        f"  {some(config.data.n_train, f'{dataset.name} image')}, "
        f"{some(config.train.epochs, 'epoch')}, "
        f"mini-batches of {config.train.batch_size}, η = {config.train.eta:g}",
    ]
    if has_lmbda(config):
        n = config.data.n_train
        parts = [f"λ = {config.reg.lmbda:g} (λ/n = {config.reg.lmbda / n:.3g})"]
        if config.reg.name == "elastic":
            parts.append(f"λ₁ = {config.reg.lmbda_l1:g} (λ₁/n = {config.reg.lmbda_l1 / n:.3g})")
        lines.append(f"  {config.reg.name}: {', '.join(parts)}")
    if config.rng == "nielsen2014":
        lines.append(f"  rng=nielsen2014: {_as_published(config)}")
    return lines


def _as_published(config: Config) -> str:
    said = f"pixels / 256, seed {config.seed}, {config.train.dtype}"
    if (config.seed, config.train.dtype) == (SEED, "float64"):
        return f"{said}, as behind the published curves"
    return f"{said} (behind the published curves: seed {SEED}, float64)"


def epoch_line(report: EpochReport, config: Config, sizes: Mapping[str, int]) -> str:
    """What network2 printed after an epoch: costs, and counts as `47053 / 50000`."""
    parts = [f"Epoch {report.epoch} / {config.train.epochs}:"]
    for name, label in (("train", "training"), ("validation", "validation"), ("test", "test")):
        cost = report.metrics.get(f"{name}/cost")
        if cost is None:
            continue
        # network2 divided the penalty by the size of the evaluated set; so does this line.
        cost = report.metrics.get(f"{name}/cost_network2", cost)
        text = f"{label} cost {cost:.4f}"
        if f"{name}/correct" in report.metrics:
            text += f", {report.metrics[f'{name}/correct']:.0f} / {sizes[name]}"
        parts.append(text + ";")
    return " ".join(parts).rstrip(";")


@dataclass(frozen=True)
class Recorded:
    """A run that was trained and recorded now."""

    config: Config
    store: Store
    run_id: str
    kept: Mapping[str, float]
    """The metrics of the epoch whose weights are kept."""
    outcome: Outcome
    watch: Stopwatch
    """How long all of it took, and what."""
    waits: bool = False
    """Whether the store has not received it yet."""


class Screen(Protocol):
    """What a single run is shown on, from its first line to its last."""

    def begins(self, config: Config, dataset: Dataset) -> None:
        """It is about to be looked up, and trained unless it is recorded already."""

    def found(self, config: Config, store: Store, run_id: str, final: Mapping[str, float]) -> None:
        """It is recorded already: nothing is trained. `final` are its last values."""

    def training(
        self, config: Config, dataset: Dataset, rows: Sequence[Mapping[str, float]]
    ) -> AbstractContextManager[object]:
        """Around the training. `rows` are the metrics, and as `step` the epoch, of what is done.

        That is nothing, unless a run is gone on with that was interrupted.
        """

    def show(self, report: EpochReport) -> None:
        """One more epoch is done."""

    def ended(self, run: Recorded) -> None:
        """It is trained and recorded."""


class RunProgress:
    """The command's: a header, a progress bar or plain lines, a table."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._config, self._sizes = Config(), dict[str, int]()
        self._progress: Progress | None = None
        self._last = ""

    def begins(self, config: Config, dataset: Dataset) -> None:
        """What is about to be trained."""
        self.console.say(*header(config, dataset))

    def found(self, config: Config, store: Store, run_id: str, final: Mapping[str, float]) -> None:
        """A run from the record, instead of training it again."""
        console = self.console
        self._result(final)
        console.say("recorded before; nothing was trained (tracking.reuse=false trains it again)")
        recorded = store.client.get_run(run_id).data
        tags = recorded.tags
        lines = kept_artifacts(config, recorded.params)
        console.say(*lines, *kept_labels(config, store, {run_id: tags}))
        self._place(config, store, run_id, tags.get("nnexp.weights_sha256", ""))

    @contextmanager
    def training(
        self, config: Config, dataset: Dataset, rows: Sequence[Mapping[str, float]]
    ) -> Iterator[None]:
        """A progress bar on a terminal; the lines before it are of what is already done."""
        sizes = config.data.n_train, config.data.n_validation, len(dataset.test)
        self._sizes = dict(zip(("train", "validation", "test"), sizes, strict=True))
        self._config = config
        if not self.console.is_terminal:
            yield
            return
        self._progress = Progress(
            TextColumn("epoch {task.completed}/{task.total}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=config.train.epochs, said="")
        with self._progress:
            yield

    def show(self, report: EpochReport) -> None:
        """One more epoch is done."""
        if self._progress is None:
            if report.metrics:
                print(epoch_line(report, self._config, self._sizes), file=sys.stdout, flush=True)
            return
        m = report.metrics
        said = []
        for name, label in (("train", "train"), ("validation", "val"), ("test", "test")):
            if f"{name}/cost" in m:
                accuracy = f" {m[f'{name}/accuracy']:.2%}" if f"{name}/accuracy" in m else ""
                said.append(f"{label} {m[f'{name}/cost']:.3f}{accuracy}")
        if said:
            self._last = "  ".join(said)
        self._progress.update(self._task, completed=report.epoch, said=self._last)

    def ended(self, run: Recorded) -> None:
        """What came out, where it is recorded, and the commands to look at it and to repeat it."""
        console, outcome = self.console, run.outcome
        final = {**run.kept, **outcome.metrics}
        self._result(final)
        network2 = final.get("validation/cost_network2", 0.0)
        if (
            not console.is_terminal
            and abs(network2 - final.get("validation/cost", network2)) > 1e-6
        ):
            console.say(
                "validation costs above the table are network2's: penalty / images evaluated"
            )
        if outcome.stopped_early:
            console.say(f"stopped early after epoch {outcome.epochs}")
        console.say(*time_lines(final, run.watch))
        weights = weights_sha256(outcome.parameters)
        self._place(run.config, run.store, run.run_id, weights, waits=run.waits)

    def _result(self, final: Mapping[str, float]) -> None:
        self.console.print()
        self.console.print(result_table(final))
        self.console.say(*summary_lines(final))

    def _place(
        self, config: Config, store: Store, run_id: str, weights: str, *, waits: bool = False
    ) -> None:
        """Where it is recorded, the digest of its weights, and the commands that go with it."""
        command = command_there(config, store)
        lines = recorded_lines(config, store, "run", run_id, command, waiting=int(waits))
        # The same for everybody who trains this run; `show` has the whole.
        lines.insert(2, f"weights    sha256 {weights[:DIGITS]}… (nnexp.weights_sha256)")
        self.console.say(*lines)
