"""Curves from elsewhere: what is refused, and that nothing is lost or half recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from nnexp.record.store import open_store
from nnexp.record.untrained_runs import record_curves
from tests.inside import inside
from tests.record.stored import restore
from tests.stores import address

NAME = "a paper"
Values = dict[str, list[tuple[int, float]]]


def import_curve(folder: Path, text: str) -> tuple[int, str]:
    (folder / "paper.csv").write_text(text, encoding="utf-8")
    done = inside(folder, "import-curve", "paper.csv", "--name", NAME)
    assert done.stderr.count("\n") == (done.returncode != 0)
    return done.returncode, done.stderr


def published(folder: Path) -> list[tuple[str, Values]]:
    """Status and values of the imported runs, deleted ones left out."""
    client = MlflowClient(address(folder))
    experiments = [e.experiment_id for e in client.search_experiments()]
    runs = client.search_runs(experiments, "tags.`nnexp.kind` = 'published'")
    return [
        (
            run.info.status,
            {
                name: [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)]
                for name in run.data.metrics
            },
        )
        for run in runs
    ]


def test_empty_cells_are_gaps_and_a_refused_file_leaves_the_curve_of_before(
    tmp_path: Path,
) -> None:
    restore(tmp_path)
    whole = "step,test/accuracy,train/cost\n1,0.5,\n2,,0.25\n3,0.75,0.125\n"
    assert import_curve(tmp_path, whole)[0] == 0
    values = {"test/accuracy": [(1, 0.5), (3, 0.75)], "train/cost": [(2, 0.25), (3, 0.125)]}
    assert published(tmp_path) == [("FINISHED", values)]
    for text, said in (
        ("step,a%\n1,0.5\n", "column 'a%'"),
        ("step,../a\n1,0.5\n", "column '../a'"),
        ("step,a\n1,inf\n2,0.5\n", "infinite values"),
        ("step,a\n1,nan\n2,0.5\n", "column a holds text"),
        ("step,a\n1,True\n", "column a holds text"),
        ("step,a,b\n1,0.5,\n", "column b is empty"),
        ("step,a\n,0.5\n2,0.5\n", "column step"),
        ("step,a\n1e300,0.5\n", "column step"),
    ):
        code, error = import_curve(tmp_path, text)
        assert code == 2, text
        assert said in error
    assert published(tmp_path) == [("FINISHED", values)]
    assert import_curve(tmp_path, "step,test/accuracy\n1,0.5\n")[0] == 0
    assert published(tmp_path) == [("FINISHED", {"test/accuracy": [(1, 0.5)]})]


def test_a_curve_that_the_store_refuses_leaves_that_of_before_and_no_run(tmp_path: Path) -> None:
    restore(tmp_path)
    store = open_store(address(tmp_path))
    good, bad = {"a": [(1, 0.5)]}, {"a%": [(1, 0.5)]}
    record_curves(store, "1", NAME, good, {}, "", {})
    with pytest.raises(MlflowException):
        record_curves(store, "1", NAME, bad, {}, "", {})
    assert published(tmp_path) == [("FINISHED", {"a": [(1, 0.5)]})]
