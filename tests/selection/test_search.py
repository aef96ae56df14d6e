"""A search as it is typed: what it records, that it repeats, and that test data stay shut."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import nnexp
from nnexp.data.dataset import MNIST_FOLDER
from nnexp.errors import UserError
from nnexp.record.store import open_store
from nnexp.report import labels
from nnexp.report.report_data import gather
from nnexp.selection.plan import Asked
from nnexp.study.exchange.results import open_results, problems
from nnexp.study.searched import searches
from tests import own_parts
from tests.cli.command import Typed, history
from tests.docs.test_schemas import schema
from tests.inside import inside
from tests.runner.typed import client, recorded
from tests.stores import address

SMALL = (
    *("search", "size=100", "data.n_validation=200", "model.hidden=[5]", "train.epochs=9"),
    *("train.eta=log(0.01,3)", "reg=l2", "reg.lmbda=log(0.01,1)", "sweep.workers=1"),
    *("--trials", "8", "--seeds", "2", "--finalists", "2", "--fresh", "2"),
)


def found(done: Typed) -> dict[str, Any]:
    """What a search said as JSON, but for the id of its parent."""
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    Draft202012Validator(schema("search")).validate(printed)
    (result,) = printed
    result.pop("search")
    return dict(result)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    folder = tmp_path_factory.mktemp("search")
    told = f"tracking.notify=tee {folder}/told.json"
    return inside(folder, *SMALL, told, "--format", "json")


def test_who_was_named_is_told_of_its_end(done: Typed) -> None:
    told = json.loads((done.folder / "told.json").read_text())
    (parent,) = recorded(done.folder, "sweep")
    assert (told["kind"], told["status"], told["id"]) == (
        "search",
        "FINISHED",
        parent.info.run_id,
    )
    assert told["command"] == parent.data.tags["nnexp.command"]
    assert "told.json" not in "".join(parent.data.tags.values())


def test_trials_are_children_of_one_parent_and_the_given_up_are_marked(done: Typed) -> None:
    result = found(done)
    (parent,) = recorded(done.folder, "sweep")
    runs = recorded(done.folder)
    assert parent.info.status == "FINISHED"
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {parent.info.run_id}
    tags = parent.data.tags
    assert tags["nnexp.chosen"] == " ".join(f"{k}={v}" for k, v in result["best"].items())
    stages = [run.data.tags["nnexp.stage"] for run in runs]
    assert {s: stages.count(s) for s in stages} == {"trial": 8, "race": 4, "final": 2}
    given_up = [run for run in runs if "nnexp.pruned" in run.data.tags]
    assert {run.info.status for run in given_up} == {"KILLED"}
    assert len(given_up) == sum(t["state"] == "pruned" for t in result["trials"]) > 0
    for run in given_up:
        curve = history(client(done.folder), run)["validation/accuracy"]
        assert max(curve) == int(run.data.tags["nnexp.pruned"]) < 9


def test_lines_and_table_call_a_trial_by_the_same_number(done: Typed) -> None:
    named = [line for line in done.stderr.splitlines() if re.match(r"trial \d+: ", line)]
    assert len(named) == 14 - sum(t["state"] == "pruned" for t in found(done)["trials"])
    points = {t["trial"]: t for t in found(done)["trials"]}
    for line in named:
        point = points[int(line.split(":")[0].removeprefix("trial "))]
        assert f"η{float(point['train.eta']):.4g} " in line


def test_the_record_tells_the_search(done: Typed) -> None:
    result = found(done)
    (search,) = searches(open_store(address(done.folder)), ["nnexp"])
    told = [
        {
            "trial": t.number,
            **t.point,
            "value": t.value,
            "raced": {str(s): v for s, v in t.raced.items()},
        }
        for t in search.trials
    ]
    assert told == [{k: v for k, v in t.items() if k != "state"} for t in result["trials"]]
    assert [t.pruned is not None for t in search.trials] == [
        t["state"] == "pruned" for t in result["trials"]
    ]
    assert (search.best, search.centre.number) == (result["trial"], result["trial"])
    assert search.looks == result["looks"]
    fresh = search.fresh["validation/accuracy"]
    assert sum(fresh) / len(fresh) == result["fresh"]["validation/accuracy"]["mean"]
    assert len(search.fresh["test/accuracy"]) == 2


def test_its_report_opens_with_the_choice_and_draws_the_search(done: Typed) -> None:
    result = found(done)
    said = inside(done.folder, "report", "nnexp")
    assert said.returncode == 0, said.stderr
    best = ", ".join(f"{key} {value}" for key, value in result["best"].items())
    assert said.stdout.startswith(f"Chosen: {best}, on validation/accuracy by {result['looks']} ")
    folder = done.folder / "reports" / "nnexp"
    drawn = {path.stem for path in folder.glob("search_*.png")}
    assert drawn == {"search_trials", "search_responses", "search_map", "search_parallel"}
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "Trials of the search: train.eta, reg.lmbda" in page
    assert page.count(">given up after ") == sum(t["state"] == "pruned" for t in result["trials"])
    # Each setting is told by all keys that were searched, the chosen one first.
    settings = gather(open_store(address(done.folder)), ["nnexp"], None).settings
    chosen = [labels.said(key, value) for key, value in result["best"].items()]
    assert sorted(next(iter(settings.values()))) == sorted(chosen)
    # Test data that most runs must not look at are no second data set, and said once.
    assert "different data sets" not in page
    assert page.count("has looked at test data") == 1


def test_the_finished_runs_of_a_search_can_be_exported(done: Typed) -> None:
    (parent,) = recorded(done.folder, "sweep")
    finished = [run for run in recorded(done.folder) if run.info.status == "FINISHED"]
    for chosen in (("--experiment", "nnexp"), ("--sweep", parent.info.run_id)):
        said = inside(done.folder, "export", *chosen, "--out", "search.nnexp")
        assert said.returncode == 0, said.stderr
        with open_results(done.folder / "search.nnexp") as results:
            assert not list(problems(results))
            assert {r.id for r in results.manifest.runs} == {r.info.run_id for r in finished}
            assert results.manifest.sweeps == ()


def test_only_the_chosen_setting_is_tested_with_seeds_of_its_own(done: Typed) -> None:
    result, runs = found(done), recorded(done.folder)
    tested = [run for run in runs if any("test" in name for name in run.data.metrics)]
    assert {run.data.tags["nnexp.stage"] for run in tested} == {"final"}
    assert sorted(run.data.params["seed"] for run in tested) == ["3", "4"]
    for key, value in result["best"].items():
        assert {float(run.data.params[key]) for run in tested} == {float(value)}
    scores = [run.data.metrics["validation/accuracy"] for run in tested]
    assert result["fresh"]["validation/accuracy"]["mean"] == pytest.approx(sum(scores) / 2)
    assert result["looks"] == 8 + 4
    lines = inside(done.folder, "compare", "--metric", "test/accuracy").stdout
    assert "test data were looked at 2 times in this store, by 2 runs" in lines


def test_the_same_command_shows_the_same_search_and_trains_nothing(done: Typed) -> None:
    again = inside(done.folder, *SMALL, "--format", "json")
    assert again.stdout == done.stdout
    assert len(recorded(done.folder)) == 14
    listed = inside(done.folder, "sweeps").stdout
    assert "to go on" not in listed


def test_python_finds_it_too_and_the_table_says_what_to_do_next(
    done: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(done.folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    keys = [a for a in SMALL[1:] if "=" in a]
    search = nnexp.search(*keys, trials=8, seeds=2, finalists=2, fresh=2, quiet=True)
    assert search.best == found(done)["best"]
    assert len(search.trials) == 8
    assert [run.config.seed for run in search.runs] == [3, 4]
    assert search.test is not None
    assert search.test.n == 2
    assert f"repeat     {search.command}" in repr(search)
    assert f"recorded   {address(done.folder)}, experiment nnexp\n" in repr(search)
    assert f"report     python -m nnexp report --sweep {search.searched.sweep_id[:8]}\n" in repr(
        search
    )
    assert len(recorded(done.folder)) == 14


def without_test_files(folder: Path) -> Path:
    """MNIST's training files as `data=idx` reads them, and nothing else."""
    folder.mkdir()
    for part in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        with gzip.open(MNIST_FOLDER / f"{part}.gz") as zipped, open(folder / part, "wb") as plain:
            shutil.copyfileobj(zipped, plain)
    return folder


