"""What a run costs in a store of many, on an MLflow server with PostgreSQL (docs/scaling.md).

    python -m benchmarks.scale --runs 10,1000,10000                       # hours: 44 million values
    python -m benchmarks.scale --runs 10 --epochs 1,10,100 --what record

The commands are typed as users type them, in processes of their own, with the server that
`make server` starts. Runs have 400 epochs of a network so small that the record is what takes the
time. Of those in the store one is trained and recorded; the others are its copies with other
settings, fingerprints and values, made by the database.

Columns: `sent by` (`server`, or `database`: its address given directly), `runs` in the store,
`epochs` of a run, `what` was done, `wall`, `client` and `store` in seconds: time on the
clock, and of processors, here and in the server with its database.
"""

from __future__ import annotations

import argparse
import csv
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import sqlalchemy as sa

from benchmarks.copies import Copy, fill
from nnexp.config.compose import from_params
from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.record.fingerprint import fingerprint

ROOT = Path(__file__).parent.parent
SETTINGS_AT_MOST = 100
"""Values of λ; so great a one as 200 would be refused."""

SEEDS = 10
"""Runs of a setting, or more where there are more runs than settings."""

TRAINED = 10
"""Runs that a measured sweep trains, beside one: their difference is what a run costs."""

AT_ONCE = 500
"""Copies that are made in one transaction."""

SETTINGS = (
    "size=100",
    "data.n_validation=100",
    "model.hidden=[5]",
    "reg=l2",
    "tracking.artifacts=light",
)
COLUMNS = ("sent by", "runs", "epochs", "what", "wall", "client", "store")


