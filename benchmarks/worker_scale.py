"""What a sweep costs against its workers: measured for those of this machine, simulated beyond.

    python -m benchmarks.worker_scale --workers 1,2 --repeats 2 --out workers.csv

Runs of 400 epochs that train for some seconds are recorded on the server that `make server`
starts, by sweeps of a run for each worker and of some more, typed in turn. Columns: `sent by`,
`workers`, `wall`, `client`, `store` (seconds more for a run more: on the clock, and of
processors), `training` (seconds of a worker for a run, measuring costs and hits included).
"""

from __future__ import annotations

import argparse
import csv
import heapq
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import sqlalchemy as sa

from benchmarks.scale import Place, Series, served

SLOW = (
    "size=3k",
    "data.n_validation=100",
    "model.hidden=[100]",
    "reg=l2",
    "tracking.artifacts=light",
)
"""So that a run trains for seconds."""

RUNS = 8
"""That a measured sweep trains beside one for each worker."""

COLUMNS = ("sent by", "workers", "wall", "client", "store", "training")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--epochs", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--ways", default="server,database")
    parser.add_argument("--out", type=Path, default=Path("scaling_workers.csv"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare, options.out.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        with served(Path(spare) / "server") as place:
            ways = options.ways.split(",")
            # A server and its database keep artifacts in different places, so each has its own.
            by_way = {w: Series(place, options.epochs, rows, Path(spare), SLOW) for w in ways}
            for way, series in by_way.items():
                series.experiment = f"workers-{way}"
            for _ in range(options.repeats):
                for way, series in by_way.items():
                    for workers in map(int, options.workers.split(",")):
                        one, more = (
                            series.swept(way, n, workers) for n in (workers, workers + RUNS)
                        )
                        each = [
                            (getattr(more, part) - getattr(one, part)) / RUNS
                            for part in ("wall", "client", "store")
                        ]
                        trained = seconds_of_training(place, series.experiment)
                        row = [way, workers, *(f"{s:.3f}" for s in (*each, trained))]
                        rows.writerow(row)
                        file.flush()
                        print(*row, flush=True)


def seconds_of_training(place: Place, experiment: str) -> float:
    """Of a worker for a run, measuring included: mean over those that were recorded last."""
    engine = sa.create_engine(place.database)
    with engine.connect() as connection:
        values = connection.execute(
            sa.text(
                "SELECT sum(m.value) FROM latest_metrics m JOIN runs r ON r.run_uuid = m.run_uuid"
                " JOIN experiments e ON e.experiment_id = r.experiment_id"
                " WHERE e.name = :experiment"
                " AND m.key IN ('time/train_seconds', 'time/evaluate_seconds')"
                " GROUP BY r.run_uuid, r.start_time ORDER BY r.start_time DESC LIMIT :runs"
            ),
            {"experiment": experiment, "runs": RUNS},
        )
        mean = float(fmean(float(value) for (value,) in values))
    engine.dispose()
    return mean


@dataclass(frozen=True)
class Work:
    """What a run costs, in seconds of a processor."""

    training: float
    sending: float
    """Of the process of the sweep."""
    storing: float


def simulate(runs: int, workers: int, work: Work, cores: int, sweeps: int) -> float:
    """Seconds until all runs are recorded, by sweeps that share the workers and the store.

    A worker trains one run after another. The process of a sweep records one run at a time: it
    works on it, then waits for one of the store's cores.
    """
    at_work = [0.0] * workers
    senders, store = [0.0] * sweeps, [0.0] * cores
    done = 0.0
    for _ in range(runs):
        ended = heapq.heappop(at_work) + work.training
        heapq.heappush(at_work, ended)
        asked = max(ended, heapq.heappop(senders)) + work.sending
        done = max(asked, heapq.heappop(store)) + work.storing
        heapq.heappush(store, done)
        heapq.heappush(senders, done)
    return done


if __name__ == "__main__":
    main()