def test_test_files_are_not_opened_before_the_setting_is_chosen(tmp_path: Path) -> None:
    """Without them the search is carried out; with them the same command ends it."""
    root = without_test_files(tmp_path / "data")
    line = (*SMALL, "--sampler", "random", "data=idx", f"data.root={root}", "--format", "json")
    first = inside(tmp_path, *line)
    assert first.returncode == 2
    assert "no t10k-images file here" in first.stderr
    runs = recorded(tmp_path)
    assert len(runs) == 8 + 4
    assert {run.data.params["monitor.test"] for run in runs} == {"never"}
    for part in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        shutil.copy(MNIST_FOLDER / part, root)
    assert found(inside(tmp_path, *line))["fresh"]["test/accuracy"]["n"] == 2
    assert len(recorded(tmp_path)) == 8 + 4 + 2


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("train.eta=log(3,1)", "train.eta=log(3,1): allowed: two finite numbers, the lower one"),
        ("train.eta=0.1", "search: nothing to choose from; allowed: KEY=RANGE"),
        ("train.etaa=0.1,1", "train.etaa=0.1,1: unknown key; did you mean train.eta?"),
        ("seed=0,1", "seed=0,1: cannot be searched over"),
        ("reg.lmbda=log(1,2)", "reg.lmbda=log(1,2): at 1.414: has no effect here; allowed with"),
        (
            "reg=none,l1 reg.lmbda_l1=log(1,2)",
            "reg.lmbda_l1=log(1,2): at 1.0: has no effect here; allowed with reg=elastic",
        ),
        ("train.nesterov=true,false", "train.nesterov=true: has no effect here; allowed with"),
        ("size=100 train.batch_size=log(5,200)", "train.batch_size=log(5,200): at 200: allowed:"),
        ("model.hidden=10,20", "model.hidden=20: allowed: a list such as [30]"),
        ("tracking.uri=sqlite:///a,b.db train.eta=1,2", "uri=sqlite:///a,b.db: several values;"),
        ("dropout.hidden=uniform(0,1.5)", "dropout.hidden=uniform(0,1.5): at 1.5: allowed: 0 <="),
        ("train.eta=0.1,1 size=60k", "size=60k: there are no validation data to choose on"),
        ("train.eta=0.1,1 monitor.test=end", "monitor.test=end: a search never looks at test data"),
        ("train.eta=0.1,1 --metric test/accuracy", "--metric test/accuracy: a setting is chosen"),
        (
            "train.eta=0.1,1 size=100 sweep.executor=dask sweep.address=tcp://127.0.0.1",
            "sweep.address=tcp://127.0.0.1: no Dask scheduler answers there",
        ),
        ("train.eta=0.1,1 --for seed=0,1", "--for seed=0,1: allowed: a key that is not searched"),
        ("train.eta=1,2 size=1k --for size=1k,9", "--for size=1k,9: size=1k is asked for too"),
        ("train.eta=1,2 data.n_train=9 --for size=1k", "--for size=1k: data.n_train=9 is asked"),
        ("train.eta=1,2 reg.name=l2 --for reg=l1,l2", "--for reg=l1,l2: reg.name=l2 is asked for"),
        ("train.eta=1,2 train.eta=log(1,9)", "train.eta=log(1,9): train.eta=1,2 is asked for too"),
        ("train.eta=1,2 train.eta=3", "train.eta=1,2: train.eta=3 is asked for too; allowed: one"),
        ("train.eta=0.1,1 --sampler best", "--sampler best: allowed: tpe, random, grid"),
        ("train.eta=0.1,1 --budget 5", "allowed: a time such as 90s, 20min or 2h"),
        ("experiment=overfitting", "the preset sweeps over it, which a search cannot"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_one_line(
    typed: str, said: str, tmp_path: Path
) -> None:
    refused = inside(tmp_path, "search", *typed.split())
    assert refused.returncode == 2
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""
    assert not (tmp_path / "mlflow.db").exists()


def test_a_command_that_is_recorded_holds_no_address_of_who_is_told() -> None:
    asked = Asked(["train.eta=0.1,1", "tracking.notify=https://there/secret"])
    assert asked.command() == "python -m nnexp search train.eta=0.1,1"


def test_equal_trials_are_one_run_and_a_failed_one_is_not_to_be_retried(tmp_path: Path) -> None:
    size = ("size=100", "data.n_validation=200", "model.hidden=[5]", "train.epochs=1")
    few = ("--trials", "6", "--seeds", "1", "--finalists", "2", "--fresh", "1")
    line = ("search", *size, "train.eta=0.1,1", "sweep.workers=1", "--sampler", "random", *few)
    assert inside(tmp_path, *line).returncode == 0
    runs, (parent,) = recorded(tmp_path), recorded(tmp_path, "sweep")
    assert len(runs) == 2 + 2 + 1
    assert parent.data.tags["nnexp.total"] == "5"
    assert "to go on" not in inside(tmp_path, "sweeps").stdout
    client(tmp_path).set_terminated(runs[0].info.run_id, "FAILED")
    listed = inside(tmp_path, "sweeps").stdout
    assert listed.splitlines()[1].split()[-4:] == ["5", "4", "1", "0"]
    assert "--retry failed" not in listed


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"trials": 0}, "--trials 0: allowed: a whole number, 1 to 100,000"),
        ({"width": 2.5}, "--width 2.5: allowed: a whole number"),
        ({"fresh": "5"}, "--fresh '5': allowed: a whole number"),
        ({"budget": -1}, "--budget -1: allowed: a number of seconds above 0"),
        ({"budget": "20min"}, "--budget '20min': allowed: a number of seconds above 0"),
    ],
)
def test_options_from_python_are_looked_at_too(
    option: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=re.escape(said)):
        nnexp.search("train.eta=0.1,1", size="100", **option)
    assert not (tmp_path / "mlflow.db").exists()