@dataclass(frozen=True)
class Place:
    """A server, and the database that it keeps its runs in."""

    http: str
    database: str
    password: str
    pids: tuple[int, ...]

    def environment(self, way: str) -> dict[str, str]:
        """Of a user who records there by the server, or into the database."""
        return {
            **{k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"},
            "MLFLOW_TRACKING_URI": self.http if way == "server" else self.database,
            "MLFLOW_TRACKING_USERNAME": "admin",
            "MLFLOW_TRACKING_PASSWORD": self.password,
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
        }


@dataclass(frozen=True)
class Took:
    """Seconds."""

    wall: float
    client: float
    store: float


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", default="10,100,1000,10000", help="in the store, ascending")
    parser.add_argument("--epochs", default="400", help="of a run; several: one after another")
    parser.add_argument("--repeats", type=int, default=3, help="of the recording of runs")
    parser.add_argument("--ways", default="server,database")
    parser.add_argument("--what", default="record,read", help="with many runs in the store")
    parser.add_argument("--folder", type=Path, help="where the server is kept (a temporary one)")
    parser.add_argument("--out", type=Path, default=Path("scaling.csv"))
    options = parser.parse_args()
    levels, epochs = ([int(n) for n in text.split(",")] for text in (options.runs, options.epochs))
    with tempfile.TemporaryDirectory() as spare, options.out.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        with served(options.folder or Path(spare) / "server") as place:
            for n_epochs in epochs:
                series = Series(place, n_epochs, rows, Path(spare))
                for n in levels:
                    series.grow(n)
                    for way in options.ways.split(","):
                        if "record" in options.what:
                            series.record(way, options.repeats)
                        if "read" in options.what:
                            series.read(way)
                        file.flush()


class Series:
    """Measurements while the store grows."""

    def __init__(
        self,
        place: Place,
        epochs: int,
        rows: Any,
        folder: Path,
        network: Sequence[str] = SETTINGS,
    ) -> None:
        self.place, self.epochs, self.rows, self.folder = place, epochs, rows, folder
        self.network = network
        self.experiment = f"scale-{epochs}"
        self.there = 0
        self._source = ""
        self._fresh = 1_000_000

    def grow(self, total: int) -> None:
        """Let there be so many runs: all seeds of the first settings."""
        if not self._source:
            _, said = self.typed("database", ["-q", "seed=0", lmbda(0), *self.settings()])
            self._source, self.there = said.split()[-1], 1
        source = recorded_config(self.place.database, self._source)
        dataset, wanted = dataset_of(source), []
        for k in range(self.there, total):
            setting, again = k // SEEDS % SETTINGS_AT_MOST, k // (SEEDS * SETTINGS_AT_MOST)
            reg = replace(source.reg, lmbda=float(1 + setting))
            config = replace(source, seed=k % SEEDS + SEEDS * again, reg=reg)
            wanted.append(Copy(config.seed, str(reg.lmbda), fingerprint(config, dataset)))
        began = time.perf_counter()
        values = 0
        for start in range(0, len(wanted), AT_ONCE):
            values = fill(self.place.database, self._source, wanted[start : start + AT_ONCE])
        self.there = total
        print(f"{total:,} runs, {values:,} values, filled in {time.perf_counter() - began:.0f} s")

    def read(self, way: str) -> None:
        """All that is done with all runs."""
        settings = min(self.there // SEEDS, SETTINGS_AT_MOST)
        grid = lmbda(0) if settings == 1 else f"reg.lmbda=range(1,{settings + 1})"
        sweep = ["-m", f"seed=range({self.there // settings})", grid, *self.settings()]
        for what, command in {
            "sweep of all, first": sweep,
            "sweep of all, again": sweep,
            "runs": ["runs", "--experiment", self.experiment, "--limit", "20"],
            "compare": ["compare", "--experiment", self.experiment, "--by", "reg.lmbda"],
            "report": ["report", self.experiment, "--out", str(self.folder / "report")],
            "sweeps": ["sweeps"],
        }.items():
            took, _ = self.typed(way, command)
            self.note(way, what, took)

    def record(self, way: str, repeats: int) -> None:
        """A sweep of one new run, and of some more."""
        for _ in range(repeats):
            for n in (1, 1 + TRAINED):
                self.note(way, f"sweep of {n}", self.swept(way, n))

    def swept(self, way: str, n: int, workers: int = 1) -> Took:
        """A sweep of new runs."""
        self._fresh += 100
        seeds = f"seed=range({self._fresh},{self._fresh + n})"
        words = ["-m", seeds, lmbda(0), *self.settings(), f"sweep.workers={workers}"]
        return self.typed(way, words)[0]

    def settings(self) -> list[str]:
        """What all runs have in common."""
        return [
            *self.network,
            f"train.epochs={self.epochs}",
            f"tracking.experiment={self.experiment}",
        ]

    def typed(self, way: str, words: Sequence[str]) -> tuple[Took, str]:
        """Run a command; what it took, and said."""
        before, began = store_seconds(self.place.pids), time.perf_counter()
        children = os.times()
        done = subprocess.run(
            [sys.executable, "-m", "nnexp", *words],
            env=self.place.environment(way), cwd=self.folder, capture_output=True, text=True,
        )  # fmt: skip
        wall, after = time.perf_counter() - began, os.times()
        if done.returncode:
            raise SystemExit(f"{' '.join(words)}: {done.stderr}{done.stdout[-2000:]}")
        client = after.children_user + after.children_system
        client -= children.children_user + children.children_system
        return Took(wall, client, store_seconds(self.place.pids) - before), done.stdout

    def note(self, way: str, what: str, took: Took) -> None:
        seconds = [f"{s:.3f}" for s in (took.wall, took.client, took.store)]
        row = [way, self.there, self.epochs, what, *seconds]
        self.rows.writerow(row)
        print(*row, flush=True)


def lmbda(setting: int) -> str:
    return f"reg.lmbda={setting + 1}"


def recorded_config(database: str, run_id: str) -> Config:
    """The config of a recorded run."""
    engine = sa.create_engine(database)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT key, value FROM params WHERE run_uuid = :id"), {"id": run_id}
        )
        config = from_params({str(key): str(value) for key, value in rows})
    engine.dispose()
    return config


def store_seconds(pids: Sequence[int]) -> float:
    """Processor seconds of some processes and all that they have started."""
    total = 0.0
    for pid in pids:
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
    return total


@contextmanager
def served(folder: Path) -> Iterator[Place]:
    """The server of `make server`."""
    port = free_port()
    command = [sys.executable, str(ROOT / "tools" / "server.py")]
    process = subprocess.Popen(
        [*command, "--folder", str(folder), "--port", str(port)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "python -m nnexp":
                break
        database = folder / "postgresql"
        postmaster = (database / "postmaster.pid").read_text().splitlines()
        address = f"postgresql+psycopg2://postgres:@/runs?host={quote(postmaster[4], safe='')}"
        yield Place(
            f"http://127.0.0.1:{port}",
            address,
            (folder / "password").read_text().strip(),
            (process.pid, int(postmaster[0])),
        )
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
