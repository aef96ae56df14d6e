"""What a sweep shows: a live line with time left, or a plain line per finished run; the table."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from nnexp.config.distinct import columns_of, distinct_keys


class Board:
    """Shows how a sweep gets on. Use as a context manager around the training."""

    def __init__(
        self,
        total: int,
        work: Mapping[int, float],
        epochs: Mapping[int, int],
        done: int,
        workers: int,
        console: Console,
    ) -> None:
        """`work` and `epochs` of each run that is still to be trained, by so many workers."""
        self.console, self.total, self.done, self.failed = console, total, done, 0
        self._work, self._epochs = dict(work), dict(epochs)
        self._part = dict.fromkeys(work, 0.0)
        self._running: set[int] = set()
        self._lanes = min(workers, len(self._work))
        self._looked = time.monotonic()
        self._spent = 0.0
        """Seconds that workers have trained, one beside the other, since the first was heard of."""
        self._progress: Progress | None = None

    def __enter__(self) -> Board:
        if self.console.is_terminal:
            self._progress = Progress(
                BarColumn(bar_width=24),
                TaskProgressColumn(),
                TextColumn("{task.fields[said]}"),
                console=self.console,
                transient=True,
            )
            self._task = self._progress.add_task("", total=1.0, said="starting")
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def progress(self, run: int, epoch: int) -> None:
        """A run has completed some epochs."""
        self._spend()
        self._part[run] = epoch / max(self._epochs[run], 1)
        self._running.add(run)
        self._refresh()

    def note(self, line: str) -> None:
        """Something to be said about a run that goes on."""
        self._say(line)

    def paused(self, run: int) -> None:
        """A run has been trained as far as was asked for now."""
        self._part[run] = 1.0
        self._running.discard(run)
        self.done += 1
        self._refresh()

    def ended(self, run: int, line: str, *, failed: bool) -> None:
        """A run has ended and is recorded; without a terminal it is said in a line, if any."""
        self._spend()
        self._part[run] = 1.0
        self._running.discard(run)
        self.done += not failed
        self.failed += failed
        if self._progress is None and line:
            self._say(line)
        self._refresh()

    def _say(self, line: str) -> None:
        """A line that begins with how many runs have ended."""
        text = f"[{self.done + self.failed}/{self.total}] {line}"
        if self._progress is None:
            print(text, flush=True)
        else:
            self.console.print(text, highlight=False, markup=False)

    def _refresh(self) -> None:
        if self._progress is None:
            return
        whole = sum(self._work.values()) or 1.0
        fraction = sum(self._work[k] * self._part[k] for k in self._work) / whole
        left = self._left()
        waiting = self.total - self.done - self.failed - len(self._running)
        said = (
            f"{self.done} done, {len(self._running)} running, {self.failed} failed, "
            f"{max(waiting, 0)} left"
        )
        if left is not None:
            said += f", about {clock(left)} left"
        self._progress.update(self._task, completed=fraction, said=said)

    def _spend(self) -> None:
        now = time.monotonic()
        busy = min(max(len(self._running), any(self._part.values())), self._lanes)
        self._spent += busy * (now - self._looked)
        self._looked = now

    def _left(self) -> float | None:
        """Seconds until the last run ends, at the speed so far; None before that is known."""
        trained = sum(self._work[k] * part for k, part in self._part.items())
        if not trained or not self._spent:
            return None
        # The longest first, each to the worker that is free first, as the pool hands them out.
        lanes = [0.0] * self._lanes
        rest = {k: self._work[k] * (1 - self._part[k]) for k in self._work}
        for k in sorted(rest, key=lambda k: (self._part[k] == 0, -rest[k])):
            lanes[0] += rest[k]
            lanes.sort()
        return lanes[-1] * self._spent / trained


def clock(seconds: float) -> str:
    """Seconds as a person says them: `4 s`, `3:20 min`, `2:05 h`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)}:{int(seconds % 60):02d} min"
    return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d} h"


SHOWN = (
    ("test/accuracy", "test accuracy"),
    ("best/test_accuracy", "test, best weights"),
    ("best/validation_accuracy", "best validation"),
    ("gap/best", "gap, best"),
    ("gap/final", "gap, final"),
)


def results_table(
    settings: Sequence[Mapping[str, str]], metrics: Sequence[Mapping[str, float] | None]
) -> Table:
    """`results` for the terminal."""
    header, rows = results(settings, metrics)
    table = Table(box=None, pad_edge=False, header_style="bold")
    numbers = header.index("n")
    for k, title in enumerate(header):
        if k < numbers:
            table.add_column(escape(title))
        else:
            table.add_column(title, justify="right", no_wrap=k > numbers)
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def results(
    settings: Sequence[Mapping[str, str]], metrics: Sequence[Mapping[str, float] | None]
) -> tuple[list[str], list[list[str]]]:
    """Results grouped by what varied beside the seed: keys, n, mean and standard deviation.

    `settings` are the flattened configs, `metrics` the final values, None for a failed run. Returns
    the titles and the rows of a table.
    """
    keys = distinct_keys(columns_of(settings))
    groups: dict[tuple[str, ...], list[Mapping[str, float] | None]] = {}
    for setting, values in zip(settings, metrics, strict=True):
        groups.setdefault(tuple(setting[k] for k in keys), []).append(values)
    finished = [values for values in metrics if values is not None]
    shown = [(name, label) for name, label in SHOWN if any(name in v for v in finished)]
    if not shown:
        shown = [("train/cost", "training cost")]
    rows = []
    for group, found in groups.items():
        there = [values for values in found if values is not None]
        failed = len(found) - len(there)
        count = str(len(there)) + (f" ({failed} failed)" if failed else "")
        cells = [_cell([v[name] for v in there if name in v], name) for name, _ in shown]
        rows.append([*group, count, *cells])
    return [*keys, "n", *(label for _, label in shown)], rows


def _cell(values: Sequence[float], name: str) -> str:
    if not values:
        return ""
    form, scale, unit = (".3g", 1.0, "") if name == "train/cost" else (".2f", 100.0, " %")
    mean = format(scale * statistics.fmean(values), form)
    if len(values) == 1:
        return f"{mean}{unit}"
    return f"{mean} ± {format(scale * statistics.stdev(values), form)}{unit}"
