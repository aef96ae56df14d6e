"""Damaged checkpoints, two processes at once, a clock set back, a record that is gone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from pathlib import Path

import pytest

from nnexp.runner.run_claims import claims
from tests.inside import inside
from tests.record.stored import restore
from tests.runner.typed import (
    by_setting,
    client,
    environment,
    histories,
    nnexp,
    recorded,
    start,
    until,
)


def until_file(folder: Path, pattern: str) -> None:
    """Wait until there is a file of this name."""
    deadline = time.monotonic() + 60
    while not list(folder.glob(pattern)):
        assert time.monotonic() < deadline, pattern
        time.sleep(0.05)


@pytest.mark.slow
def test_a_checkpoint_with_one_bit_flipped_is_refused_for_the_one_before(tmp_path: Path) -> None:
    # Epochs of 50,000 images take long enough for two checkpoints before the kill.
    typed = ("train.epochs=150", "tracking.artifacts=light")
    process = start(tmp_path, *typed)
    until_file(tmp_path / ".nnexp", "*.older")
    process.kill()
    process.communicate()
    (path,) = (tmp_path / ".nnexp").glob("*.checkpoint")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    done = nnexp(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    assert "is damaged" in done.stdout
    assert "the one before it is whole" in done.stdout
    assert "going on after epoch" in done.stdout


@pytest.mark.slow
def test_two_processes_asked_for_one_run_train_it_once(tmp_path: Path) -> None:
    typed = ("size=1k", "train.epochs=60", "tracking.artifacts=light")
    both = [start(tmp_path, *typed) for _ in range(2)]
    said = [process.communicate(timeout=240)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("nothing was trained" in text for text in said) == 1
    assert len(by_setting(tmp_path)) == 1


JUMPY = """
import time
real, begun = time.time, time.monotonic()
# Every second the clock is set back by an hour.
time.time = lambda: real() - 3600.0 * int(time.monotonic() - begun)
"""


@pytest.mark.slow
def test_a_clock_that_is_set_back_disturbs_nothing(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(JUMPY)
    typed = ("size=1k", "train.epochs=60", "tracking.artifacts=light")
    path = os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]])
    done = nnexp(tmp_path, *typed, env={"PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    ((_, metrics),) = by_setting(tmp_path).values()
    assert [step for step, _ in metrics["train/cost"]] == list(range(61))
    (run,) = recorded(tmp_path)
    values = client(tmp_path).get_metric_history(run.info.run_id, "train/cost")
    stamps = [m.timestamp for m in sorted(values, key=lambda m: m.step)]
    assert stamps == sorted(stamps)
    assert run.info.start_time <= stamps[0]
    assert stamps[-1] <= run.info.end_time
    assert "nothing was trained" in nnexp(tmp_path, *typed).stdout


@pytest.mark.slow
def test_a_checkpoint_of_another_experiment_is_left_alone(tmp_path: Path) -> None:
    typed = ("train.epochs=100000", "size=1k", "tracking.artifacts=light")
    process = start(tmp_path, *typed)
    until(process, "Epoch 3 ")
    until_file(tmp_path / ".nnexp", "*.checkpoint")
    process.send_signal(signal.SIGTERM)
    process.communicate()
    other = start(tmp_path, *typed, "tracking.experiment=other")
    until(other, "Epoch 3 ")
    other.send_signal(signal.SIGTERM)
    other.communicate()
    again = start(tmp_path, *typed)
    said = until(again, "going on after epoch", "Epoch 0 ")
    again.send_signal(signal.SIGTERM)
    again.communicate()
    assert "going on after epoch" in said


@pytest.mark.slow
@pytest.mark.parametrize("how", ["deleted", "older"])
def test_a_run_that_the_store_no_longer_has_goes_on_in_a_new_one(how: str, tmp_path: Path) -> None:
    """Its checkpoint holds all of it; the database was deleted, or an older copy put back."""
    typed = ("train.epochs=800", "size=1k", "tracking.artifacts=light")
    database, copy = tmp_path / "mlflow.db", tmp_path / "copy.db"
    if how == "older":
        restore(tmp_path)
        nnexp(tmp_path, "size=100", "train.epochs=0", "tracking.artifacts=none")
        shutil.copy(database, copy)
    process = start(tmp_path, *typed)
    until(process, "Epoch 3 ")
    until_file(tmp_path / ".nnexp", "*.checkpoint")
    process.kill()
    process.communicate()
    database.unlink()
    if how == "older":
        shutil.copy(copy, database)
    done = nnexp(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    assert " no more: made again from its log\n" in done.stdout
    assert re.search(r"^going on after epoch \d+$", done.stdout, re.MULTILINE)
    (run,) = [r for r in recorded(tmp_path) if r.data.params.get("train.epochs") == "800"]
    assert run.info.status == "FINISHED"
    costs = histories(tmp_path, run.info.run_id)["train/cost"]
    assert [step for step, _ in costs] == list(range(801))


QUICK = ("data.n_validation=100", "tracking.artifacts=light", "size=100")


def test_what_another_sweep_is_training_is_waited_for_and_trained_once(tmp_path: Path) -> None:
    typed = (*QUICK, "train.epochs=2")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder, seed in ((elsewhere, 2), (tmp_path, 3)):
        assert inside(folder, *typed, f"seed={seed}").returncode == 0
    (run,) = recorded(elsewhere)
    (known,) = recorded(tmp_path)
    # This process is at work on seed 2, as another sweep would be.
    with claims(tmp_path / ".nnexp", known.info.experiment_id) as ours:
        assert ours.take(run.data.tags["nnexp.fingerprint"])
        process = start(tmp_path, "-m", *typed, "seed=1,2,3")
        said = until(process, "being trained by another sweep")
        assert "1 run is being trained by another sweep: waiting" in said
        assert inside(tmp_path, *typed, "seed=2").returncode == 0
        assert process.poll() is None
    said += process.communicate(timeout=240)[0]
    assert process.returncode == 0, said
    assert len(by_setting(tmp_path)) == 3
    assert said.count("reused: ") == 2


@pytest.mark.slow
def test_an_experiment_that_is_deleted_in_mid_sweep_is_said_to_be(tmp_path: Path) -> None:
    typed = ("-m", *QUICK, "train.epochs=500", "sweep.workers=1", "seed=range(3)")
    process = start(tmp_path, *typed, "tracking.experiment=doomed")
    said = until(process, "[1/3]")
    store = client(tmp_path)
    number = store.get_experiment_by_name("doomed").experiment_id
    store.delete_experiment(number)
    said += process.communicate(timeout=240)[0]
    assert process.returncode == 1, said
    assert "the tracking store refuses what is recorded (" in said
    assert "'active' state" in said
    assert "python -m nnexp doctor" in said
    assert "does not answer" not in said
    store.restore_experiment(number)
    mended = nnexp(tmp_path, "doctor")
    assert mended.returncode == 0, mended.stdout
    assert mended.stdout.count("refused before, recorded as") >= 2
    assert len(by_setting(tmp_path)) == 3
