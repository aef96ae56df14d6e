"""Many recorded runs for measurements: copies of one in MLflow's tables, made by the database."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

TABLES = ("runs", "params", "tags", "latest_metrics", "metrics")

MEASURED = ("%cost%", "%accuracy%", "gap/%")
"""What differs from copy to copy; epochs and counts stay."""


@dataclass(frozen=True)
class Copy:
    """A run to be made from another one."""

    seed: int
    lmbda: str = ""
    """Its parameter `reg.lmbda`; empty: that of the source."""
    fingerprint: str = ""
    """Its tag; empty: one of its own."""
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)


def fill(uri: str, source: str, wanted: Sequence[Copy]) -> int:
    """Copy a recorded run, with its whole history; the number of metric values there are then."""
    engine = sa.create_engine(uri)
    meta = sa.MetaData()
    meta.reflect(engine, only=TABLES)
    copies = sa.Table(
        "nnexp_copies",
        meta,
        sa.Column("i", sa.Integer),
        *(sa.Column(name, sa.String(64)) for name in ("run", "lmbda", "mark")),
    )
    rows = [
        {"i": c.seed, "run": c.run_id, "lmbda": c.lmbda, "mark": c.fingerprint or 2 * c.run_id}
        for c in wanted
    ]
    with engine.begin() as connection:
        copies.create(connection)
        if rows:
            connection.execute(copies.insert(), rows)
        for name in TABLES:
            table = meta.tables[name]
            chosen = sa.select(*(_replaced(table, column, copies) for column in table.columns))
            # An explicit cross join: every row of the source with every copy. Run after run, as
            # recording leaves them on the disk.
            chosen = chosen.select_from(table.join(copies, sa.true())).order_by(copies.c.i)
            chosen = chosen.where(table.c.run_uuid == source)
            if name == "tags":
                # Digests of the record, which a copy with other values has not.
                chosen = chosen.where(sa.not_(table.c.key.like("nnexp.record_%")))
            connection.execute(table.insert().from_select(list(table.columns), chosen))
        copies.drop(connection)
    with engine.connect() as connection:
        count = connection.execute(sa.select(sa.func.count()).select_from(meta.tables["metrics"]))
        values = int(count.scalar_one())
    engine.dispose()
    return values


def _replaced(table: sa.Table, column: sa.Column, copies: sa.Table) -> sa.ColumnElement:
    """What a copy has in a column: its own id, settings and values."""
    if column.name == "run_uuid":
        return copies.c.run
    if column.name == "value" and "metrics" in table.name:
        noise = (copies.c.i * 7919 % 1009) * 1e-6
        measured = sa.or_(*(table.c.key.like(pattern) for pattern in MEASURED))
        return sa.case((measured, column + noise), else_=column)
    if column.name == "value" and table.name == "params":
        lmbda = sa.and_(table.c.key == "reg.lmbda", copies.c.lmbda != "")
        seed = sa.cast(copies.c.i, sa.String)
        return sa.case((table.c.key == "seed", seed), (lmbda, copies.c.lmbda), else_=column)
    if column.name == "value" and table.name == "tags":
        return sa.case((table.c.key == "nnexp.fingerprint", copies.c.mark), else_=column)
    return column