def test_what_has_no_effect_in_a_trial_is_not_set(tmp_path: Path) -> None:
    """λ with reg=none: one run, whatever λ; the line that trains it can be typed."""
    size = ("size=100", "data.n_validation=200", "model.hidden=[5]", "train.epochs=1")
    few = ("--trials", "8", "--seeds", "1", "--finalists", "8", "--fresh", "1")
    tags = ("tracking.tags.paper=fig3", "tracking.note=one, two", "sweep.workers=1")
    spaces = ("reg=none,maxnorm", "reg.max_norm=log(0.001,0.002)")
    done = inside(tmp_path, "search", *spaces, *size, *tags, *few, "--sampler", "random")
    assert done.returncode == 0, done.stderr
    runs = recorded(tmp_path)
    assert {run.data.tags["paper"] for run in runs} == {"fig3"}
    trials = [run for run in runs if run.data.tags["nnexp.stage"] == "trial"]
    assert sum(run.data.params["reg.name"] == "none" for run in trials) == 1
    (parent,) = recorded(tmp_path, "sweep")
    assert parent.data.tags["nnexp.chosen"] == "reg=none"
    assert f"by {2 * len(trials)} looks" in done.stdout
    assert re.search(r"^\d +none +- ", done.stdout, re.MULTILINE)
    assert inside(tmp_path, "report", "nnexp").stdout.startswith("Chosen: reg none, on validation")
    assert "over 1 fresh seed;" in done.stdout
    (line,) = re.findall("train it   python -m nnexp (.*)", done.stdout)
    again = inside(tmp_path, *shlex.split(line), "sweep.dry_run=true")
    assert "recorded as" in again.stdout


