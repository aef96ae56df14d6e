"""The ledger of test data: how often they were looked at in a store, and whether to choose by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from nnexp.config.plurals import some
from nnexp.record.store import Store
from nnexp.record.sweep import tags_where
from nnexp.study.lookup import all_experiments

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


def ledger(store: Store, digests: Collection[str]) -> Ledger:
    """Looks at the test data of the data sets with these digests (`nnexp.data`), all experiments.

    A run trained by a process that was killed, or that failed, had not looked at the end.
    """
    runs = looks = 0
    for experiment in all_experiments(store):
        for digest in sorted(set(digests) - {""}):
            where = f"{_FINISHED} and tags.`nnexp.data` = '{digest}' and params.`monitor.test` = "
            once = len(_epochs(store, experiment, f"{where}'end'"))
            each = _epochs(store, experiment, f"{where}'epoch'")
            runs, looks = runs + once + len(each), looks + once + sum(n + 1 for n in each)
    return Ledger(runs, looks)


def is_of_test_data(metric: str) -> bool:
    """Whether to choose by a metric is to choose on test data."""
    return metric.startswith(("test/", "best/test_", "gap/"))


def _epochs(store: Store, experiment: str, where: str) -> list[int]:
    """Of the runs that a filter lets through, the epochs that they were trained for."""
    found = tags_where(store, experiment, where, "nnexp.epochs")
    return [int(n) if n and n.isdigit() else 0 for n, _ in found]
