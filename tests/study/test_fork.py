"""Forks: a recorded run repeated to an epoch, checked, and gone another way."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow.entities import Run

from tests.inside import inside
from tests.runner.typed import histories, recorded
from tests.stores import artifacts, execute

TINY = ("size=100", "data.n_validation=50", "model.hidden=[5]", "train.epochs=4")
CHANGE = ("reg=l2", "dropout=half", "train.epochs=6")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four epochs, and its fork at the second."""
    place = tmp_path_factory.mktemp("fork")
    done = inside(place, *TINY, "dropout.input=0.1", "tracking.artifacts=light")
    assert done.returncode == 0, done.stderr
    done = inside(place, "fork", parent(place).info.run_id[:8], "--at", "2", *CHANGE)
    assert done.returncode == 0, done.stderr
    (place / "screen.txt").write_text(done.stdout)
    return place


def parent(folder: Path) -> Run:
    (run,) = recorded(folder)
    assert isinstance(run, Run)
    return run


def fork(folder: Path) -> Run:
    (run,) = recorded(folder, "fork")
    assert isinstance(run, Run)
    return run


def test_a_fork_is_its_parent_up_to_the_epoch_and_another_run_from_there(folder: Path) -> None:
    theirs = histories(folder, parent(folder).info.run_id)["train/data_cost"]
    ours = histories(folder, fork(folder).info.run_id)["train/data_cost"]
    assert ours[:3] == theirs[:3]
    assert ours[3][0] == theirs[3][0] == 3
    assert ours[3][1] != theirs[3][1]
    assert ours[-1][0] == 6


def test_it_is_recorded_as_a_child_drawn_against_its_parent(folder: Path) -> None:
    run, start = fork(folder), parent(folder).info.run_id
    tags = run.data.tags
    assert tags["mlflow.parentRunId"] == tags["nnexp.fork_of"] == start
    assert tags["nnexp.fork_at"] == "2"
    assert run.data.params["reg.name"] == "l2"
    files = artifacts(folder, run.info.run_id)
    assert (files / "figures" / "fork.png").stat().st_size > 10_000
    assert (files / "model" / "MLmodel").exists()
    said = (folder / "screen.txt").read_text()
    assert "all as recorded" in said
    assert "points" in said
    assert run.info.run_id not in inside(folder, "runs", "--format", "csv").stdout


def test_a_fork_is_found_again_verified_and_shown(folder: Path) -> None:
    again = inside(folder, "fork", parent(folder).info.run_id, "--at", "2", *CHANGE)
    assert "recorded before; nothing was trained" in again.stdout
    start = fork(folder).info.run_id[:8]
    verified = inside(folder, "verify", start)
    assert verified.returncode == 0
    assert "identical" in verified.stdout
    assert "gone another way from epoch 2" in inside(folder, "show", start).stdout


def test_a_fork_may_be_forked(folder: Path) -> None:
    start = fork(folder).info.run_id
    typed = ("--at", "4", "train.eta=0.1", "tracking.artifacts=none", "tracking.name=third")
    done = inside(folder, "fork", start, *typed)
    assert done.returncode == 0, done.stderr
    (third,) = (run for run in recorded(folder, "fork") if run.info.run_name == "third")
    verified = inside(folder, "verify", third.info.run_id)
    assert verified.returncode == 0, verified.stdout
    assert inside(folder, "delete", third.info.run_id).returncode == 0


def test_a_report_shows_forks_beside_their_runs_and_counts_them_as_none(folder: Path) -> None:
    done = inside(folder, "report", "nnexp", "--out", "page")
    assert done.returncode == 0, done.stderr
    start, ours = parent(folder).info.run_id[:8], fork(folder).info.run_id[:8]
    page = (folder / "page" / "index.html").read_text(encoding="utf-8")
    assert "1 finished run in 1" in page
    assert "1 fork <a" in page
    assert f"Run {start} (all runs) and its fork" in page
    assert f"{ours}, from epoch 2: " in page
    assert "reg.name none → l2" in page
    assert (folder / "page" / f"fork_{start}.png").stat().st_size > 10_000
    table = page[page.index('<section id="forks">') :]
    table = table[: table.index("</section>")]
    assert all(cell in table for cell in (ours, start, ">2 <"))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("--at", "2", "seed=1"), "seed: cannot change at an epoch"),
        (("--at", "2", "size=1k"), "size: cannot change at an epoch"),
        (("--at", "2", "stop=early"), "stop: cannot change at an epoch"),
        (("--at", "2", "train.momentum=0.9"), "train.momentum=0.9: cannot begin"),
        (("--at", "5", "reg=l2"), "--at 5: run"),
        (("--at", "0", "reg=l2"), "allowed: 1 to 4"),
        (("--at", "4", "reg=l2"), "train.epochs=4: allowed: more than --at 4"),
        (("--at", "2", "reg=none"), "nothing is changed"),
        (("--at", "2", "experiment=a", "experiment=b"), "experiment=a: given again, as"),
        (("--at", "2", "reg=l3"), "reg=l3: allowed: decoupled, elastic, l1"),
        (("--at", "2", "reg=l2", "reg.lmbda=x"), "reg.lmbda=x: allowed: a number"),
    ],
)
def test_what_cannot_be_a_fork_is_refused(folder: Path, typed: tuple[str, ...], why: str) -> None:
    done = inside(folder, "fork", parent(folder).info.run_id, *typed)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert why in done.stderr


def test_a_run_that_comes_out_otherwise_is_not_forked(folder: Path) -> None:
    start = parent(folder).info.run_id
    change = (
        "UPDATE metrics SET value = value + ? WHERE run_uuid = ? AND step = 1 "
        "AND key = 'train/data_cost'"
    )
    execute(folder, change, 0.5, start)
    done = inside(folder, "fork", start, "--at", "3", "reg=l1")
    execute(folder, change, -0.5, start)
    assert done.returncode == 1
    assert "train/data_cost at step 1" in done.stderr
    assert "nothing was recorded" in done.stderr
    assert len(recorded(folder, "fork")) == 1


def test_a_schedule_goes_on_by_the_epochs_its_run_was_asked_for(tmp_path: Path) -> None:
    typed = (*TINY, "schedule=cosine", "tracking.artifacts=light")
    assert inside(tmp_path, *typed).returncode == 0
    start = parent(tmp_path).info.run_id
    last = inside(tmp_path, "fork", start, "--at", "4", "train.epochs=8")
    assert last.returncode == 2
    assert "--at 4: the last epoch of schedule=cosine" in last.stderr
    halved = ("schedule=halve", "schedule.patience=1", "train.epochs=9")
    done = inside(tmp_path, "fork", start, "--at", "2", *halved)
    assert done.returncode == 0, done.stderr
    assert "all as recorded" in done.stdout
    assert inside(tmp_path, "verify", fork(tmp_path).info.run_id).returncode == 0


def test_epochs_of_a_run_that_was_stopped_early_are_told_as_they_are(tmp_path: Path) -> None:
    """One too few was named, as nothing goes on from the last."""
    small = ("size=100", "data.n_validation=100", "model.hidden=[5]", "tracking.artifacts=none")
    trained = inside(tmp_path, *small, "stop=early", "stop.patience=1", "train.epochs=20", "seed=4")
    run_id = next(n.split()[1] for n in trained.stdout.splitlines() if n.startswith("run  "))
    done = inside(tmp_path, "fork", run_id, "--at", "1", "reg=l2")
    assert done.returncode == 2
    assert "has 1 epoch, after which it was stopped; allowed: a run that goes on" in done.stderr