def test_the_line_that_trains_the_choice_loads_what_it_needs(tmp_path: Path) -> None:
    own_parts.write(tmp_path)
    size = ("size=100", "data.n_validation=200", "model.hidden=[5]", "train.epochs=1")
    few = ("--trials", "2", "--seeds", "1", "--finalists", "2", "--fresh", "1")
    line = ("search", "reg=logarithmic", "reg.lmbda=0.1,1", *size, *few, "sweep.workers=1")
    done = inside(tmp_path, *line, "--load", "my_parts.py")
    assert done.returncode == 0, done.stderr
    assert re.search("train it   python -m nnexp .* --load my_parts.py\n", done.stdout)


def test_without_optuna_one_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    refused = inside(tmp_path, "search", "train.eta=0.1,1", "size=100")
    assert refused.returncode == 2
    assert "pip install 'nnexp[search]'; allowed without it: random, grid" in refused.stderr
    assert not (tmp_path / "mlflow.db").exists()


def test_searches_by_several_metrics_say_so_in_their_table(tmp_path: Path) -> None:
    """With stop=early the best epoch is chosen by; the table had the last one's accuracy there."""
    done = inside(
        tmp_path,
        *("search", "train.eta=0.1,1", "size=100", "data.n_validation=200", "model.hidden=[5]"),
        *("train.epochs=14", "--for", "stop=none,early", "--trials", "2", "--finalists", "1"),
        *("--seeds", "1", "--fresh", "1", "sweep.workers=1", "--format", "markdown"),
    )
    assert done.returncode == 0, done.stderr
    final = [r for r in recorded(tmp_path) if r.data.tags["nnexp.stage"] == "final"]
    names = {"none": "validation/accuracy", "early": "best/validation_accuracy"}
    assert sorted(r.data.params["stop.name"] for r in final) == ["early", "none"]
    for run in final:
        stop = run.data.params["stop.name"]
        (row,) = (x for x in done.stdout.splitlines() if x.startswith(f"| stop={stop} "))
        cells = [cell.strip() for cell in row.split("|")]
        assert cells[3] == f"{100 * run.data.metrics[names[stop]]:.1f}"
    assert final[0].data.metrics[names["none"]] < final[0].data.metrics[names["early"]]
    assert (
        "validation is not one metric, but validation/accuracy of stop=none, "
        "best/validation_accuracy of stop=early"
    ) in done.stdout
