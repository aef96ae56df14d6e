"""What a sweep shows: a live line with time left, or a plain line per finished run; the table."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn
from rich.table import Table
from rich.text import Text

from nnexp.config.rounding import settled
from nnexp.config.varying_keys import columns_of, distinct_keys, short
from nnexp.terminal import Console, plain_table


class SweepProgress:
    """Shows how a sweep gets on. Use as a context manager around the training."""

    def __init__(
        self,
        total: int,
        work: Mapping[int, float],
        epochs: Mapping[int, int],
        done: int,
        workers: int,
        console: Console,
        labels: Mapping[int, str] | None = None,
    ) -> None:
        """`work` and `epochs` of each run that is still to be trained, by so many workers.

        The line of a run begins with its label; of one without, with how many runs have ended.
        """
        self._labels = labels or {}
        self.console, self.total, self.done, self.failed = console, total, done, 0
        self._epochs, self._pace = dict(epochs), Pace(work, workers)
        self._progress: Progress | None = None

    def __enter__(self) -> SweepProgress:
        if self.console.is_terminal:
            self._progress = Progress(
                BarColumn(bar_width=24),
                TaskProgressColumn(),
                _Said(self),
                console=self.console,
                transient=True,
            )
            self._task = self._progress.add_task("", total=1.0)
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def progress(self, run: int, epoch: int) -> None:
        """A run has completed some epochs."""
        self._pace.reached(run, epoch / max(self._epochs[run], 1), time.monotonic())
        self._refresh()

    def note(self, run: int, line: str) -> None:
        """Something to be said about a run that goes on."""
        self._say(run, line)

    def paused(self, run: int) -> None:
        """A run has been trained as far as was asked for now."""
        self._pace.ended(run, time.monotonic())
        self.done += 1
        self._refresh()

    def ended(self, run: int, line: str, *, failed: bool) -> None:
        """A run has ended and is recorded; without a terminal it is said in a line, if any."""
        self._pace.ended(run, time.monotonic())
        self.done += not failed
        self.failed += failed
        if self._progress is None and line:
            self._say(run, line)
        self._refresh()

    def _say(self, run: int, line: str) -> None:
        label = self._labels.get(run, f"[{self.done + self.failed}/{self.total}]")
        text = f"{label} {line}"
        if self._progress is None:
            print(text, flush=True)
        else:
            self.console.say(text)

    def _refresh(self) -> None:
        if self._progress is not None:
            self._progress.update(self._task, completed=self._pace.done)

    def said(self) -> str:
        """How many runs there are of each kind, and how long it still takes."""
        running = self._pace.running
        if not running and not self.done and not self.failed:
            return "starting"
        waiting = max(self.total - self.done - self.failed - running, 0)
        said = f"{self.done} done, {running} running, {self.failed} failed, {waiting} left"
        left = self._pace.left(time.monotonic())
        return said if left is None else f"{said}, about {clock(left)} left"


class _Said(ProgressColumn):
    """What a board says, looked up whenever the line is drawn: time passes between messages."""

    max_refresh = 0.5

    def __init__(self, board: SweepProgress) -> None:
        super().__init__()
        self._board = board

    def render(self, task: Task) -> Text:
        return Text(self._board.said())


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
    table = plain_table()
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
    return [*map(short, keys), "n", *(label for _, label in shown)], rows


def _cell(values: Sequence[float], name: str) -> str:
    if not values:
        return ""
    form, scale, unit = (".3g", 1.0, "") if name == "train/cost" else (".2f", 100.0, " %")
    mean = format(settled(scale * statistics.fmean(values)), form)
    if len(values) == 1:
        return f"{mean}{unit}"
    return f"{mean} ± {format(scale * statistics.stdev(values), form)}{unit}"


AHEAD = 20.0
"""Before a run has ended, c is not known: less than these seconds are not promised."""
LATE = 0.1
"""A run that takes longer than was thought still takes so much of what was thought."""


class Pace:
    """Takes in what becomes of the runs, and when; times are seconds of any steady clock."""

    def __init__(self, work: Mapping[int, float], lanes: int) -> None:
        """`work` of each run, in any unit, by `lanes` workers."""
        self._work, self._lanes = dict(work), max(1, min(lanes, len(work)))
        self._open: dict[int, tuple[float, float]] = {}
        """When each run was first heard of, and how much of it was done then."""
        self._last: dict[int, tuple[float, float]] = {}
        self._closed: set[int] = set()
        self._trained = self._seconds = 0.0
        """Work that was seen being done, and how long it took."""
        self._ends: list[tuple[float, float]] = []
        """Of runs that have ended, their work and their seconds."""
        self._tails: list[tuple[float, float]] = []
        """The same since each was last heard of."""

    def reached(self, run: int, part: float, now: float) -> None:
        """So much of a run is done."""
        self._open.setdefault(run, (now, part))
        if run in self._last:
            since, before = self._last[run]
            if part > before:
                self._trained += (part - before) * self._work[run]
                self._seconds += now - since
        self._last[run] = (now, part)

    def ended(self, run: int, now: float) -> None:
        """A run has ended and is recorded."""
        if run in self._open:
            since, before = self._open.pop(run)
            self._ends.append(((1.0 - before) * self._work[run], now - since))
            since, before = self._last[run]
            self._tails.append(((1.0 - before) * self._work[run], now - since))
        self._closed.add(run)

    @property
    def running(self) -> int:
        """How many runs have been heard of and go on."""
        return len(self._open)

    @property
    def done(self) -> float:
        """The share of the work that is done."""
        parts = {run: part for run, (_, part) in self._last.items()}
        parts |= dict.fromkeys(self._closed, 1.0)
        whole = sum(self._work.values()) or 1.0
        return sum(work * parts.get(run, 0.0) for run, work in self._work.items()) / whole

    def left(self, now: float) -> float | None:
        """Seconds until the last run ends; None before there is anything to tell it by."""
        rate = self._rate()
        if rate is None:
            return None
        beside = self._beside(rate)
        rest = {}
        for run in self._work.keys() - self._closed:
            since, before = self._open.get(run, (now, 0.0))
            whole = rate * (1.0 - before) * self._work[run] + beside
            rest[run] = max(whole - (now - since), LATE * whole)
        # The longest first, each to the worker that is free first, as the pool hands them out.
        lanes = [0.0] * self._lanes
        for run in sorted(rest, key=lambda run: (run not in self._open, -rest[run])):
            lanes[0] += rest[run]
            lanes.sort()
        return lanes[-1] if self._ends or lanes[-1] > AHEAD else None

    def _rate(self) -> float | None:
        """Seconds for a unit of work; of runs too short to be watched, all of their time."""
        if self._trained and self._seconds:
            return self._seconds / self._trained
        work = sum(work for work, _ in self._ends)
        return sum(seconds for _, seconds in self._ends) / work if work else None

    def _beside(self, rate: float) -> float:
        """Seconds of a run beside its training.

        The first run of each worker imports what the next ones have: only half of its are taken.
        """
        seconds = [max(s - rate * w, 0.0) for w, s in self._tails]
        later = seconds[self._lanes :][-self._lanes :]
        told = later or [0.5 * s for s in seconds]
        return sum(told) / max(len(told), 1)
