"""Frames are the same however the store is read: as columns, as MLflow's objects, from a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import nnexp
from nnexp.record.store import open_store
from nnexp.study import curves, runs
from nnexp.study.frames import frame_of, select
from tests.cli.command import free_port, start
from tests.cli.test_servers import ended_at_last, wait_for
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
    process = start("ui", "--port", str(port), cwd=folder)
    with ended_at_last(process):
        wait_for(f"http://127.0.0.1:{port}/health", process)
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
