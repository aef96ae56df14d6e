"""A search that is killed again and again ends as one that was left alone."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.runner.typed import nnexp, recorded, start

SEARCH = (
    *("search", "size=1k", "train.epochs=18", "reg=l2", "sweep.workers=2"),
    *("train.eta=log(0.01,3)", "reg.lmbda=log(0.001,10)"),
    *("--trials", "16", "--seeds", "4", "--fresh", "2", "--format", "json"),
)


def result(folder: Path) -> dict[str, Any]:
    """What a search in a folder comes to, but for the id of its parent."""
    done = nnexp(folder, *SEARCH, timeout=900)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    found.pop("search")
    return dict(found)


def killed(folder: Path, rng: random.Random) -> None:
    """Start the search and kill it, hard, at some time after some of its lines."""
    process, lines = start(folder, *SEARCH), rng.randint(1, 12)
    assert process.stdout is not None
    for line in process.stdout:
        lines -= line.startswith(("[", "trial", "race", "chosen"))
        if not lines:
            break
    time.sleep(rng.uniform(0.0, 0.5))
    process.kill()
    process.communicate()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_search_killed_five_times_ends_as_one_left_alone(tmp_path: Path) -> None:
    undisturbed, folder = tmp_path / "undisturbed", tmp_path / "disturbed"
    undisturbed.mkdir()
    folder.mkdir()
    rng = random.Random(4)
    for _ in range(5):
        killed(folder, rng)
    assert result(folder) == result(undisturbed)
    (parent,) = recorded(folder, "sweep")
    assert parent.info.status == "FINISHED"
    marks = [run.data.tags["nnexp.fingerprint"] for run in recorded(folder)]
    assert sorted(marks) == sorted(
        run.data.tags["nnexp.fingerprint"] for run in recorded(undisturbed)
    )
    assert not list((folder / ".nnexp").glob("*.checkpoint*"))
