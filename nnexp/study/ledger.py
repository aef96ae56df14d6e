"""The ledger of test data: how often they were looked at in a store, and whether to choose by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from nnexp.config.plurals import some
from nnexp.record.store import Store
from nnexp.record.sweep import tags_where
from nnexp.study.frames import TAGS
from nnexp.study.lookup import all_experiments

COUNTED = (*TAGS, "epochs")
"""The tags that frames have as columns of which looks are counted."""

_FINISHED = "tags.`nnexp.kind` = 'run' and attributes.status = 'FINISHED'"


@dataclass(frozen=True)
class Ledger:
    """Looks at the test data of some data sets."""

    runs: int
    """Finished runs that looked at them."""
    looks: int
    """Once a run; with `monitor.test=epoch` once an epoch, the untrained network included."""

    def __str__(self) -> str:
        times = "once" if self.looks == 1 else f"{self.looks:,} times"
        return f"test data were looked at {times} in this store, by {some(self.runs, 'run')}"


def ledger(store: Store, digests: Collection[str], whole: pd.DataFrame | None = None) -> Ledger:
    """Looks at the test data of the data sets with these digests (`nnexp.data`), all experiments.

    `whole` holds all runs of some experiments, which are not read again: a frame of
    `study.runs` with the tags `COUNTED` and a column `experiment`. A run trained by a process that
    was killed, or that failed, had not looked at the end.
    """
    wanted, there = set(digests) - {""}, all_experiments(store)
    once, each = 0, list[int]()
    if whole is not None and "monitor.test" in whole:
        there = {n: name for n, name in there.items() if name not in set(whole["experiment"])}
        read = whole[(whole["status"] == "FINISHED") & whole["data"].isin(wanted)]
        once = int((read["monitor.test"] == "end").sum())
        each = _numbers(read.loc[read["monitor.test"] == "epoch", "epochs"])
    for digest in wanted:
        where = f"{_FINISHED} and tags.`nnexp.data` = '{digest}' and params.`monitor.test` = "
        once += len(_epochs(store, list(there), f"{where}'end'"))
        each += _epochs(store, list(there), f"{where}'epoch'")
    return Ledger(once + len(each), once + sum(n + 1 for n in each))


def is_of_test_data(metric: str) -> bool:
    """Whether to choose by a metric is to choose on test data."""
    return metric.startswith(("test/", "best/test_", "gap/"))


def _epochs(store: Store, experiments: Sequence[str], where: str) -> list[int]:
    """Of the runs that a filter lets through, the epochs that they were trained for."""
    return _numbers(n for (n,), _ in tags_where(store, experiments, where, "nnexp.epochs"))


def _numbers(tags: Iterable[str | None]) -> list[int]:
    return [int(n) if n and n.isdigit() else 0 for n in tags]
