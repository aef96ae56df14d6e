"""runs, compare, show, report, verify, import-curve: typed on a store of really trained runs."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from nnexp.study.frames import curves, runs
from tests.inside import inside as nnexp
from tests.runner.typed import histories, recorded
from tests.stores import address, execute

SWEEP = ("-m", "size=100", "train.epochs=3", "reg=none,l2", "seed=range(5)", "monitor.test=epoch")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    done = nnexp(folder, *SWEEP)
    assert done.returncode == 0, done.stderr
    return folder


def uri(folder: Path) -> str:
    return address(folder)


def test_frames_hold_what_the_record_holds(store: Path) -> None:
    frame = runs(uri(store))
    assert len(frame) == 10
    long = curves(uri(store))
    for run in recorded(store)[:3]:
        row = frame[frame["run_id"] == run.info.run_id].iloc[0]
        assert row["test/accuracy"] == run.data.metrics["test/accuracy"]
        assert row["data.n_train"] == 100
        assert row["size"] == "100"
        mine = long[(long["run_id"] == run.info.run_id) & (long["metric"] == "train/cost")]
        pairs = sorted(zip(mine["step"], mine["value"], strict=True))
        assert pairs == histories(store, run.info.run_id)["train/cost"]


def test_csv_and_json_hold_nothing_else(store: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(nnexp(store, "runs", "--format", "csv").stdout)))
    assert len(rows) == 10
    assert {row["reg.name"] for row in rows} == {"none", "l2"}
    found = json.loads(nnexp(store, "runs", "--format", "json").stdout)
    assert len(found) == 10


def test_filters_are_mlflows(store: Path) -> None:
    done = nnexp(store, "runs", "--where", "params.`reg.name` = 'l2'", "--format", "json")
    assert len(json.loads(done.stdout)) == 5
    wrong = nnexp(store, "runs", "--where", "nonsense")
    assert wrong.returncode == 2
    assert wrong.stderr.count("\n") == 1
    assert "--where nonsense" in wrong.stderr


def test_compare_pairs_by_seed_and_names_its_command(store: Path) -> None:
    typed = ("compare", "--by", "reg", "--metric", "train/penalty")
    found = json.loads(nnexp(store, *typed, "--format", "json").stdout)
    assert {s["setting"] for s in found["settings"]} == {"none", "l2"}
    assert all(s["n"] == 5 for s in found["settings"])
    (pair,) = found["pairs"]
    assert pair["paired"]
    assert pair["resolved"]
    text = nnexp(store, *typed).stdout
    assert "python -m nnexp compare --by reg --metric train/penalty" in text
    assert re.search(r"l2 is higher than none|none is lower than l2", text)


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        (("compare", "--by", "regg"), "--by regg"),
        (("compare", "--by", "regg"), "did you mean reg?"),
        (("compare", "--by", "epochs2"), "did you mean train.epochs?"),
        (("compare", "--by", "reg", "--pair", "seeds"), "did you mean seed?"),
        (("compare", "--by", "reg", "dropout"), "several keys are --by reg,dropout"),
        (("compare", "--by", "reg", "--metric", "tst/accuracy"), "--metric tst/accuracy"),
        (("compare", "--by", "reg", "--metric", "tst/accuracy"), "did you mean test/accuracy?"),
        (("compare", "--by", "reg", "--experiment", "nnexpp"), "did you mean nnexp?"),
        (("show", "0000000"), "RUN_ID 0000000"),
        (("verify", "xyz"), "RUN_ID"),
        (("report", "nothing"), "experiment nothing"),
    ],
)
def test_wrong_requests_end_in_one_line(store: Path, typed: tuple[str, ...], named: str) -> None:
    done = nnexp(store, *typed)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert named in done.stderr


def test_show_makes_figures_and_model_from_the_record(store: Path, tmp_path: Path) -> None:
    run_id = recorded(store)[0].info.run_id
    typed = ("--figures", str(tmp_path / "figures"), "--model", str(tmp_path / "model"))
    done = nnexp(store, "show", run_id[:12], *typed)
    assert done.returncode == 0, done.stderr
    assert "test images wrong" in done.stdout
    assert (tmp_path / "figures" / "confusion.png").stat().st_size > 5000
    assert (tmp_path / "model" / "MLmodel").exists()


def test_verify_trains_again_and_finds_the_same_bits(store: Path) -> None:
    (parent,) = recorded(store, "sweep")
    done = nnexp(store, "verify", "--sweep", parent.info.run_id[:10])
    assert done.returncode == 0, done.stdout
    assert "10 of 10 runs verified" in done.stdout
    assert "values and the weights" in done.stdout


def test_verify_names_the_first_value_that_differs(store: Path) -> None:
    run = recorded(store)[-1]
    changed = "update metrics set value = value + 1e-9 where run_uuid = ? and key = ? and step = 2"
    execute(store, changed, run.info.run_id, "train/cost")
    done = nnexp(store, "verify", run.info.run_id)
    assert done.returncode == 1
    assert "DIFFERS: 1 of" in done.stdout
    assert "train/cost at step 2" in done.stdout


def test_imported_curve_is_kept_apart_from_runs(store: Path) -> None:
    (store / "paper.csv").write_text("step,test/accuracy\n1,0.5\n2,0.75\n", encoding="utf-8")
    done = nnexp(store, "import-curve", "paper.csv", "--name", "<b>paper</b>")
    assert done.returncode == 0, done.stderr
    (curve,) = recorded(store, "published")
    assert histories(store, curve.info.run_id)["test/accuracy"] == [(1, 0.5), (2, 0.75)]
    assert len(runs(uri(store))) == 10
    (store / "bad.csv").write_text("epoch,x\n1,a\n", encoding="utf-8")
    wrong = nnexp(store, "import-curve", "bad.csv", "--name", "x")
    assert wrong.returncode == 2
    assert "bad.csv" in wrong.stderr


@pytest.mark.slow
def test_a_sweep_among_other_runs_is_chosen_by_its_id(tmp_path: Path) -> None:
    typed = ("size=100", "tracking.artifacts=light")
    swept = nnexp(tmp_path, "-m", *typed, "train.epochs=2", "reg=none,l2", "seed=range(5)")
    (line,) = (x for x in swept.stdout.splitlines() if x.startswith("compare"))
    assert nnexp(tmp_path, *typed, "train.epochs=3", "seed=7").returncode == 0
    mixed = nnexp(tmp_path, "compare", "--by", "reg")
    assert "not judged" in mixed.stdout
    assert "runs of one setting differ in train.epochs too" in mixed.stdout
    found = nnexp(tmp_path, *line.split()[4:])
    assert found.returncode == 0, found.stderr
    assert "not judged" not in found.stdout
    listed = nnexp(tmp_path, "runs", *line.split()[-2:], "--format", "json")
    assert len(json.loads(listed.stdout)) == 10
    refused = nnexp(tmp_path, "compare", "--by", "reg", "--sweep", "ffff")
    assert refused.returncode == 2
    assert "--sweep ffff: no runs" in refused.stderr


def test_several_experiments_and_sweeps_are_compared_together(tmp_path: Path) -> None:
    typed = ("-m", "size=100", "train.epochs=1", "seed=0,1", "tracking.artifacts=none")
    first = nnexp(tmp_path, *typed, "reg=none,l2", "tracking.experiment=a")
    assert nnexp(tmp_path, *typed, "reg=none", "cost=quadratic", "tracking.experiment=b").stdout
    (line,) = (x for x in first.stdout.splitlines() if x.startswith("compare"))
    sweep = line.split()[-1]
    assert line.split()[4:] == ["compare", "--sweep", sweep]
    one = json.loads(nnexp(tmp_path, "compare", "--sweep", sweep, "--format", "json").stdout)
    assert (one["by"], len(one["pairs"]), len(one["effects"])) == (["reg"], 1, 1)
    assert one["answer"][0].startswith("Highest test/accuracy: reg=")
    both = ("compare", "--experiment", "a", "--experiment", "b", "--metric", "test/data_cost")
    filters = ("--where", "params.`reg.name` = 'none'", "--where", "params.size = '100'")
    found = json.loads(nnexp(tmp_path, *both, *filters, "--format", "json").stdout)
    assert found["by"] == ["experiment"]
    assert [s["label"] for s in found["settings"]] == ["experiment=a", "experiment=b"]
    assert [s["n"] for s in found["settings"]] == [2, 2]
    rows = list(csv.DictReader(io.StringIO(nnexp(tmp_path, *both, "--format", "csv").stdout)))
    assert {row["kind"] for row in rows} == {"setting", "pair", "effect"}
    refused = nnexp(tmp_path, *both, "--sweep", sweep, "--sweep", "ffff")
    assert "--sweep ffff: no recorded sweep with an id that begins so" in refused.stderr


@pytest.mark.slow
def test_early_stopping_shows_one_epoch_in_all_columns(tmp_path: Path) -> None:
    typed = ("size=1k", "train.epochs=60", "stop=early", "stop.patience=3", "init=large")
    first = nnexp(tmp_path, *typed, "tracking.artifacts=light").stdout
    again = nnexp(tmp_path, *typed, "tracking.artifacts=light").stdout
    (run,) = recorded(tmp_path)
    epoch = int(run.data.metrics["best/epoch"])
    assert epoch < int(run.data.tags["nnexp.epochs"])
    values = histories(tmp_path, run.info.run_id)
    shown = [f"{dict(values[f'{part}/accuracy'])[epoch]:.2%}" for part in ("train", "validation")]
    shown.append(f"{run.data.metrics['best/test_accuracy']:.2%}")
    for said in (first, again, nnexp(tmp_path, "show", run.info.run_id).stdout):
        (line,) = (x for x in said.splitlines() if x.startswith("accuracy "))
        assert line.split()[1:] == shown
