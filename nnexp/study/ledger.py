"""The ledger of test data: how often they were looked at in a store, and whether to choose by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from nnexp.config.plurals import some
from nnexp.record.store import Store
from nnexp.record.store_sql import curves_of_ids, database, run_ids
from nnexp.record.sweep import runs_where, tags_where
from nnexp.study.frames import TAGS
from nnexp.study.lookup import all_experiments

COUNTED = (*TAGS, "epochs")
"""The tags that frames have as columns of which looks are counted."""

_MEASURED = "test/cost"
"""What is recorded at every look."""

_RUN = "tags.`nnexp.kind` = 'run'"
_FINISHED = "attributes.status = 'FINISHED'"
_NOT_FINISHED = "attributes.status != 'FINISHED'"
_EACH = "params.`monitor.test` = 'epoch'"
_EVERY_EPOCH = "params.`monitor.every` = '1'"
_NOT_EVERY_EPOCH = "params.`monitor.every` != '1'"


@dataclass(frozen=True)
class Ledger:
    """Looks at the test data of some data sets."""

    runs: int
    """Runs that looked at them, finished or not."""
    looks: int
    """Once a run; with `monitor.test=epoch` once a measured epoch, the untrained network too."""

    def __str__(self) -> str:
        times = "once" if self.looks == 1 else f"{self.looks:,} times"
        return f"test data were looked at {times} in this store, by {some(self.runs, 'run')}"


def ledger(store: Store, digests: Collection[str], whole: pd.DataFrame | None = None) -> Ledger:
    """Looks at the test data of the data sets with these digests (`nnexp.data`), all experiments.

    `whole` holds all runs of some experiments, which are not read again: a frame of
    `study.runs` with the tags `COUNTED` and a column `experiment`. A run that failed, was stopped
    or is still trained has not looked at the end, but with `monitor.test=epoch` after each epoch.
    """
    wanted, there = set(digests) - {""}, all_experiments(store)
    once, each, others = 0, list[int](), list[str]()
    if whole is not None and "monitor.test" in whole:
        there = {n: name for n, name in there.items() if name not in set(whole["experiment"])}
        once, each, others = _of_frame(whole[whole["data"].isin(wanted)])
    for digest in wanted:
        of_data = f"{_RUN} and tags.`nnexp.data` = '{digest}'"
        at_end = f"{of_data} and {_FINISHED} and params.`monitor.test` = 'end'"
        once += len(_epochs(store, list(there), at_end))
        finished = f"{of_data} and {_EACH} and {_FINISHED}"
        each += _epochs(store, list(there), f"{finished} and {_EVERY_EPOCH}")
        others += _ids(store, list(there), f"{finished} and {_NOT_EVERY_EPOCH}")
        others += _ids(store, list(there), f"{of_data} and {_EACH} and {_NOT_FINISHED}")
    measured = curves_of_ids(store, others, [_MEASURED]) if others else pd.DataFrame({"run_id": []})
    looked = once + len(each) + measured["run_id"].nunique()
    return Ledger(looked, once + sum(n + 1 for n in each) + len(measured))


def is_of_test_data(metric: str) -> bool:
    """Whether to choose by a metric is to choose on test data."""
    return metric.startswith(("test/", "best/test_", "gap/"))


def _of_frame(runs: pd.DataFrame) -> tuple[int, list[int], list[str]]:
    """Runs that looked once; epochs of those that looked after each; ids of those to be asked."""
    finished, each = runs["status"] == "FINISHED", runs["monitor.test"] == "epoch"
    plain = finished & each
    if "monitor.every" in runs:
        plain &= runs["monitor.every"] == 1
    once = int((finished & (runs["monitor.test"] == "end")).sum())
    return once, _numbers(runs.loc[plain, "epochs"]), list(runs.loc[each & ~plain, "run_id"])


def _ids(store: Store, experiments: Sequence[str], where: str) -> list[str]:
    """The runs that a filter lets through."""
    if (inner := database(store)) is None:
        return [str(run.info.run_id) for run in runs_where(store, experiments, where)]
    return [run_id for number in experiments for run_id in run_ids(inner, number, where)]


def _epochs(store: Store, experiments: Sequence[str], where: str) -> list[int]:
    """Of the runs that a filter lets through, the epochs that they were trained for."""
    return _numbers(n for (n,), _ in tags_where(store, experiments, where, "nnexp.epochs"))


def _numbers(tags: Iterable[str | None]) -> list[int]:
    return [int(n) if n and n.isdigit() else 0 for n in tags]
