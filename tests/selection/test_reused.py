"""Searches that find their runs recorded by another one, a file left by a kill, or no store."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import requests

from nnexp.record.checkpoint import checkpoint_of, run_key
from nnexp.record.log import unpacked
from nnexp.record.log_folder import RUNS
from nnexp.record.outbox import Outbox
from nnexp.record.store import open_store
from nnexp.runner.store_news import StoreNews
from nnexp.selection import known_runs, session
from nnexp.study.searched import searches
from nnexp.terminal import Console
from tests.cli.command import Typed
from tests.inside import inside
from tests.runner.typed import recorded
from tests.stores import address

SMALL = (
    *("search", "size=100", "data.n_validation=200", "model.hidden=[5]", "train.epochs=9"),
    *("train.eta=log(0.01,3)", "sweep.workers=1", "--sampler", "random"),
    *("--trials", "8", "--seeds", "3", "--finalists", "2"),
)


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """A search that has its trials, its race and two tests of three from another one."""
    folder = tmp_path_factory.mktemp("reused")
    first = inside(folder, *SMALL, "--fresh", "2")
    assert first.returncode == 0, first.stderr
    second = inside(folder, *SMALL, "--fresh", "3", "--format", "json")
    assert second.returncode == 0, second.stderr
    return second


def test_a_search_whose_runs_others_have_recorded_is_whole_in_reports(twice: Typed) -> None:
    """It was left out, as if there had been none."""
    (said,) = json.loads(twice.stdout)
    found = searches(open_store(address(twice.folder)), ["nnexp"])
    first, second = (next(s for s in found if len(s.fresh["test/accuracy"]) == n) for n in (2, 3))
    assert second.trials == first.trials
    assert len(second.trials) == 8
    assert any(trial.pruned for trial in second.trials)
    assert second.reused == 0
    assert second.best == first.best
    seen = sum(second.centre.raced.values()) / len(second.centre.raced)
    assert seen == pytest.approx(said["in_search"])


def test_what_a_search_reused_is_among_its_runs(twice: Typed) -> None:
    (said,) = json.loads(twice.stdout)
    listed = inside(twice.folder, "runs", "--sweep", said["search"], "--format", "json")
    finished = [run for run in json.loads(listed.stdout) if run["status"] == "FINISHED"]
    (parent,) = (
        run for run in recorded(twice.folder, "sweep") if run.info.run_id == said["search"]
    )
    assert len(finished) == int(parent.data.tags["nnexp.total"])


def test_what_a_search_reused_is_exported_with_it(twice: Typed) -> None:
    """The file held the runs only that the search had trained itself."""
    (said,) = json.loads(twice.stdout)
    chosen = ("--sweep", said["search"], "--format", "json")
    written = inside(twice.folder, "export", *chosen, "--out", "search.nnexp")
    assert written.returncode == 0, written.stderr
    listed = json.loads(inside(twice.folder, "runs", *chosen).stdout)
    finished = {run["run_id"] for run in listed if run["status"] == "FINISHED"}
    assert set(json.loads(written.stdout)["runs"]) == finished


def test_a_checkpoint_of_a_recorded_run_is_removed(twice: Typed) -> None:
    """A process killed between the end of a run and the removal left it until `doctor` came."""
    store = open_store(address(twice.folder))
    run = next(run for run in recorded(twice.folder) if run.info.status == "FINISHED")
    mark, experiment = run.data.tags["nnexp.fingerprint"], str(run.info.experiment_id)
    path = checkpoint_of(store, experiment, mark).path
    path.write_bytes(b"left")
    assert inside(twice.folder, *SMALL, "--fresh", "3").returncode == 0
    assert not path.exists()


def test_a_search_goes_on_while_the_store_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, twice: Typed
) -> None:
    """It ended with the first question that was not answered, where a sweep goes on."""
    asked = 0

    def away(*_: object) -> None:
        nonlocal asked
        asked += 1
        raise requests.exceptions.ConnectionError("connection refused")

    monkeypatch.setattr(known_runs, "finished_runs", away)
    monkeypatch.setattr("nnexp.record.outbox.PATIENCE_SECONDS", 0.0)
    done = inside(tmp_path, *SMALL, "--fresh", "3", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert asked > 1
    (undisturbed,), (found,) = json.loads(twice.stdout), json.loads(done.stdout)
    assert {**found, "search": ""} == {**undisturbed, "search": ""}
    assert {run.info.status for run in recorded(tmp_path)} == {"FINISHED", "KILLED"}


def test_a_single_run_that_waits_for_the_store_is_not_trained_again(
    tmp_path: Path, twice: Typed
) -> None:
    """It was, and was recorded twice once the store answered."""
    folder = tmp_path / "store"
    shutil.copytree(twice.folder, folder)
    store = open_store(address(folder))
    run = next(run for run in recorded(folder) if run.info.status == "FINISHED")
    run_id, mark = str(run.info.run_id), run.data.tags["nnexp.fingerprint"]
    key = run_key(store, str(run.info.experiment_id), mark, swept=False)[:32]
    # As if it were still to be sent.
    assert unpacked(store.folder, run_id, store.folder / RUNS / key, {}) is not None
    store.client.delete_run(run_id)

    def known() -> known_runs.KnownRuns:
        metric, outbox = "validation/accuracy", Outbox(store)
        return known_runs.KnownRuns(
            store, str(run.info.experiment_id), "a search", metric, outbox, reuse=True
        )

    found = known()
    (waiting,) = found.of([mark]).values()
    assert found.look([mark]) == {mark: waiting}
    assert (waiting.run_id, waiting.status) == (key, "FINISHED")
    assert waiting.metrics.items() <= run.data.metrics.items()
    steps = [row["validation/accuracy"] for row in found.history(waiting)]
    assert found.id_of(key) == key
    shutil.rmtree(store.folder / RUNS / key)
    store.client.restore_run(run_id)
    assert found.id_of(key) == run_id
    assert [row["validation/accuracy"] for row in found.history(waiting)] == steps
    assert len(steps) == 1 + 9
    assert known().of([mark])[mark].run_id == run_id


def test_runs_whose_processes_died_can_be_trained_again(
    monkeypatch: pytest.MonkeyPatch, twice: Typed
) -> None:
    """They stayed failed, and nothing was said of it."""
    monkeypatch.setattr(session.Session, "died", ["0123456789abcdef", "fedcba9876543210"])
    done = inside(twice.folder, *SMALL, "--fresh", "3")
    line = "failed     2 runs, as processes died; to train again: python -m nnexp delete "
    assert f"{line}01234567 fedcba98, then the last line" in done.stdout


def test_what_a_store_says_of_itself_steers_no_terminal(tmp_path: Path) -> None:
    """It comes from a server: a sequence that clears the screen was printed as it is."""
    outbox = Outbox(open_store(address(tmp_path)))
    console = Console(record=True, width=200)
    outbox.trouble = "busy \x1b[2J [bold]"
    StoreNews(outbox, console, "what ends is kept").changes()
    assert console.export_text() == ("busy \\x1b[2J [bold]: training goes on, what ends is kept\n")


def test_what_is_wrong_with_a_store_is_told_once_not_at_each_batch(tmp_path: Path) -> None:
    outbox = Outbox(open_store(address(tmp_path)))
    console = Console(record=True, width=200)
    outbox.trouble = "the tracking store does not answer"
    for _ in range(3):
        StoreNews(outbox, console, "what ends is kept").changes()
    outbox.trouble = ""
    for _ in range(3):
        StoreNews(outbox, console, "what ends is kept").changes()
    assert console.export_text().splitlines() == [
        "the tracking store does not answer: training goes on, what ends is kept",
        "the tracking store has received what was kept",
    ]


def test_the_line_that_repeats_it_goes_to_the_same_store(tmp_path: Path) -> None:
    """Typed as it stood, all was trained again into the store of the folder."""
    tiny = ("size=100", "data.n_validation=50", "model.hidden=[5]", "train.epochs=1")
    there = f"sqlite:///{tmp_path}/other.db"
    few = ("--sampler", "random", "--trials", "2", "--seeds", "1", "--fresh", "1")
    search = ("search", "train.eta=log(0.1,1)", *tiny, *few, "--tracking-uri", there)
    for typed in (("-m", *tiny, "seed=1,2", f"tracking.uri={there}"), search):
        done = inside(tmp_path, *typed)
        assert done.returncode == 0, done.stderr
        (line,) = re.findall(r"^repeat +python -m nnexp (.*)$", done.stdout, flags=re.MULTILINE)
        (parent,) = re.findall(r"^(?:sweep|search) +([0-9a-f]{32})$", done.stdout, re.MULTILINE)
        again = inside(tmp_path, *shlex.split(line))
        assert again.returncode == 0, again.stderr
        assert parent in again.stdout
    assert not (tmp_path / "mlflow.db").exists()
