"""What has ended in a search is recorded while it trains on; also when stopped or not alone."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

from nnexp.record.log import RunLog
from nnexp.record.log_folder import LOG, RUNS
from tests.runner.typed import nnexp, recorded, start

SEARCH = (
    *("search", "size=1k", "train.epochs=9", "sweep.workers=2", "train.eta=log(0.01,3)"),
    *("--trials", "8", "--seeds", "3"),
)


def finished(folder: Path) -> list[str]:
    """Fingerprints of the finished runs."""
    runs = [run for run in recorded(folder) if run.info.status == "FINISHED"]
    return [run.data.tags["nnexp.fingerprint"] for run in runs]


def test_an_interrupted_search_leaves_nothing_that_has_ended_unrecorded(tmp_path: Path) -> None:
    process = start(tmp_path, *SEARCH)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("race of"):
            break
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert len(finished(tmp_path)) >= 4, "the finalists, with their first seed"
    left = [RunLog(log.parent) for log in (tmp_path / ".nnexp" / RUNS).glob(f"*/{LOG}")]
    # The search itself, to be gone on with, has ended too, and the store has been told so.
    assert [
        log.key for log in left if log.logged.ended and log.logged.tags["nnexp.kind"] == "run"
    ] == []
    assert nnexp(tmp_path, *SEARCH).returncode == 0
    assert not [mark for mark, count in Counter(finished(tmp_path)).items() if count > 1]


def test_two_searches_at_once_train_no_run_twice(tmp_path: Path) -> None:
    """They have their trials in common, and differ in how the chosen setting is tested."""
    first = start(tmp_path, *SEARCH, "--fresh", "2")
    second = start(tmp_path, *SEARCH, "--fresh", "3")
    for process in (first, second):
        said, _ = process.communicate()
        assert process.returncode == 0, said
    twice = {mark: count for mark, count in Counter(finished(tmp_path)).items() if count > 1}
    assert not twice
