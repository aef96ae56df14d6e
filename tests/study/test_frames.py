"""Frames are the same however the store is read: as columns, as MLflow's objects, from a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

import nnexp
from nnexp.record import served_runs, sweep
from nnexp.record.contents import contents_of
from nnexp.record.served_runs import runs_of_ids
from nnexp.record.store import open_store
from nnexp.record.store_sql import curves_of_ids
from nnexp.record.sweep import recorded_runs
from nnexp.study import curves, runs
from nnexp.study.frames import frame_of, select
from tests.inside import inside
from tests.runner.served import free_port, proxy
from tests.runner.served import server as mlflow_server
from tests.runner.typed import histories
from tests.stores import address


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finished runs and one that failed; neurons have other metrics than networks."""
    made = tmp_path_factory.mktemp("frames")
    store = {"tracking.uri": address(made), "tracking.artifacts": "none"}
    nnexp.sweep("size=100", "reg=none,l2", {"train.epochs": 2}, store, seed=range(2), quiet=True)
    diverging = {"model.activation": "relu", "train.eta": 1e30, "train.epochs": 2}
    with pytest.raises(nnexp.NnexpError, match="diverged"):
        nnexp.run("size=100", "cost=loglikelihood", diverging, store, quiet=True)
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """The same store, answering by HTTP."""
    port = free_port()
    with mlflow_server(folder, port):
        yield f"http://127.0.0.1:{port}"


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    keys = [key for key in ("run_id", "metric", "step") if key in frame]
    return frame.sort_values(keys, ignore_index=True)


@pytest.mark.parametrize("where", [None, "params.`reg.name` = 'l2' and metrics.`train/cost` > 0"])
def test_runs_are_those_of_mlflows_client(folder: Path, where: str | None) -> None:
    found = runs(address(folder), where=where)
    assert len(found) == (2 if where else 5)
    objects = frame_of(select(open_store(address(folder)), "nnexp", where))
    pd.testing.assert_frame_equal(in_order(found), in_order(objects), check_exact=True)


def test_curves_are_those_of_mlflows_client(folder: Path) -> None:
    found = curves(address(folder))
    for run_id, mine in found.groupby("run_id"):
        expected = histories(folder, str(run_id))
        by_metric = {
            str(name): list(zip(values["step"], values["value"], strict=True))
            for name, values in mine.groupby("metric")
            if not str(name).startswith("time/")
        }
        assert by_metric == expected
    some = curves(address(folder), metrics=["train/cost"])
    assert set(some["metric"]) == {"train/cost"}


def test_a_server_gives_the_same(folder: Path, server: str) -> None:
    for read in (runs, curves):
        pd.testing.assert_frame_equal(
            in_order(read(server)), in_order(read(address(folder))), check_exact=True
        )


@pytest.mark.parametrize(("most_runs", "most_values"), [(100, 5000), (2, 5000), (100, 7), (100, 1)])
def test_a_server_gives_the_same_in_small_answers(
    folder: Path, server: str, monkeypatch: pytest.MonkeyPatch, most_runs: int, most_values: int
) -> None:
    """A metric of a run has three values: answers are too small for four runs, or even for one."""
    monkeypatch.setattr(served_runs, "MOST_RUNS", most_runs)
    monkeypatch.setattr(served_runs, "MOST_VALUES", most_values)
    ids = list(runs(address(folder))["run_id"])
    served, here = open_store(server), open_store(address(folder))
    assert [run.info.run_id for run in runs_of_ids(served, ids[::-1])] == ids[::-1]
    pd.testing.assert_frame_equal(
        curves_of_ids(served, ids), curves_of_ids(here, ids), check_exact=True
    )
    theirs, ours = contents_of(served, ids), contents_of(here, ids)
    for run_id in ids:
        assert sorted(theirs[run_id].values) == sorted(ours[run_id].values)
        assert theirs[run_id].last == ours[run_id].last
        assert theirs[run_id].params == ours[run_id].params
        assert theirs[run_id].tags == ours[run_id].tags


def test_runs_of_several_experiments_and_deleted_ones_are_read_from_a_server(
    folder: Path, server: str
) -> None:
    elsewhere = {"tracking.uri": address(folder), "tracking.experiment": "elsewhere"}
    other = nnexp.run("size=100", {"train.epochs": 1}, elsewhere, quiet=True).run_id
    gone = nnexp.run("size=100", {"train.epochs": 1}, elsewhere, seed=1, quiet=True).run_id
    open_store(address(folder)).client.delete_run(gone)
    ids = [*runs(address(folder))["run_id"], gone, other]
    assert [run.info.run_id for run in runs_of_ids(open_store(server), ids)] == ids
    with pytest.raises(MlflowException, match="not found"):
        runs_of_ids(open_store(server), [*ids, "0" * 32])


def test_a_run_that_was_read_is_not_asked_for_again_to_count_looks_at_test_data(
    folder: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comparison on test data asks a server only for the runs of other experiments more."""
    monkeypatch.setattr(sweep, "MOST_RUNS", 1)
    asked: list[str] = []

    def count(verb: str, path: str) -> None:
        asked.append(path)

    def requests(metric: str) -> Counter[str]:
        asked.clear()
        words = ("compare", "--by", "reg", "--metric", metric, "--format", "csv")
        done = inside(folder, *words, "--tracking-uri", f"http://127.0.0.1:{there.port}")
        assert done.returncode == 0, done.stderr
        return Counter(path.rpartition("/mlflow/")[2] for path in asked)

    with proxy(int(server.rpartition(":")[2])) as there:
        there.lies = count
        plain = requests("train/accuracy")
        assert plain["runs/search"] > len(runs(server))
        # For the names of all experiments, then for their runs that looked at the end, after each
        # epoch, after some epochs, and for those that did not come to their end.
        more = {"experiments/search": 1, "runs/search": 4}
        assert requests("test/accuracy") - plain == more


def test_few_runs_are_found_by_their_fingerprints(
    folder: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, here = open_store(server), open_store(address(folder))
    every = runs(address(folder))
    marks = list(every["fingerprint"])
    number = runs_of_ids(store, [every["run_id"][0]])[0].info.experiment_id
    everything = recorded_runs(store, number)
    assert set(everything) == set(marks)
    assert everything == recorded_runs(here, number)
    asked = [*marks[:2], "0" * 64]
    two = {mark: everything[mark] for mark in marks[:2]}
    assert recorded_runs(store, number, None, asked) == two
    assert recorded_runs(here, number, None, asked) == two
    monkeypatch.setattr(sweep, "FEW", 1)
    assert recorded_runs(store, number, None, asked) == everything
