"""Summary runs: the mean over seeds with its interval, once per setting, apart from the runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

import nnexp
from nnexp.record import untrained_runs
from nnexp.record.summary import MOST_VALUES, means
from tests.runner.typed import client, histories, recorded
from tests.runner.typed import nnexp as typed
from tests.stores import address

SWEEP = ("size=100", "train.epochs=2", "reg=none,l2")


def uri(folder: Path) -> dict[str, str]:
    return {"tracking.uri": address(folder), "tracking.artifacts": "light"}


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("summary")
    nnexp.sweep(*SWEEP, uri(folder), seed=range(3), quiet=True)
    return folder


def by_reg(folder: Path) -> dict[str, Any]:
    return {run.data.params["reg.name"]: run for run in recorded(folder, "summary")}


def test_each_setting_has_its_mean_and_students_interval_at_every_epoch(swept: Path) -> None:
    (parent,) = recorded(swept, "sweep")
    summaries = by_reg(swept)
    assert set(summaries) == {"none", "l2"}
    assert len({run.data.tags["mlflow.runColor"] for run in summaries.values()}) == 2
    summary = summaries["l2"]
    assert summary.info.run_name == "l2 λ0.01 crossentropy 100 2 epochs mean of 3 seeds"
    assert summary.info.status == "FINISHED"
    assert summary.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert summary.data.params["n_seeds"] == "3"
    assert "seed" not in summary.data.params
    assert "Mean of 3 runs" in summary.data.tags["mlflow.note.content"]
    runs = [r for r in recorded(swept) if r.data.params["reg.name"] == "l2"]
    children = [histories(swept, run.info.run_id) for run in runs]
    found = histories(swept, summary.info.run_id)
    assert {name for name in found if not name.endswith(("_low", "_high"))} == set(children[0])
    for name in children[0]:
        for at, (step, value) in enumerate(found[name]):
            values = [child[name][at][1] for child in children]
            assert value == pytest.approx(sum(values) / 3)
            bounded = name.startswith("gap/") or name.endswith(("/cost", "accuracy"))
            assert (f"{name}_low" in found) == (f"{name}_high" in found) == bounded
            if bounded and stats.sem(values):
                low, high = stats.t.interval(0.95, 2, value, stats.sem(values))
                assert found[f"{name}_low"][at] == (step, pytest.approx(low))
                assert found[f"{name}_high"][at] == (step, pytest.approx(high))
    assert [step for step, _ in found["train/cost"]] == [0, 1, 2]


def test_the_same_sweep_again_keeps_them_and_mends_half_ones(swept: Path) -> None:
    before = {name: run.info.run_id for name, run in by_reg(swept).items()}
    # What a kill in the middle leaves: a run that is still marked as running, of a process gone.
    client(swept).update_run(before["l2"], status="RUNNING")
    client(swept).set_tag(before["l2"], "nnexp.pid_started", "0")
    nnexp.sweep(*SWEEP, uri(swept), seed=range(3), quiet=True)
    after = {name: run.info.run_id for name, run in by_reg(swept).items()}
    assert len(recorded(swept, "summary")) == 2
    assert after["none"] == before["none"]
    assert after["l2"] != before["l2"]
    assert all(run.info.status == "FINISHED" for run in recorded(swept, "summary"))


def test_that_the_same_sweep_ends_elsewhere_at_the_same_time_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its machine puts our half summaries into the bin; "the store does not answer" was said."""
    sent = untrained_runs.log

    def after_them(store: Any, run_id: str, *rest: Any) -> None:
        client(tmp_path).delete_run(run_id)
        sent(store, run_id, *rest)

    monkeypatch.setattr(untrained_runs, "log", after_them)
    nnexp.sweep("size=100", "train.epochs=1", uri(tmp_path), seed=range(2))
    said = capsys.readouterr()
    assert "does not answer" not in said.out + said.err
    assert [run.info.status for run in recorded(tmp_path, "sweep")] == ["FINISHED"]


def test_they_are_no_runs(swept: Path) -> None:
    address = uri(swept)["tracking.uri"]
    assert len(nnexp.study.runs(address)) == 6
    assert set(nnexp.study.curves(address)["run_id"]) == set(nnexp.study.runs(address)["run_id"])
    assert len(nnexp.study.runs(address, kind="summary")) == 2
    (parent,) = recorded(swept, "sweep")
    assert " 6     6       0        0" in typed(swept, "sweeps").stdout
    verified = typed(swept, "verify", "--sweep", parent.info.run_id)
    assert "6 of 6 runs verified" in verified.stdout


def test_a_sweep_without_several_seeds_records_none(tmp_path: Path) -> None:
    nnexp.sweep(*SWEEP, uri(tmp_path), quiet=True)
    assert recorded(tmp_path, "summary") == []
    assert [run.info.run_name for run in recorded(tmp_path, "sweep")] == ["sweep of 2 runs: reg"]


def test_where_they_would_take_long_the_sweep_says_that_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in MOST_VALUES:
        monkeypatch.setitem(MOST_VALUES, kind, 50)
    nnexp.sweep(*SWEEP, uri(tmp_path), seed=range(2))
    assert recorded(tmp_path, "summary") == []
    assert len(recorded(tmp_path)) == 4
    said = capsys.readouterr()
    assert "values would be read and written, more than 50; compare and report have them" in (
        " ".join((said.out + said.err).split())
    )


def test_curves_go_as_far_as_all_runs_and_final_values_are_kept() -> None:
    rows = [("a", "cost", step, 1.0 + step) for step in range(3)]
    rows += [("b", "cost", step, 3.0 + step) for step in range(5)]
    rows += [("a", "best/epoch", 2, 1.0), ("b", "best/epoch", 4, 3.0)]
    rows += [("a", "time/train_seconds", 2, 9.0), ("b", "time/train_seconds", 4, 9.0)]
    long = pd.DataFrame(rows, columns=["run_id", "metric", "step", "value"]).assign(setting="x")
    found = means(long).set_index(["metric", "step"])["mean"].to_dict()
    assert found == {
        ("best/epoch", 2): 2.0,
        ("cost", 0): 2.0,
        ("cost", 1): 3.0,
        ("cost", 2): 4.0,
    }


def test_means_of_one_setting_in_two_sweeps_are_told_apart_by_their_names(tmp_path: Path) -> None:
    for seeds in (range(2), range(2, 5), (0, 7)):
        nnexp.sweep("size=100", "train.epochs=1", uri(tmp_path), seed=seeds, quiet=True)
    names = {str(run.info.run_name) for run in recorded(tmp_path, "summary")}
    setting = "crossentropy 100 1 epoch mean of"
    assert names == {
        f"{setting} 2 seeds",
        f"seeds2-4 {setting} 3 seeds",
        f"seeds0,7 {setting} 2 seeds",
    }
