"""Names, notes and tags of one's own; deleting and restoring; lists of runs and experiments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from nnexp.cli.runs import main
from tests.cli.command import Typed
from tests.inside import inside
from tests.stores import address

TINY = ("size=100", "data.n_validation=50", "model.hidden=[5]", "train.epochs=1")
LABELS = ("tracking.name=base, first", "tracking.note=why, and how", "tracking.tags.paper=fig3")

FILE = pytest.mark.sqlite
"""A server is not asked to remove for good."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run and a sweep of two, labelled as they were trained."""
    place = tmp_path_factory.mktemp("labels")
    light = (*TINY, "tracking.artifacts=light")
    assert inside(place, *light, "seed=5", *LABELS).returncode == 0
    swept = inside(place, "-m", *light, "seed=0,1", "reg=none,l2", *LABELS, "sweep.workers=1")
    assert swept.returncode == 0, swept.stderr
    return place


def runs(folder: Path, kind: str = "run") -> list[Run]:
    client = MlflowClient(address(folder))
    ids = [e.experiment_id for e in client.search_experiments()]
    return list(client.search_runs(ids, f"tags.`nnexp.kind` = '{kind}'"))


def alone(folder: Path) -> Run:
    return next(run for run in runs(folder) if run.data.params["seed"] == "5")


def done(typed: Typed) -> str:
    assert typed.returncode == 0, typed.stderr
    return typed.stdout


def refused(typed: Typed) -> str:
    assert typed.returncode == 2
    assert typed.stderr.count("\n") == 1
    return typed.stderr


def test_a_run_carries_its_labels_and_they_are_no_part_of_it(folder: Path) -> None:
    run = alone(folder)
    assert run.info.run_name == "base, first"
    assert run.data.tags["paper"] == "fig3"
    first, _, rest = run.data.tags["mlflow.note.content"].partition("\n\n")
    assert first == "why, and how"
    assert "test/accuracy" in rest
    assert not [key for key in run.data.params if key.startswith("tracking.n")]
    said = done(inside(folder, *TINY, "seed=5", "tracking.artifacts=light"))
    assert "nothing was trained" in said
    assert "other labels" not in said


def test_runs_of_a_sweep_are_named_by_what_differs_first(folder: Path) -> None:
    names = {r.info.run_name for r in runs(folder) if r.data.params["seed"] != "5"}
    assert names == {f"{reg}seed{s} base, first" for reg in ("", "l2 λ0.01 ") for s in (0, 1)}
    (parent,) = runs(folder, "sweep")
    assert parent.info.run_name == "base, first"
    assert parent.data.tags["paper"] == "fig3"
    assert parent.data.tags["mlflow.note.content"].startswith("why, and how\n\n`python -m nnexp")
    assert "tracking.tags.paper=fig3" in parent.data.tags["nnexp.command"]
    assert "++" not in parent.data.tags["nnexp.command"]


def test_a_run_found_again_keeps_its_labels_and_says_what_changes_them(folder: Path) -> None:
    said = done(inside(folder, *TINY, "seed=5", "tracking.note=new", "tracking.tags.paper=fig9"))
    start = alone(folder).info.run_id[:8]
    assert f"python -m nnexp tag {start} paper=fig9" in said
    assert f"python -m nnexp note {start} new" in said
    assert alone(folder).data.tags["paper"] == "fig3"


