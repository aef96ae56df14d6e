"""`watch`: what is running, as it goes on, and what came out."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.entities import Metric

from nnexp.cli import watch
from nnexp.record.clock import now
from nnexp.record.description import owner_tags
from nnexp.record.store import Store, open_store
from tests.cli.command import start
from tests.inside import inside
from tests.stores import address


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with an experiment and nothing in it yet."""
    return open_store(address(tmp_path_factory.mktemp("watch")))


@pytest.fixture
def running(store: Store) -> Iterator[tuple[Path, str, str]]:
    """The store's folder, a run and a sweep that are at work, as the ones who train record them."""
    client = store.client
    found = client.get_experiment_by_name("nnexp")
    experiment = found.experiment_id if found else client.create_experiment("nnexp")
    tags = {**owner_tags(), "nnexp.kind": "run"}
    run = client.create_run(experiment, run_name="crossentropy 1k seed0", tags=tags).info.run_id
    client.log_param(run, "train.epochs", "30")
    for name, start_at in (("train/cost", 2.0), ("validation/accuracy", 0.5)):
        values = [Metric(name, start_at / (k + 1), now(), k) for k in range(5)]
        client.log_batch(run, metrics=values)
    tags = {**owner_tags(), "nnexp.kind": "sweep", "nnexp.total": "10", "nnexp.reused": "2"}
    name = "sweep of 10 runs: seed"
    sweep = client.create_run(experiment, run_name=name, tags=tags).info.run_id
    for k, status in enumerate(("FINISHED", "FINISHED", "FAILED")):
        tags = {"nnexp.kind": "run", "nnexp.sweep": sweep}
        child = client.create_run(experiment, run_name=f"child seed{k}", tags=tags).info.run_id
        client.log_metric(child, "test/accuracy", 0.9)
        client.set_terminated(child, status, end_time=1_000_000 + 10_000 * k)
    yield Path(store.folder).parent, str(run), str(sweep)
    for run_id in (run, sweep):
        client.set_terminated(run_id, "FINISHED")


def test_once_shows_progress_and_curve_of_runs_and_counts_of_sweeps(
    running: tuple[Path, str, str],
) -> None:
    folder, run, sweep = running
    done = inside(folder, "watch", "--once")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if run[:8] in line]
    assert "4/30" in line
    assert "0.4 " in line
    assert "█" in line
    assert "10.00%" in line
    (line,) = [line for line in done.stdout.splitlines() if sweep[:8] in line]
    # Six runs are missing, and one takes 10 s.
    assert "4 of 10 done, 1 failed, 5 missing, about 50 s left" in line
    assert "child seed2: FAILED" in done.stdout
    assert "child seed1: test 90.00%" in done.stdout
    only = inside(folder, "watch", sweep[:8], "--once")
    assert run[:8] not in only.stdout
    assert sweep[:8] in only.stdout


def test_without_a_terminal_changes_are_lines_and_the_end_says_what_came_out(
    running: tuple[Path, str, str], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, run, sweep = running
    monkeypatch.setattr(watch, "REFRESH_SECONDS", 0.2)

    def go_on() -> None:
        time.sleep(1.0)
        store.client.log_metric(run, "train/cost", 0.25, step=5)
        time.sleep(1.0)
        store.client.log_metric(run, "test/accuracy", 0.95)
        store.client.set_terminated(run, "FINISHED")
        store.client.set_terminated(sweep, "FAILED")

    thread = threading.Thread(target=go_on)
    thread.start()
    done = inside(folder, "watch")
    thread.join()
    lines = done.stdout.splitlines()
    assert done.returncode == 1  # The sweep failed.
    assert done.stderr == ""
    assert len(set(lines)) == len(lines)
    assert f"crossentropy 1k seed0 ({run[:8]}): epoch 4 of 30, cost 0.4, validation 10.00%" in lines
    assert any("epoch 5 of 30, cost 0.25" in line for line in lines)
    ends = {line for line in lines if "; python -m nnexp" in line}
    assert any(f"FINISHED, test 95.00%; python -m nnexp show {run[:8]}" in line or
               "FINISHED, test 95.00%" in line for line in ends)  # fmt: skip
    assert any("FAILED, 4 of 10 done, 1 failed" in line for line in ends)
    again = inside(folder, "watch", sweep[:8])
    assert again.returncode == 1
    assert "FAILED, 4 of 10 done, 1 failed, 5 missing" in again.stdout


def test_run_whose_process_is_gone_is_not_waited_for(
    running: tuple[Path, str, str], store: Store
) -> None:
    folder, run, sweep = running
    for run_id in (run, sweep):
        store.client.set_tag(run_id, "nnexp.pid_started", "1")
    done = inside(folder, "watch")
    assert done.returncode == 0
    assert f"({run[:8]}): left RUNNING by a process that is gone" in done.stdout


def test_nothing_running_and_what_is_not_there_are_said(tmp_path: Path, store: Store) -> None:
    done = inside(tmp_path, "watch")
    assert done.returncode == 0
    assert done.stdout.startswith("nothing is running here")
    wrong = inside(tmp_path, "watch", "--experiment", "none-such")
    assert wrong.returncode == 2
    where = open_store(address(tmp_path)).shown
    assert f"experiment none-such: not recorded here ({where}); recorded: " in wrong.stderr
    assert inside(tmp_path, "watch", "zz").returncode == 2


def test_ctrl_c_ends_it_quietly_with_130(running: tuple[Path, str, str]) -> None:
    process = start("watch", cwd=running[0])
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == ""
