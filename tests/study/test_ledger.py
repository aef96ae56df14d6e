"""The ledger of test data: what it counts, and that runs which were read are not read again."""

from __future__ import annotations

import pandas as pd
import pytest

from nnexp.record.store import Store, open_store
from nnexp.study.frames import runs_in
from nnexp.study.ledger import COUNTED, Ledger, ledger
from tests.inside import inside
from tests.stores import address

TINY = (
    "size=100",
    "data.n_validation=100",
    "model.hidden=[3]",
    "sweep.workers=1",
    "tracking.artifacts=none",
)
EACH = ("monitor.test=epoch", "train.epochs=4", "stop=early", "stop.patience=1")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Runs that looked once, after each epoch, and never; one more in another experiment."""
    folder = tmp_path_factory.mktemp("ledger")
    for words in (
        ("-m", "train.epochs=1", "monitor.test=end,never"),
        ("-m", *EACH, "train.eta=0.5,1e30", "model.activation=relu", "cost=loglikelihood"),
        ("monitor.test=epoch", "train.epochs=2", "tracking.experiment=other"),
        (
            *("monitor.test=epoch", "train.epochs=5", "monitor.every=2"),
            "tracking.experiment=other",
        ),
    ):
        inside(folder, *TINY, *words)
    return open_store(address(folder))


def test_looks_are_counted_once_or_after_each_measured_epoch(store: Store) -> None:
    frame = runs_in(store, "nnexp", tags=COUNTED).set_index("status")
    (failed,), digests = frame.loc[["FAILED"], "epochs"], set(frame["data"])
    each = frame.loc["FINISHED"].query("`monitor.test` == 'epoch' and `monitor.every` == 1")
    (epochs,) = each["epochs"]
    assert 1 <= int(epochs) < 4
    assert failed == ""  # It diverged in its first epoch: the untrained network was looked at.
    of_other = 3 + 4  # Of 2 epochs; of 5, measured after 0, 2, 4 and 5.
    assert ledger(store, digests) == Ledger(5, 1 + (int(epochs) + 1) + 1 + of_other)


@pytest.mark.parametrize("names", [["nnexp"], ["other"], ["nnexp", "other"]])
def test_runs_that_were_read_count_as_those_that_the_store_is_asked_for(
    store: Store, names: list[str]
) -> None:
    frames = [runs_in(store, n, tags=COUNTED).assign(experiment=n) for n in names]
    whole = pd.concat(frames, ignore_index=True)
    digests = set(whole["data"])
    assert ledger(store, digests, whole) == ledger(store, digests)
    assert ledger(store, {"0" * 64, ""}, whole) == Ledger(0, 0)
