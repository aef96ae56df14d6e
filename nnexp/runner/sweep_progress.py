"""What a sweep shows while it trains: a live line with time left, or a line per ended run."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn
from rich.text import Text

from nnexp.runner.time_left import Pace
from nnexp.terminal import Console


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
