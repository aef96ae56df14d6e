"""Kill -9 and stop signals at random moments: runs, sweeps, and their helper processes."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.runner.typed import (
    by_setting,
    client,
    helpers_of,
    histories,
    nnexp,
    recorded,
    start,
    until,
)

FEW = int(os.environ.get("NNEXP_KILLS", "3"))
KILLS = [FEW, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
"""Kills per test: a few, and in `make test-slow` fifty."""


def long_run(kills: int) -> tuple[str, ...]:
    """A run that is not over before it was killed so often: a second is lost at most each time."""
    epochs = 60 * kills
    return (
        "size=5k", f"train.epochs={epochs}", "dropout=half", "reg=l2", "tracking.artifacts=light"
    )  # fmt: skip


def long_sweep(kills: int) -> tuple[str, ...]:
    seeds = f"seed=range({2 * kills})"
    return ("-m", "size=1k", "train.epochs=60", "reg=none,l2", seeds)


def killed(folder: Path, typed: tuple[str, ...], rng: random.Random, sign: str) -> bool:
    """Start a command and kill it, hard: at a random moment, or at one after it shows a sign.

    Whether it was still at work then.
    """
    process = start(folder, *typed)
    assert process.stdout is not None
    if rng.random() < 0.7:
        for line in process.stdout:
            if line.startswith(sign):
                break
        longest = 3.0
    else:
        longest = 8.0
    try:
        process.wait(timeout=rng.uniform(0.0, longest))
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("kills", KILLS)
def test_a_run_killed_again_and_again_ends_in_the_same_bits(kills: int, tmp_path: Path) -> None:
    run, (undisturbed, folder) = long_run(kills), two_folders(tmp_path)
    assert nnexp(undisturbed, *run).returncode == 0
    rng = random.Random(1)
    survived = sum(killed(folder, run, rng, "Epoch ") for _ in range(kills))
    done = nnexp(folder, *run)
    assert done.returncode == 0, done.stderr
    finished = [r for r in recorded(folder) if r.info.status == "FINISHED"]
    assert len(finished) == 1
    assert all(r.info.status != "RUNNING" for r in recorded(folder))
    for run_ in recorded(folder):
        if run_.info.status != "FINISHED":
            # Killed before its first checkpoint: it stays in the record, marked.
            assert run_.info.status == "KILLED"
            assert "gone" in run_.data.tags["nnexp.reason"]
    (reference,) = recorded(undisturbed)
    weights = [r.data.tags["nnexp.weights_sha256"] for r in (finished[0], reference)]
    assert weights[0] == weights[1]
    ours = histories(folder, finished[0].info.run_id)
    assert ours == histories(undisturbed, reference.info.run_id)
    assert not list((folder / ".nnexp").glob("*.checkpoint*"))
    values = sum(len(steps) for steps in ours.values())
    print(f"killed {survived} times at work: {values} values, none lost or doubled")


@pytest.mark.parametrize("kills", KILLS[1:])
def test_a_sweep_killed_again_and_again_ends_as_if_never_interrupted(
    kills: int, tmp_path: Path
) -> None:
    sweep, (reference, folder) = long_sweep(kills), two_folders(tmp_path)
    assert nnexp(reference, *sweep).returncode == 0
    rng = random.Random(2)
    survived = sum(killed(folder, sweep, rng, "sweep of ") for _ in range(kills))
    done = nnexp(folder, *sweep)
    assert done.returncode == 0, done.stderr
    assert by_setting(folder) == by_setting(reference)
    parents = recorded(folder, "sweep")
    assert [p.info.status for p in parents] == ["FINISHED"]
    assert not list((folder / ".nnexp").glob("sweep-*/"))
    print(f"killed {survived} times at work: {len(by_setting(folder))} runs, none lost or doubled")


def two_folders(parent: Path) -> tuple[Path, Path]:
    found = parent / "undisturbed", parent / "disturbed"
    for folder in found:
        folder.mkdir()
    return found


EPOCHS = 1500
LONG = (
    "-m", "size=1k", "model.hidden=[100]", "monitor.every=20", "tracking.artifacts=light",
    f"train.epochs={EPOCHS}", "seed=0,1", "sweep.workers=2",
)  # fmt: skip
"""Two runs that take several seconds each, side by side."""


@pytest.fixture(scope="module")
def long_bits(tmp_path_factory: pytest.TempPathFactory) -> object:
    """What the long sweep records when nobody disturbs it."""
    folder = tmp_path_factory.mktemp("long")
    assert nnexp(folder, *LONG).returncode == 0
    return by_setting(folder)


def gone_on(said: str) -> dict[str, int]:
    """After which epoch runs have gone on, by seed, as the screen says."""
    found = re.findall(
        r"^\[\d/2\] .*\b(seed\d)\b.*: going on after epoch (\d+)$", said, re.MULTILINE
    )
    return {seed: int(epoch) for seed, epoch in found}


def until_checkpoints(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 100
    while len(list((folder / ".nnexp").glob("*.checkpoint.older"))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_killed_sweep_goes_on_inside_its_unfinished_runs(
    tmp_path: Path, long_bits: object
) -> None:
    process = start(tmp_path, *LONG)
    until_checkpoints(tmp_path, 2)
    process.kill()
    process.communicate()
    assert {run.info.status for run in recorded(tmp_path)} <= {"RUNNING"}
    kept = {path.name for path in (tmp_path / ".nnexp").glob("*.checkpoint")}
    assert len(kept) == 2
    done = nnexp(tmp_path, *LONG)
    assert done.returncode == 0, done.stderr
    epochs = gone_on(done.stdout)
    assert set(epochs) == {"seed0", "seed1"}
    assert all(0 < epoch < EPOCHS for epoch in epochs.values())
    assert by_setting(tmp_path) == long_bits
    assert [run.info.status for run in recorded(tmp_path)] == ["FINISHED", "FINISHED"]
    assert not list((tmp_path / ".nnexp").glob("*.checkpoint*"))
    for run in recorded(tmp_path):
        values = client(tmp_path).get_metric_history(run.info.run_id, "train/cost")
        stamps = [m.timestamp for m in sorted(values, key=lambda m: m.step)]
        assert stamps == sorted(stamps)
        # It began when it was first begun, and ended after the process that was killed.
        assert run.info.start_time <= stamps[0]
        assert stamps[-1] <= run.info.end_time


@pytest.mark.slow
def test_a_sweep_that_is_not_to_resume_begins_its_runs_anew(
    tmp_path: Path, long_bits: object
) -> None:
    process = start(tmp_path, *LONG)
    until_checkpoints(tmp_path, 2)
    process.kill()
    process.communicate()
    done = nnexp(tmp_path, *LONG, "tracking.resume=false")
    assert done.returncode == 0, done.stderr
    assert gone_on(done.stdout) == {}
    assert by_setting(tmp_path) == long_bits
    assert not list((tmp_path / ".nnexp").glob("*.checkpoint*"))


@pytest.mark.slow
def test_a_damaged_checkpoint_of_a_sweep_starts_its_run_afresh(
    tmp_path: Path, long_bits: object
) -> None:
    process = start(tmp_path, *LONG)
    until_checkpoints(tmp_path, 2)
    process.kill()
    process.communicate()
    first, second = sorted((tmp_path / ".nnexp").glob("*.checkpoint"))
    for path in (first, first.with_name(first.name + ".older"), second):
        path.write_bytes(path.read_bytes()[:-1])
    done = nnexp(tmp_path, *LONG)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("no other is left: starting afresh") == 1
    assert done.stdout.count("the one before it is whole") == 1
    assert len(gone_on(done.stdout)) == 1
    assert by_setting(tmp_path) == long_bits


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_a_second_of_its_run(
    tmp_path: Path, long_bits: object
) -> None:
    process = start(tmp_path, *LONG)
    until_checkpoints(tmp_path, 2)
    workers = helpers_of(process.pid)
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert said.count("worker process died (killed by signal 9); tried once more") == 1
    (epoch,) = gone_on(said).values()
    assert 0 < epoch < EPOCHS
    assert by_setting(tmp_path) == long_bits
    assert not list((tmp_path / ".nnexp").glob("*.checkpoint*"))


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_a_stopped_sweep_says_so_and_goes_on(tmp_path: Path, number: int, code: int) -> None:
    typed = ("-m", "size=1k", "train.epochs=200", "seed=range(4)")
    process = start(tmp_path, *typed)
    until(process, "sweep of 4 runs")
    time.sleep(2.0)
    os.kill(process.pid, number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "Traceback" not in said
    (parent,) = recorded(tmp_path, "sweep")
    assert parent.info.status == "KILLED"
    assert f"python -m nnexp sweeps --go-on {parent.info.run_id[:8]}" in said
    assert all(r.info.status == "FINISHED" for r in recorded(tmp_path))


@pytest.mark.slow
def test_a_stopped_run_that_goes_on_has_every_value_once(tmp_path: Path) -> None:
    """Also those that were sent after the last checkpoint."""
    typed = ("size=1k", "train.epochs=3000", "tracking.artifacts=light")
    process = start(tmp_path, "-q", *typed)  # Nobody reads what it says.
    until_checkpoints(tmp_path, 1)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    (run,) = recorded(tmp_path)
    sent = len(histories(tmp_path, run.info.run_id)["train/cost"])
    done = nnexp(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    (epoch,) = re.findall(r"^going on after epoch (\d+)$", done.stdout, re.MULTILINE)
    assert int(epoch) + 1 < sent
    ((_, metrics),) = by_setting(tmp_path).values()
    for name in ("train/cost", "validation/accuracy"):
        assert [step for step, _ in metrics[name]] == list(range(3001))


def test_a_killed_run_leaves_no_process_behind(tmp_path: Path) -> None:
    """Not even the one that is to draw its figures."""
    process = start(tmp_path, "size=1k", "train.epochs=100000")
    until(process, "Epoch 3 ")
    helpers = helpers_of(process.pid)
    assert helpers
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in helpers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in helpers if Path(f"/proc/{pid}").exists()]


def test_a_run_outlives_the_process_that_draws_its_figures(tmp_path: Path) -> None:
    process = start(tmp_path, "size=1k", "train.epochs=200")
    until(process, "Epoch 3 ")
    for pid in helpers_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    (run,) = recorded(tmp_path)
    assert run.info.status == "FINISHED"
    names = {entry.path for entry in client(tmp_path).list_artifacts(run.info.run_id)}
    # It may have died for want of memory, which this run should not do too.
    assert {"config.yaml", "curves.csv", "weights.npz", "missing.txt"} <= names
    assert "figures" not in names
    assert "the process that draws them died" in said
