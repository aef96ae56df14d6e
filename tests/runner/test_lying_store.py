"""A store that says it has taken what it has not: FINISHED means read back."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from nnexp.record import contents, mlflow_settings, outbox, run
from tests.inside import inside
from tests.runner.served import Proxy, honest
from tests.runner.typed import client, histories, nnexp, recorded

SMALL = ("size=100", "model.hidden=[5]", "tracking.artifacts=light", "data.n_validation=100",
         "train.epochs=2")  # fmt: skip
TOOK = (200, b"{}")


def of(folder: Path, experiment: str) -> list[Any]:
    """The runs of an experiment that a server has."""
    number = client(folder).get_experiment_by_name(experiment).experiment_id
    return [run for run in recorded(folder) if run.info.experiment_id == number]


def whole(folder: Path, run: Any, *, epochs: int) -> None:
    assert run.info.status == "FINISHED"
    steps = list(range(epochs + 1))
    for name, values in histories(folder, run.info.run_id).items():
        if name.startswith(("train/", "validation/")):
            assert [step for step, _ in values] == steps, name


def typed(way: Proxy, experiment: str, *more: str) -> tuple[str, ...]:
    usual = [word for word in SMALL if word.split("=")[0] not in "".join(more)]
    return (*usual, f"tracking.experiment={experiment}", way.address, *more)


def swallows(verb: str, path: str) -> tuple[int, bytes] | None:
    return TOOK if path.endswith("runs/log-batch") else None


def test_values_that_a_server_swallowed_in_mid_run_are_sent_again(
    served: tuple[Path, int], way: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`200 {}` for three batches of values, as a proxy in trouble answers."""
    monkeypatch.setattr(outbox, "FLUSH_SECONDS", 0.0)  # A batch for every epoch.
    taken = 0

    def for_a_while(verb: str, path: str) -> tuple[int, bytes] | None:
        nonlocal taken
        taken += path.endswith("runs/log-batch")
        return swallows(verb, path) if 4 <= taken <= 6 else None

    way.lies = for_a_while
    done = inside(tmp_path, *typed(way, "swallowed", "train.epochs=8"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(way.told) == 3
    whole(served[0], *of(served[0], "swallowed"), epochs=8)


def test_a_run_that_a_server_swallows_to_the_end_is_not_finished_but_kept(
    served: tuple[Path, int], way: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "PAUSES", (0.0, 0.1))
    request = typed(way, "kept")
    way.lies = swallows
    done = inside(tmp_path, *request)
    assert done.returncode == 1, done.stdout
    (line,) = done.stderr.splitlines()
    assert "is not recorded: the tracking store answers, but it has not kept" in line
    (unfinished,) = of(served[0], "kept")
    assert unfinished.info.status == "RUNNING"
    way.lies = honest
    again = inside(tmp_path, *request)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "delivered 1 run " in again.stdout
    assert "nothing was trained" in again.stdout
    whole(served[0], *of(served[0], "kept"), epochs=2)


@pytest.mark.slow
def test_runs_of_a_sweep_that_a_server_swallows_are_not_finished_but_kept(
    served: tuple[Path, int], way: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "PAUSES", (0.0,))
    request = ("-m", *typed(way, "swept", "seed=0,1"))
    way.lies = swallows
    done = inside(tmp_path, *request)
    assert done.returncode == 1, done.stdout
    assert "deliveries are not recorded: the tracking store answers, but" in done.stderr
    assert not [r for r in of(served[0], "swept") if r.info.status == "FINISHED"]
    way.lies = honest
    again = inside(tmp_path, *request)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "2 recorded already, 0 to train" in again.stdout
    runs = of(served[0], "swept")
    assert len(runs) == 2
    for found in runs:
        whole(served[0], found, epochs=2)


@pytest.mark.slow
def test_an_end_that_a_server_swallows_is_told_again(
    served: tuple[Path, int], way: Proxy, tmp_path: Path
) -> None:
    way.lies = lambda verb, path: TOOK if path.endswith("runs/update") else None
    done = inside(tmp_path, *typed(way, "ended"))
    assert done.returncode == 1, done.stdout
    assert "it says that the run is RUNNING, not FINISHED" in done.stderr
    way.lies = honest
    again = inside(tmp_path, *typed(way, "ended"))
    assert "nothing was trained" in again.stdout
    whole(served[0], *of(served[0], "ended"), epochs=2)


def test_asynchronous_logging_to_a_server_that_refuses_values_finishes_nothing(
    served: tuple[Path, int], way: Proxy, tmp_path: Path
) -> None:
    way.lies = lambda verb, path: (500, b"no") if path.endswith("log-batch") else None
    asynchronous = {"MLFLOW_ENABLE_ASYNC_LOGGING": "true"}
    done = nnexp(tmp_path, *typed(way, "refused"), env=asynchronous)
    assert done.returncode == 1, done.stdout
    (line,) = done.stderr.splitlines()
    assert "the tracking store failed" in line
    assert not [r for r in of(served[0], "refused") if r.info.status == "FINISHED"]


def test_a_run_that_is_deleted_while_it_is_trained_is_said_to_be_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "FLUSH_SECONDS", 0.0)
    end = run.end

    def deleted(log: Any, *more: Any) -> None:
        end(log, *more)
        store = client(tmp_path)
        store.delete_run(recorded(tmp_path)[0].info.run_id)

    monkeypatch.setattr(run, "end", deleted)
    done = inside(tmp_path, *SMALL)
    assert done.returncode == 1, done.stdout
    assert "the tracking store refused run " in done.stderr
    assert "'active' state" in done.stderr
    assert "does not answer" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "words", [("sweeps",), ("doctor",), ("tag", "0" * 8, "a=b"), ("delete", "0" * 8)]
)
def test_who_does_not_train_waits_for_a_busy_server(
    words: tuple[str, ...],
    served: tuple[Path, int],
    way: Proxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two cores with other work have taken ten seconds to list 70 runs."""
    client(served[0]).search_experiments()  # The first answer of a server takes longer.
    monkeypatch.delenv(mlflow_settings.TIMEOUT, raising=False)
    monkeypatch.setattr(mlflow_settings, "_ours", {})
    monkeypatch.setattr(mlflow_settings, "BRIEF", "2")
    slow = 2  # It is asked once more before it counts as away.

    def takes_its_time(verb: str, path: str) -> None:
        nonlocal slow
        if path.endswith("runs/search") and slow:
            slow -= 1
            time.sleep(3)

    way.lies = takes_its_time
    address = way.address.removeprefix("tracking.uri=")
    done = inside(tmp_path, *words, "--tracking-uri", address)
    if words[0] in ("tag", "delete"):
        assert done.stderr.startswith("nnexp: RUN_ID 00000000: no recorded run"), done.stderr
    else:
        assert done.returncode == 0, done.stdout + done.stderr