def test_labels_change_and_the_record_still_agrees_with_its_seal(folder: Path) -> None:
    start = alone(folder).info.run_id[:8]
    before = alone(folder).data.tags["mlflow.note.content"]
    done(inside(folder, "tag", start, "paper=fig4", "draft=1", "--name", "renamed"))
    done(inside(folder, "tag", start, "draft-"))
    done(inside(folder, "note", start, "another"))
    run = alone(folder)
    assert (run.info.run_name, run.data.tags["paper"]) == ("renamed", "fig4")
    assert "draft" not in run.data.tags
    assert run.data.tags["mlflow.note.content"] == before.replace("why, and how", "another")
    shown = done(inside(folder, "show", start))
    assert "tags: paper=fig4\nnote: another" in shown
    assert "warning" not in shown
    assert "identical" in done(inside(folder, "verify", start))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("tag", "ID", "nnexp.kind=run"), "nnexp.kind: not a tag of your own"),
        (("tag", "ID", "mlflow.runName=x"), "not a tag of your own"),
        (("tag", "ID"), "nothing to do"),
        (("tag", "a=1"), "which runs: allowed: RUN_ID"),
        (("tag", "ID", "--sweep", "abc", "a=1"), "one of them"),
        (("tag", "--where", "params.seed = '77'", "a=1"), "no runs of experiment nnexp match it"),
        ((*TINY, "tracking.tags.nnexp_x=1"), "not a tag of your own"),
        ((*TINY, "tracking.tags.a.b=1"), "not a tag of your own"),
        (("delete", "ID", "--yes"), "--yes: allowed with --for-good"),
        pytest.param(("delete", "ID", "--for-good"), "allowed: --yes", marks=FILE),
        (("delete", "SWEEP"), "is a sweep; allowed: --sweep"),
        pytest.param(
            ("delete", "SWEEP", "--for-good", "--yes"),
            "is a sweep; allowed: --sweep",
            marks=FILE,
        ),
        (("restore", "ID"), "no deleted run"),
        (("runs", "--sort", "test/acuracy"), "did you mean test/accuracy?"),
        (("runs", "--limit", "0"), "--limit 0: allowed: at least 1"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_line(
    folder: Path, typed: tuple[str, ...], why: str
) -> None:
    ids = {"ID": alone(folder).info.run_id[:8], "SWEEP": runs(folder, "sweep")[0].info.run_id[:8]}
    assert why in refused(inside(folder, *(ids.get(word, word) for word in typed)))


@FILE
def test_what_was_deleted_comes_back_until_it_is_removed(folder: Path) -> None:
    (parent,) = runs(folder, "sweep")
    start = parent.info.run_id[:8]
    assert "'xyz': allowed: a sweep id" in refused(inside(folder, "delete", "--sweep", "xyz"))
    assert "4 runs, 2 means and 1 sweep deleted" in done(inside(folder, "delete", "--sweep", start))
    assert len(runs(folder)) == 1
    assert start in done(inside(folder, "restore", "--list"))
    # Also without saying that it is a sweep: what was deleted together comes back together.
    assert "4 runs, 2 means and 1 sweep restored" in done(inside(folder, "restore", start))
    assert len(runs(folder)) == 5
    spare = next(r for r in runs(folder) if r.data.params["seed"] == "1")
    artifacts = Path(str(spare.info.artifact_uri).removeprefix("file://"))
    assert artifacts.is_dir()
    done(inside(folder, "delete", spare.info.run_id, "--for-good", "--yes"))
    assert not artifacts.parent.exists()
    assert "no such run" in refused(inside(folder, "restore", spare.info.run_id))


@FILE
def test_what_to_type_next_names_a_store_that_is_elsewhere(folder: Path, tmp_path: Path) -> None:
    (parent,) = runs(folder, "sweep")
    start, option = parent.info.run_id[:8], ("--tracking-uri", address(folder))
    there = f"--sweep {start} {' '.join(option)}"
    assert f"python -m nnexp runs {there}\n" in done(inside(tmp_path, "show", start, *option))
    assert f"python -m nnexp runs {there}\n" in done(inside(tmp_path, "watch", start, *option))
    said = done(inside(tmp_path, "delete", "--sweep", start, *option))
    assert f"python -m nnexp restore {there} undoes it" in said
    done(inside(tmp_path, "restore", "--sweep", start, *option))


@FILE
def test_runs_are_removed_from_the_bin_and_beside_it_and_no_other(folder: Path) -> None:
    client = MlflowClient(address(folder))
    experiment = client.create_experiment("spare")
    begun: dict[str, list[str]] = {}
    while not (twice := [ids for ids in begun.values() if len(ids) > 1]):
        new = str(client.create_run(experiment).info.run_id)
        begun.setdefault(new[0], []).append(new)
    active, binned = twice[0]
    for run_id in (active, binned):
        client.set_terminated(run_id)
    client.delete_run(binned)
    said = refused(inside(folder, "delete", active[0], "--for-good", "--yes"))
    assert "recorded or deleted runs with an id that begins so" in said
    typed = ("delete", active, binned, "--for-good", "--yes")
    assert "2 runs removed for good" in done(inside(folder, *typed))
    assert "no such run" in refused(inside(folder, "restore", binned))
    parent = str(client.create_run(experiment, tags={"nnexp.kind": "sweep"}).info.run_id)
    member = client.create_run(experiment, tags={"nnexp.sweep": parent}).info.run_id
    client.delete_run(member)
    said = done(inside(folder, "delete", "--sweep", parent, "--for-good", "--yes"))
    assert "1 run and 1 sweep removed for good" in said
    assert "no such run" in refused(inside(folder, "restore", str(member)))
    client.delete_experiment(experiment)


def test_runs_are_sorted_cut_and_shown_by_the_columns_asked_for(folder: Path) -> None:
    typed = ("runs", "--sort", "test/cost", "--limit", "2", "--columns", "run_id,test/cost")
    rows = json.loads(done(inside(folder, *typed, "--format", "json")))
    assert [set(row) for row in rows] == [{"run_id", "test/cost"}] * 2
    everything = sorted(run.data.metrics["test/cost"] for run in runs(folder))
    assert [row["test/cost"] for row in rows] == everything[:2]
    said = done(inside(folder, *typed))
    assert f"2 of {len(everything)} runs" in said
    assert "paper=fig3" in done(inside(folder, "runs", "--all"))


def test_a_column_asked_for_twice_or_after_a_space_is_shown_once(folder: Path) -> None:
    said = done(inside(folder, "runs", "--limit", "1", "--columns", "run_id, test/cost,run_id"))
    (run_id, cost) = said.splitlines()[1].split()
    (run,) = [run for run in runs(folder) if run.info.run_id.startswith(run_id)]
    assert cost == f"{run.data.metrics['test/cost']:.4g}"


def test_a_narrow_terminal_cuts_no_number_and_no_status(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.chdir(folder)
    assert main(["--tracking-uri", address(folder)]) == 0
    rows = capsys.readouterr().out
    for run in runs(folder):
        assert f"{run.data.metrics['test/accuracy']:.2%}" in rows
    assert rows.count("FINISHED") == len(runs(folder))


def test_the_latest_runs_are_shown_without_reading_all(folder: Path) -> None:
    latest = [run.info.run_id for run in runs(folder)]
    rows = json.loads(done(inside(folder, "runs", "--limit", "2", "--format", "json")))
    assert [row["run_id"] for row in rows] == latest[:2]
    assert "2 runs, more are recorded" in done(inside(folder, "runs", "--limit", "2"))
    whole = done(inside(folder, "runs", "--limit", str(len(latest))))
    assert f"{len(latest)} runs; python" in whole


def test_experiments_lists_what_is_recorded(folder: Path) -> None:
    (row,) = json.loads(done(inside(folder, "experiments", "--format", "json")))
    assert (row["experiment"], row["runs"], row["sweeps"]) == ("nnexp", len(runs(folder)), 1)
    assert "nnexp" in done(inside(folder, "experiments"))
