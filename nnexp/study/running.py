"""What is running in a store: single runs with their curves, and sweeps with what has ended.

Runs send their values every two seconds; short runs of a sweep are recorded when they end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nnexp.record.clock import now
from nnexp.record.processes import alive
from nnexp.record.store import Store
from nnexp.record.store_sql import curves_of_ids
from nnexp.record.sweep import runs_where
from nnexp.record.tags import number

if TYPE_CHECKING:
    from mlflow.entities import Run

CURVES = ("train/cost",)

PACE = 50
"""So many of the latest runs say how fast a sweep gets on."""

LATE_MILLISECONDS = 600_000
"""A run that ended so long ago may still have to be delivered."""


@dataclass(frozen=True)
class Mark:
    """What is marked RUNNING; times in milliseconds since 1970."""

    run_id: str
    name: str
    started: int
    heartbeat: int
    """Its last sign of life."""
    alive: bool
    """Whether somebody is still at work on it, as far as can be seen from here."""

    @property
    def shown(self) -> str:
        """Its name, and the beginning of its id."""
        return f"{self.name} ({self.run_id[:8]})"


@dataclass(frozen=True)
class RunningRun:
    """A single run, as far as it has been recorded."""

    mark: Mark
    epoch: int
    epochs: int
    cost: tuple[float, ...]
    """`train/cost` of every evaluated epoch so far."""
    accuracy: float | None
    """The last `validation/accuracy`, a fraction; None without validation images."""


@dataclass(frozen=True)
class EndedRun:
    """A run of a sweep that has ended."""

    run_id: str
    name: str
    status: str
    ended: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class RunningSweep:
    """A sweep, and what has ended of it."""

    mark: Mark
    status: str
    total: int
    done: int
    """Finished runs, those that were recorded before among them."""
    failed: int
    last: tuple[EndedRun, ...]
    """The runs that have ended last, the latest first."""
    seconds_left: float | None
    """At the pace so far; None before there is one."""

    @property
    def missing(self) -> int:
        """Runs that have not ended."""
        return max(self.total - self.done - self.failed, 0)


@dataclass
class Watched:
    """A store that is looked at again and again; what has ended of a sweep is read once."""

    store: Store
    experiments: Sequence[str]
    """Their ids."""
    only: str | None = None
    """The id of the one sweep, or run, that is watched."""
    _ended: dict[str, dict[str, EndedRun]] = field(default_factory=dict)

    def look(self) -> list[RunningSweep | RunningRun]:
        """What is running now, sweeps first."""
        where = "attributes.status = 'RUNNING'"
        sweeps, single = [], []
        for run in runs_where(self.store, self.experiments, where):
            kind = run.data.tags.get("nnexp.kind")
            if self.only not in (None, run.info.run_id):
                continue
            if kind == "sweep":
                sweeps.append(self.sweep(run))
            # A run of a sweep that is RUNNING is being recorded, all at once.
            elif kind == "run" and "nnexp.sweep" not in run.data.tags:
                single.append(run)
        return [*sweeps, *self._runs(single)]

    def sweep(self, parent: Run) -> RunningSweep:
        """A sweep as it is now, running or not."""
        tags, run_id = parent.data.tags, str(parent.info.run_id)
        ended = self._ended.setdefault(run_id, {})
        # Only what is new is read; when the sweep has ended, all of it once more.
        whole = not ended or parent.info.status != "RUNNING"
        since = 0 if whole else max(r.ended for r in ended.values()) - LATE_MILLISECONDS
        where = f"tags.`nnexp.sweep` = '{run_id}' and attributes.end_time >= {since}"
        for run in runs_where(self.store, [parent.info.experiment_id], where):
            if run.data.tags.get("nnexp.kind") == "run" and run.info.status != "RUNNING":
                ended[str(run.info.run_id)] = _ended(run)
        done = sum(run.status == "FINISHED" for run in ended.values())
        failed = sum(run.status == "FAILED" for run in ended.values())
        total, reused = number(tags, "nnexp.total"), number(tags, "nnexp.reused")
        last = sorted(ended.values(), key=lambda run: run.ended, reverse=True)
        left = total - done - reused - failed
        return RunningSweep(
            mark_of(parent),
            status=str(parent.info.status),
            total=total,
            done=done + reused,
            failed=failed,
            last=tuple(last[:3]),
            seconds_left=_seconds_left([run.ended for run in last], left),
        )

    def _runs(self, runs: Sequence[Run]) -> Iterable[RunningRun]:
        ids = [str(run.info.run_id) for run in runs]
        curves = curves_of_ids(self.store, ids, CURVES)
        for run in runs:
            mine = curves[(curves["run_id"] == run.info.run_id) & (curves["step"] > 0)]
            yield RunningRun(
                mark_of(run),
                epoch=int(mine["step"].max()) if len(mine) else 0,
                epochs=number(run.data.params, "train.epochs"),
                cost=tuple(map(float, mine["value"])),
                accuracy=run.data.metrics.get("validation/accuracy"),
            )


def mark_of(run: Run) -> Mark:
    """Who is at work on a run or sweep, by its record."""
    tags, started = run.data.tags, int(run.info.start_time or 0)
    heartbeat = number(tags, "nnexp.heartbeat", started)
    name = str(run.info.run_name)
    return Mark(str(run.info.run_id), name, started, heartbeat, alive(tags, now()))


def _ended(run: Run) -> EndedRun:
    info = run.info
    ended, metrics = int(info.end_time or 0), dict(run.data.metrics)
    return EndedRun(str(info.run_id), str(info.run_name), str(info.status), ended, metrics)


def _seconds_left(ended: Sequence[int], missing: int) -> float | None:
    """How long the missing runs take at the pace of the latest; `ended` in milliseconds."""
    latest = ended[:PACE]
    if len(latest) < 2 or missing <= 0:
        return None
    return missing * (latest[0] - latest[-1]) / 1000 / (len(latest) - 1)
